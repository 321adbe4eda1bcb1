import pytest

from tay_middleware.decide import Detector
from tay_middleware.playbook import Playbook


@pytest.fixture(scope="session")
def detector(playbook: Playbook) -> Detector:
    """The keyword stage of the playbook that ships; it is immutable."""
    return Detector(playbook)
