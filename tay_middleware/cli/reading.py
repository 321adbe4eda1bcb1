"""The playbook that a command goes by which reads the log.

A bad edit of `prompts/` hides no figure: such a command goes by the playbook that chats go by, the
last good one, and where none is known here it leaves out what hangs on one. Either is said in one
line on stderr. Commands about the playbook itself (`check`, `diff`, `decide`) refuse a wrong one.
"""

import typer

from tay_middleware.engine.standing import Standing, place_of, playbook_standing, said
from tay_middleware.errors import ConfigurationError, PlaybookError
from tay_middleware.playbook import Playbook
from tay_middleware.settings import Settings


def reading_by(settings: Settings, left_out: str) -> Standing:
    """The playbook to read by, and on stderr what is wrong with the one on disk.

    Args:
        settings: where it is.
        left_out: what is missing where no good one is known, as a clause: `no test is told of`.
    """
    standing = playbook_standing(settings)
    _warn(settings, standing, left_out)
    return standing


def read_by(settings: Settings, for_what: str) -> Playbook:
    """As `reading_by`, for a command that can say nothing without one.

    Args:
        settings: where it is.
        for_what: what is said by the playbook, as a clause: `which tests there are`.

    Raises:
        ConfigurationError: the one on disk is wrong, and no good one is known here.
    """
    standing = playbook_standing(settings)
    if standing.playbook is None:
        raise ConfigurationError(
            f"the playbook says {for_what}, and no good one of {place_of(settings)} is known in "
            f"{settings.home.absolute()}. {said(standing.fault)}"
        )
    _warn(settings, standing)
    return standing.playbook


def _warn(settings: Settings, standing: Standing, left_out: str = "") -> None:
    if standing.fault is None:
        return
    if standing.playbook is not None:
        so = f": this goes by the last good one, version {standing.playbook.version}"
    else:
        so = f", and no good one is known in {settings.home.absolute()}: {left_out}"
    wrong = f"the playbook in {place_of(settings)} is wrong ({_briefly(standing.fault)})"
    typer.echo(f"tay: {wrong}{so}", err=True)


def _briefly(fault: Exception | None) -> str:
    """The first problem with its mend, in one line, and how many more there are."""
    if not isinstance(fault, PlaybookError):
        return " ".join(said(fault).split())
    first, more = " ".join(str(fault.problems[0]).split()), len(fault.problems) - 1
    return f"{first}; {more} more: tay playbook check" if more else first
