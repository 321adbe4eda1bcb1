"""Every error that this package raises on purpose.

    TayError
    ├── ConfigurationError      a setting or an argument is wrong; fix it and start again
    │   ├── PlaybookError       `prompts/` does not validate; carries every problem found
    │   └── ScorerError         the built-in scorer's file cannot be read
    ├── InputError              what was handed over cannot be read, or is not where it should be
    ├── SignatureError          a delivery was not signed by the one it says it is from
    ├── PayloadError            a delivery says something that cannot be understood
    └── StorageError            history or log could not be read or written
        ├── StorageUnavailable  may pass by itself: locked, refused, timed out
        ├── SchemaMismatch      the database needs `tay db upgrade`, or is newer than the code
        │   └── SchemaTooNew    it is newer, and this version of the package must not write it
        ├── RowRefused          a value that the database will never take
        └── CallRefused         a call that Redis will never run

None of them ever leaves a running chat because of *our* work: the engine fails open, at its start
too where files of the business are wrong. They reach a caller only while something is being built
(settings, arguments), from a command, or because the input of the step itself is unusable.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar


class TayError(Exception):
    """The root; `is_retryable` says whether the same call may succeed later unchanged."""

    is_retryable: ClassVar[bool] = False


class ConfigurationError(TayError):
    """A setting or an argument is wrong."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong in `prompts/`: where it is, what is wrong, and the mend.

    `line` counts from 1 and is `None` where a problem has no line (a missing file, say).
    """

    file: str
    field: str
    message: str
    line: int | None = None

    def __str__(self) -> str:
        where = self.file if self.line is None else f"{self.file}:{self.line}"
        return (
            f"{where}: {self.field}: {self.message}" if self.field else f"{where}: {self.message}"
        )


class PlaybookError(ConfigurationError):
    """The playbook does not validate. `problems` holds all of them, in file order."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        count = len(self.problems)
        head = f"the playbook has {count} problem{'s' if count != 1 else ''}:"
        super().__init__("\n".join([head, *(f"  {problem}" for problem in self.problems)]))


class ScorerError(ConfigurationError):
    """The file of the built-in scorer is missing, damaged, or of another version."""


class InputError(TayError, ValueError):
    """What was handed over (a question, a period, a file …) cannot be read, or is not there."""


class SignatureError(TayError):
    """A delivery was not signed by the one it says it is from, or is too old or of the future."""


class PayloadError(TayError):
    """A delivery, or a line of a file of purchases, says something that cannot be understood."""


class StorageError(TayError):
    """History or log could not be read or written."""


class StorageUnavailable(StorageError):
    """The store does not answer now: locked, refused, full or too slow."""

    is_retryable: ClassVar[bool] = True


class SchemaMismatch(StorageError):
    """The database's schema is not the one this version of the package needs."""


class SchemaTooNew(SchemaMismatch):
    """A later version of the package made the database, and this one must not write it."""


class RowRefused(StorageError):
    """The database will never take one of these rows, for what is in it."""


class CallRefused(StorageError):
    """Redis will never run this call, for what is in it or in the keys that it names."""
