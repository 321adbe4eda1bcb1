"""The commands of the guide, run from `docs/sales.md` as they stand, against a real `tay serve`.

Only the token and the id are filled in; a `.curlrc` leads `localhost:8000` to the server's port.
"""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.fixtures_servers import missing
from tests.web.stage import NEED, WISH, Site

PAGE = (Path(__file__).parents[2] / "docs" / "sales.md").read_text()
BLOCKS = re.findall(r"^```bash\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
CURLS = [block for block in BLOCKS if "curl " in block]
LIST, STATS = (
    next(one for one in CURLS if part in one) for part in ("escalations?limit=20", "stats?")
)
MARKS = [one for one in CURLS if "PATCH" in one]
GETS = [line for block in BLOCKS for line in block.splitlines() if line.startswith("GET ")]

Run = Callable[..., tuple[int, Any]]


@pytest.fixture(scope="module")
def run(site: Site, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Runs a command of the page; its status and its JSON."""
    if shutil.which("curl") is None:
        missing("curl is not installed", "PATH")
    home = tmp_path_factory.mktemp("curl")
    lines = (f'connect-to = "localhost:8000:127.0.0.1:{site.port}"', "silent")
    (home / ".curlrc").write_text("\n".join([*lines, r'write-out = "\n%{http_code}"']))

    def run_one(command: str, token: dict[str, str] | None, row: str = "") -> tuple[int, Any]:
        filled = re.sub(r"\{(escalation_)?id\}", row, command) if row else command
        if token is not None:
            word = token["authorization"].removeprefix("Bearer ")
            filled = filled.replace("YOUR_ADMIN_TOKEN", word)
        environment = {**os.environ, "CURL_HOME": str(home)}
        done = subprocess.run(
            ["bash", "-c", filled], env=environment, capture_output=True, text=True, check=True
        )
        body, _, status = done.stdout.rpartition("\n")
        return int(status), json.loads(body)

    return run_one


@pytest.fixture(scope="module")
def rows(site: Site, admin: dict[str, str], run: Run) -> list[str]:
    """Ids of two mentions, newest first."""
    site.ask(NEED, "ada")
    site.ask(WISH, "bea")
    status, listed = run(LIST, admin)
    assert status == 200
    assert listed["next_cursor"] is None
    return [item["id"] for item in listed["items"]]


def test_the_page_has_every_command_of_the_guide() -> None:
    assert (len(MARKS), len(CURLS), len(GETS)) == (2, 4, 5)


def test_the_commands_of_the_guide_work_as_they_stand(
    site: Site, admin: dict[str, str], run: Run, rows: list[str]
) -> None:
    for command, row in zip(MARKS, rows, strict=True):
        status, marked = run(command, admin, row)
        assert (status, marked["id"], marked["converted"]) == (200, row, True)
    status, figures = run(STATS, admin)
    assert (status, figures["period_days"]) == (200, 30)
    assert (figures["total_questions"], figures["total_escalations"]) == (2, 2)
    assert figures["by_offer"] == {"mentorship": 2}
    assert figures["by_reason"] == {"personalized_help": 1, "purchase_intent": 1}
    assert figures["conversion_rate"] == 100.0
    assert [item["id"] for item in figures["recent_escalations"]] == rows
    answers = {line: site.get(line.removeprefix("GET "), admin) for line in GETS}
    for line, answer in answers.items():
        if "stats" in line:
            assert answer["total_escalations"] == 2, line
        else:
            assert [item["id"] for item in answer["items"]] == rows, line


def test_without_a_token_with_the_wrong_one_and_with_a_bad_body_each_is_told_so(
    site: Site, admin: dict[str, str], run: Run, rows: list[str]
) -> None:
    for command in CURLS:
        status, problem = run(command, None, rows[0])
        assert (status, problem["detail"]) == (401, "a valid admin token is needed")
    status, problem = run(MARKS[0], site.token("read"), rows[0])
    assert (status, problem["detail"]) == (403, "this needs a token with the scope write")
    status, problem = run(LIST, site.token("feedback"))
    assert (status, problem["detail"]) == (403, "this needs a token with the scope read")
    for body, said in (
        ('"maybe"', "body.converted: Input should be a valid boolean"),
        ("tru", "body: no JSON, from character 14 on"),
    ):
        command = MARKS[1].replace("true", body)
        status, problem = run(command, admin, rows[0])
        assert (status, problem["detail"]) == (422, said)
    plain = MARKS[1].replace('  -H "Content-Type: application/json" \\\n', "")
    status, problem = run(plain, admin, rows[0])
    assert (status, "with Content-Type: application/json" in problem["detail"]) == (422, True)
