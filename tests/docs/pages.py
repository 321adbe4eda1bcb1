"""The pages, and what stands in them: blocks, code in lines, tables, anchors."""

import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = sorted(
    [
        *ROOT.glob("*.md"),
        *(ROOT / "docs").rglob("*.md"),
        ROOT / "prompts" / "README.md",
        ROOT / "examples" / "README.md",
    ]
)
TOLD = [path for path in DOCUMENTS if path.name != "CHANGELOG.md" and path.parent.name != "adr"]
"""The pages that say how things are; the others say how they came to be."""

BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)
ANY_BLOCK = re.compile(r"^```\w*\n(.*?)^```", re.MULTILINE | re.DOTALL)
LINES_OF_THE_LOG = ("tay failed open", "tay keeps decisions", "tay goes on")
"""What begins like a command and is something that the app says."""

CODE = re.compile(r"`([^`\n]+)`")
CALL = re.compile(r"[\d* ]*(?:[A-Z_]+=\S+ )*(?:\S*/)?(tay [a-z].*)")
"""A call of `tay`, behind the times of cron, settings and a path."""

HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)


def blocks(language: str) -> list[tuple[str, str]]:
    """The blocks of a language, each under a name of its own."""
    return [
        (f"{path.name}-{number}", code)
        for path in DOCUMENTS
        for number, (kind, code) in enumerate(BLOCK.findall(path.read_text()))
        if kind == language
    ]


def named(path: Path) -> str:
    """A page as its readers call it."""
    return str(path.relative_to(ROOT))


def in_lines(path: Path) -> list[str]:
    """All that stands as code within the prose of a page."""
    return CODE.findall(ANY_BLOCK.sub("", path.read_text()))


def spoken(path: Path) -> Iterator[str]:
    """Each call of `tay` on a page, from `tay` to the end of the command."""
    for code in in_lines(path):
        if code.startswith("tay ") and not code.startswith(LINES_OF_THE_LOG):
            yield code
    for block in ANY_BLOCK.findall(path.read_text()):
        for line in block.splitlines():
            command = re.split(r"\s#", line)[0]
            for part in re.split(r"[|;&]+", command):
                if found := CALL.match(part):
                    yield found[1]


def table(page: str, heading: str) -> list[list[str]]:
    """The rows of all tables under a heading, as cells without their marks."""
    text = (ROOT / page).read_text()
    part = re.split(r"^#+ ", text.partition(f"# {heading}\n")[2], maxsplit=1, flags=re.MULTILINE)[0]
    rows = [
        [cell.strip() for cell in line[1:-1].split("|")]
        for line in part.splitlines()
        if line.startswith("| ")
    ]
    return rows[1:]


def anchors(path: Path) -> set[str]:
    """What a link may name behind `#`, as GitHub makes it of headings."""
    found = HEADING.findall(path.read_text())
    return {re.sub(r"[^\w\- ]", "", one.lower()).replace(" ", "-") for one in found}
