"""Whatever a check is told to overlook has its reason on the same line; so has a skipped test."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FOLDERS = ("tay_middleware", "tests", "benchmarks", "examples", "packages")

OVERLOOKS = re.compile(r"#\s*(?:ruff:\s*)?(?:noqa|type:\s*ignore|pragma:\s*no)\b")
WITH_REASON = re.compile(
    r"#\s*(?:"
    r"(?:ruff:\s*)?noqa:\s*[A-Z]+\d+(?:,\s*[A-Z]+\d+)*\s+-\s+\S.*"
    r"|type:\s*ignore\[[a-z-]+(?:,\s*[a-z-]+)*\]\s+#\s+\S.*"
    r"|pragma:\s*no\s\w+\s+-\s+\S.*"
    r")$"
)
SKIPS = re.compile(r"\b(?:skip|xfail|skipif|importorskip)\b(?=\(|\s*$)")
SKIPS_WITH_REASON = re.compile(
    r"(?:"
    r"(?<!mark\.)(?:skip|xfail|importorskip)\((?:\w+|f?\"\w[^\"]{7,}\".*)\)"
    r"|(?<=mark\.)(?:skip|xfail|skipif)\(.*\breason=\"\w[^\"]{7,}\".*\)"
    r")$"
)


def lines() -> Iterator[tuple[str, str]]:
    for folder in FOLDERS:
        for path in sorted((ROOT / folder).rglob("*.py")):
            if path != Path(__file__):
                text = path.read_text(encoding="utf-8")
                for number, line in enumerate(text.splitlines(), 1):
                    yield f"{path.relative_to(ROOT)}:{number}", line


def test_whatever_a_check_overlooks_has_a_reason_beside_it() -> None:
    found = {where: line[at.start() :] for where, line in lines() if (at := OVERLOOKS.search(line))}
    assert len(found) > 100
    assert [where for where, said in found.items() if not WITH_REASON.match(said)] == []


def test_whatever_is_skipped_says_why() -> None:
    found = {where: line for where, line in lines() if SKIPS.search(line)}
    assert len(found) >= 5
    assert [where for where, line in found.items() if not says_why(line)] == []


def says_why(line: str) -> bool:
    return SKIPS_WITH_REASON.search(line) is not None


@pytest.mark.parametrize(
    "line",
    [
        "@pytest.mark.skip",
        "@pytest.mark.skip()",
        "@pytest.mark.xfail(strict=True)",
        "@pytest.mark.skipif(IS_OLD)",
        '@pytest.mark.skipif(IS_OLD, reason="")',
        "pytest.skip()",
        'pytest.skip("")',
    ],
)
def test_a_skip_without_a_reason_is_seen(line: str) -> None:
    assert SKIPS.search(line)
    assert not says_why(line)


@pytest.mark.parametrize(
    "line",
    [
        "x = 1  # noqa",
        "x = 1  # noqa: E501",
        "f(x)  # type: ignore[arg-type]",
        "# pragma: no cover",
    ],
)
def test_a_bare_directive_is_seen(line: str) -> None:
    found = OVERLOOKS.search(line)
    assert found is not None
    assert not WITH_REASON.match(line[found.start() :])
