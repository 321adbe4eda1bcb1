import pytest

from tay_middleware.decide import Detector
from tay_middleware.decide.combine import Combiner
from tay_middleware.decide.offers import Catalogue
from tay_middleware.playbook import Playbook


@pytest.fixture(scope="session")
def detector(playbook: Playbook) -> Detector:
    """The keyword stage of the playbook that ships; it is immutable."""
    return Detector(playbook)


@pytest.fixture
def combine(playbook: Playbook) -> Combiner:
    return Combiner(0.1, Catalogue(playbook.offers, playbook.indicators.groups))
