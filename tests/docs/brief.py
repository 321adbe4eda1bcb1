"""Writes docs/brief-coverage.md: each line of the brief, the command that answers it, its answer.

The answers are of a simulated month. Run it as `make brief` after a change of these commands.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "brief-coverage.md"
USERS, UNTIL, WEEK, MONTH, QUARTER = 1000, "2026-11-23", "2026-W47", "2026-11", "2026-Q4"
TAY = Path(sys.executable).with_name("tay")


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the brief; `shows` picks lines of the answer, `most` is how many at most."""

    line: str
    command: str
    shows: str
    most: int = 3


METRICS = f"tay metrics {MONTH} --as-of {UNTIL}"
REVIEW = f"tay review --week {WEEK} --as-of {UNTIL}"
STATS = "GET /api/v1/admin/logs/escalations/stats?period_days=30"

ROWS: dict[str, tuple[Row, ...]] = {
    "Admin dashboard": (
        Row(
            "List all escalations", "GET /api/v1/admin/logs/escalations?limit=20", r'"question"', 1
        ),
        Row(
            "Filter by offer",
            "GET /api/v1/admin/logs/escalations?offer=mentorship&limit=1",
            r'"offer"',
            1,
        ),
        Row(
            "Show only converted",
            "GET /api/v1/admin/logs/escalations?converted_only=true&limit=1",
            r'"converted"',
            1,
        ),
        Row("Total escalations", STATS, r'"total_escalations"', 1),
        Row("By offer", STATS, r'"by_offer"', 4),
        Row("Conversion rate (%)", STATS, r'"conversion_rate"', 1),
        Row("By reason", STATS, r'"by_reason"', 5),
        Row("Recent escalations", STATS, r'"recent_escalations"', 1),
    ),
    "Key metrics to track": (
        Row("Escalation rate, 10-15%", METRICS, "Escalation rate", 4),
        Row("Conversion rate, 5-10%", METRICS, "Conversion rate", 1),
        Row("Offer performance: mentorship highest", f"{METRICS} --by offer", "mentorship", 5),
        Row("Template performance", f"{METRICS} --by template", "Conversion rate|standard.any", 6),
        Row("User tier performance: premium higher", f"{METRICS} --by tier", "premium|tier:", 6),
    ),
    "Optimization strategies": (
        Row(
            "A/B test templates A, B and C",
            "tay experiments show mentorship-openings",
            r"keep|ship|no diff|draft|^ ?[ABC]\b",
            5,
        ),
        Row(
            "Too many escalations: raise the threshold",
            f"tay tune --target-rate 8% --until {UNTIL}",
            r"move|keep|refused|threshold|\d\.\d",
            4,
        ),
        Row(
            "Too few conversions: lower it, or improve templates",
            f"tay tune --until {UNTIL}",
            r"move|keep|refused|threshold|\d\.\d",
            4,
        ),
        Row("Wrong offers: refine selection", METRICS, "Offer judged right|Judged right", 2),
        Row("Personalize by tier", REVIEW, r"wording made for|Does wording|better", 4),
        Row(
            "Context: repeated topic, first-time, returning users",
            f"{METRICS} --by strength",
            "strength:",
            6,
        ),
    ),
    "Weekly review: Monday": (
        Row("Check escalation stats", STATS.replace("30", "7"), r'"total_escalations"', 1),
        Row("Is conversion in its range?", REVIEW, "lead to a sale in", 2),
        Row("Which offers convert best?", REVIEW, r"^(mentorship|course|masterclass) +[\d.]+ %", 3),
        Row("Which templates convert best?", REVIEW, r"^\w+\.\w+\.\w+\.\w+ +[\d.]+ %", 4),
        Row(
            "What types of questions escalate?",
            REVIEW,
            r"^(technique|strategic|personalized|pricing)",
            4,
        ),
        Row("What offers are mentioned most?", f"{METRICS} --by offer", "Mentions|offer:", 3),
        Row("Average time to conversion", METRICS, "from a mention to its sale|sales", 2),
    ),
    "Weekly review: Tuesday to Thursday": (
        Row(
            "Create variations, A/B test, measure",
            "tay experiments plan --baseline 5% --lift 50%",
            "users|against",
            3,
        ),
        Row(
            "Adjust thresholds",
            f"tay tune --target-rate 8% --until {UNTIL}",
            "threshold|move|keep",
            3,
        ),
        Row(
            "Add and remove indicators",
            f"tay playbook diff changed --replay --until {UNTIL}",
            r"flip|no longer|decision|question",
            4,
        ),
        Row("Improve offer selection", METRICS, "Offer judged right", 1),
        Row("Add tier-based logic", REVIEW, r"wording made for|Does wording", 3),
        Row("Improve timing", METRICS, "cooldown|Held back", 3),
    ),
    "Weekly review: Friday": (
        Row("Total escalations", REVIEW, "Tay mentioned an offer in", 1),
        Row("Conversions and revenue impact", REVIEW, "credited to mentions", 1),
        Row("Plan next week: test, optimize, track", REVIEW, r"^\d\. ", 5),
        Row(
            "What we expect of it", f"tay review --quarter 2026-Q4 --as-of {UNTIL}", "four times", 2
        ),
    ),
    "Example workflow": (
        Row(
            "Week 1: track all escalations, baseline",
            METRICS,
            "Questions|Mentions|Conversion rate",
            3,
        ),
        Row("Week 2: test 3 mentorship templates", "tay experiments", "mentorship-openings", 1),
        Row("Week 2: keep the highest converting", REVIEW, "mentorship-openings", 2),
        Row(
            "Week 3: adjust thresholds based on data",
            f"tay tune --until {UNTIL}",
            "threshold|keep|move",
            3,
        ),
        Row("Week 4: tier-based escalation", f"{METRICS} --by tier", "tier:", 6),
        Row("Ongoing: weekly review", REVIEW, "Review of", 1),
        Row(
            "Ongoing: monthly optimization",
            f"tay review --month {MONTH} --as-of {UNTIL}",
            "Review of|questions;",
            2,
        ),
        Row(
            "Ongoing: quarterly strategy",
            f"tay review --quarter {QUARTER} --as-of {UNTIL}",
            "Review of|questions;",
            2,
        ),
    ),
    "Success metrics": (
        Row("Escalation revenue", METRICS, "Revenue", 1),
        Row("Conversion value", METRICS, "Average value", 1),
        Row("ROI", METRICS, "ROI|Cost", 2),
        Row("What mentions really add", "tay experiments show holdout", "brought|ship|keep", 3),
        Row("User satisfaction", METRICS, "Called helpful|Bad reactions|Asked to stop", 3),
        Row("Engagement: do users continue?", METRICS, "Goes on talking", 3),
        Row("Retention: do they stay longer?", METRICS, "Returns", 4),
        Row("Escalation accuracy", METRICS, "Offer judged right", 1),
        Row("Template performance", f"{METRICS} --by template", "standard.any", 4),
        Row("Detection quality", METRICS, "Judged right|Detection rate", 2),
    ),
}


