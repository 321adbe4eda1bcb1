"""Files in `prompts/` that look like a part of the playbook, and that nobody would read."""

from collections.abc import Iterator
from difflib import get_close_matches
from pathlib import Path

from tay_middleware.errors import Problem

KNOWN = (
    "offers.yaml",
    "indicators.yaml",
    "gates.yaml",
    "topics.yaml",
    "policy.yaml",
    "voice.yaml",
    "experiments.yaml",
)
"""What is read beside `classifier.md` and `templates/*.yaml`."""

WORDINGS = "templates"


def _renamed(path: Path, place: Path) -> Iterator[Problem]:
    """A file that an editor gave a second ending; beside one with the right name it is a copy."""
    if not path.with_suffix("").exists():
        mend = f"call it {path.stem}"
        yield Problem(place.as_posix(), "", f"nobody reads this file: {mend}")


def strays(directory: Path) -> Iterator[Problem]:
    """Each YAML file that is none of ours; texts, backups and hidden files may lie there."""
    for path in sorted((*directory.iterdir(), *(directory / WORDINGS).rglob("*"))):
        place = path.relative_to(directory)
        hidden = any(part.startswith(".") for part in place.parts)
        if not hidden and path.name.lower().endswith(".yaml.txt") and path.is_file():
            yield from _renamed(path, place)
        if hidden or path.suffix.lower() not in {".yaml", ".yml"} or not path.is_file():
            continue
        if place.parts[0] == WORDINGS:
            if len(place.parts) > 2 or path.suffix != ".yaml":
                mend = f"call it {WORDINGS}/{path.stem}.yaml, or take it out"
                yield Problem(place.as_posix(), "", f"nobody reads this file: {mend}")
        elif path.name not in KNOWN:
            close = get_close_matches(path.name, KNOWN, n=1)
            mend = f"did you mean {close[0]!r}?" if close else "take it out"
            yield Problem(path.name, "", f"nobody reads this file: {mend}")
