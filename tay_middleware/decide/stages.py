"""Which stages there are: what the settings ask for, as far as it is installed.

What is slow to make and never changes, the phrase tables of a playbook and the built-in scorer, is
made once a process and shared.
"""

from functools import cache, lru_cache
from pathlib import Path

from tay_middleware.decide.beside import EncoderBeside
from tay_middleware.decide.cascade import Asks, Cascade, Until
from tay_middleware.decide.detect import Detector
from tay_middleware.decide.encoder import is_installed, open_encoder
from tay_middleware.decide.model import Model, read_model
from tay_middleware.decide.spelling import known_words
from tay_middleware.playbook import Playbook
from tay_middleware.settings import Settings

KEPT = 2
"""Playbooks whose phrase tables are kept, at some 13 MB each."""


def make_cascade(playbook: Playbook, settings: Settings, until: Until = Until.LLM) -> Cascade:
    """The stages up to `until`; nothing is opened yet but the built-in scorer's files.

    Raises:
        ScorerError: the scorer's file cannot be read.
        ConfigurationError: the classifier's settings do not fit.
    """
    learned = playbook.policy.cascade.learned and settings.scorer == "auto"
    if not learned or until is Until.KEYWORDS:
        return Cascade(playbook, detector=_detector(playbook))
    known_words()  # read here, because a question is read on an event loop
    return Cascade(
        playbook,
        detector=_detector(playbook),
        model=read_model(settings.scorer_file) if settings.scorer_file else _built_in(),
        encoder=_encoder(settings.encoder, settings.encoder_dir)
        if until.reaches(Until.ENCODER)
        else None,
        classifier=_classifier(playbook, settings) if until.reaches(Until.LLM) else None,
    )


@lru_cache(KEPT)
def _detector(playbook: Playbook) -> Detector:
    return Detector(playbook)


@cache
def _built_in() -> Model:
    return read_model()


def _encoder(wanted: str, directory: Path | None) -> EncoderBeside | None:
    if wanted == "off" or (directory is None and not is_installed()):
        return None
    return EncoderBeside(lambda: open_encoder(directory))


def _classifier(playbook: Playbook, settings: Settings) -> Asks | None:
    if settings.classifier_model is None:
        return None
    from tay_middleware.decide.classify import Classifier  # noqa: PLC0415 - openai is heavy

    return Classifier.from_settings(settings, playbook)