def answer(command: str, environment: dict[str, str]) -> str:
    """What a command says on stdout.

    Raises:
        RuntimeError: it fails; a refusal of `tay tune` is no answer either.
    """
    run = subprocess.run(
        [str(TAY), *command.split()[1:]],
        env={**os.environ, **environment, "COLUMNS": "110", "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        check=False,
        cwd=environment["TAY_HOME"],
        timeout=300,
    )
    if run.returncode:
        raise RuntimeError(f"{command}: {run.returncode}: {run.stdout[:200]} {run.stderr}")
    return run.stdout


def picked(words: str, row: Row) -> list[str]:
    """The lines of an answer that a row shows."""
    found = [line.rstrip() for line in words.splitlines() if re.search(row.shows, line.strip())]
    return found[: row.most]


def document(answers: dict[str, str]) -> Iterator[str]:
    """The page."""
    yield "# The brief, line by line"
    yield ""
    yield (
        "Each metric, strategy, weekly step and success metric of the client's guide: the command "
        "or endpoint that answers it, and its answer on a simulated month (1,000 people who do not "
        "exist). Made by `make brief`; a test holds it against the commands."
    )
    for heading, rows in ROWS.items():
        yield from ("", f"## {heading}", "", "| the brief | asked by | answers |", "|---|---|---|")
        for row in rows:
            lines = "<br>".join(
                f"`{line.strip().replace('|', '/')}`" for line in picked(answers[row.command], row)
            )
            yield f"| {row.line} | `{row.command}` | {lines} |"


def simulated(home: Path, users: int) -> dict[str, str]:
    """Make a month; the environment in which commands look at it."""
    options = ["--home", str(home), "--users", str(users), "--until", UNTIL]
    subprocess.run([str(TAY), "simulate", *options], check=True, stdout=subprocess.DEVNULL)
    changed = home / "changed"
    shutil.copytree(home / "prompts", changed)
    policy = changed / "policy.yaml"
    said, lines = re.subn(r"(?m)^(    threshold: )[0-9.]+", r"\g<1>0.4", policy.read_text())
    if not lines:
        raise RuntimeError("policy.yaml has no threshold that can be changed")
    policy.write_text(said)
    return {
        "TAY_HOME": str(home),
        "TAY_PROMPTS_DIR": str(home / "prompts"),
        "TAY_RUNNING_COST_USD_PER_MONTH": "90",
    }


def main() -> None:
    """Simulate, ask everything, write the page."""
    from tests.docs.asked import served  # noqa: PLC0415 - starts a server

    with tempfile.TemporaryDirectory(prefix="tay-brief-") as place:
        environment = simulated(Path(place) / "home", USERS)
        commands = {row.command for rows in ROWS.values() for row in rows}
        answers = {one: answer(one, environment) for one in commands if one.startswith("tay ")}
        answers |= served([one for one in commands if one.startswith("GET ")], environment)
        DOCUMENT.write_text("\n".join(document(answers)) + "\n", encoding="utf-8")
    missing = [
        row.line for rows in ROWS.values() for row in rows if not picked(answers[row.command], row)
    ]
    print(
        f"{DOCUMENT.name}: {sum(map(len, ROWS.values()))} lines of the brief, "
        f"{len(missing)} missing"
    )
    if missing:
        sys.exit("no answer: " + "; ".join(missing))


if __name__ == "__main__":
    main()
