"""Changes of `prompts/` as diffs that a person applies; what a playbook does not bear is none."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tay_middleware.errors import ConfigurationError
from tay_middleware.playbook.patch import Change, diff_of, tried


@dataclass(frozen=True, slots=True)
class Prompts:
    """The directory of a playbook; `None` is the one of the package, which nobody edits."""

    directory: Path | None

    def diff(self, file: str, path: Sequence[str], value: float | str) -> str:
        """The diff that sets one value; empty where it cannot be set, or the playbook then fails.

        Args:
            file: its name, `policy.yaml` say.
            path: the keys that lead to the value.
            value: a number, or anything as YAML writes it.
        """
        return self.diff_of([Change(file, path, value)])

    def diff_of(self, changes: Sequence[Change]) -> str:
        """The diff that makes all changes; empty where one cannot be made: half would mislead."""
        if self.directory is None:
            return ""
        try:
            with tried(self.directory, changes) as copy:
                return "".join(
                    diff_of(self.directory / file, copy / file, f"{self._name}/{file}")
                    for file in dict.fromkeys(one.file for one in changes)
                )
        except ConfigurationError:
            return ""

    @property
    def _name(self) -> str:
        return self.directory.resolve().name if self.directory else ""
