"""Changes of `prompts/` as diffs that a person applies; what a playbook does not bear is none."""

import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tay_middleware.errors import ConfigurationError
from tay_middleware.playbook import load_playbook
from tay_middleware.playbook.patch import changed, patch


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
        if self.directory is None:
            return ""
        try:
            found = patch(
                self.directory / file, path, value, f"{self.directory.resolve().name}/{file}"
            )
            self._check(file, path, value)
        except ConfigurationError:
            return ""
        return found

    def _check(self, file: str, path: Sequence[str], value: float | str) -> None:
        assert self.directory is not None  # noqa: S101 - looked at above
        with tempfile.TemporaryDirectory(prefix="tay-review-") as place:
            copy = Path(place) / "prompts"
            shutil.copytree(self.directory, copy)
            new = changed(copy / file, path, value)
            (copy / file).write_bytes(new.encode())
            load_playbook(copy)
