"""Who follows a link: people, whose click is kept if it can be, and programs, whose is not."""

import asyncio
import logging
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest
from starlette.exceptions import HTTPException

from tay_middleware.errors import StorageUnavailable
from tay_middleware.storage.sql import escalation_row, question_row
from tay_middleware.web.links import follow, follow_old, is_click
from tests.storage.records import a_record

PEOPLE = [
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) Mobile/21A329 Twitter for iPhone/10.20",
    "Mozilla/5.0 (Linux; Android 13; CUBOT X70) AppleWebKit/537.36 Chrome/120 Mobile Safari/537.36",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) Mobile/15E148 [LinkedInApp]/9.29",
    "Mozilla/5.0 (Linux; Android 14; Pixel) Chrome/120 Mobile Safari/537.36 Telegram-Android/11.3",
    "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 discord/1.0.9 Chrome/120 Electron/28",
]
TOKEN = "A" * 22
PROGRAMS = [
    "Twitterbot/1.0",
    "TelegramBot (like TwitterBot)",
    "LinkedInBot/1.0 (compatible; Mozilla/5.0; Apache-HttpClient +http://www.linkedin.com)",
    "Mozilla/5.0 (compatible; Discordbot/2.0; +https://discordapp.com)",
    "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)",
    "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)",
]


@pytest.mark.parametrize("agent", PEOPLE)
def test_browsers_inside_apps_and_all_telephones_are_people(agent: str) -> None:
    assert is_click("GET", agent, {})


@pytest.mark.parametrize("agent", PROGRAMS)
def test_previews_are_programs(agent: str) -> None:
    assert not is_click("GET", agent, {})


class FullDisk:
    """A database that is read and takes nothing."""

    async def read(self, *_args: Any) -> Any:
        return SimpleNamespace(id=UUID(int=1), user_key="ada", offer="mentorship")

    async def write(self, *_args: Any) -> Any:
        raise StorageUnavailable("the database does not answer")


class Unlimited:
    """As many clicks as anybody likes."""

    async def spend(self, *_args: Any) -> None:
        return


class Away:
    """A database that does not answer."""

    async def read(self, *_args: Any) -> Any:
        raise StorageUnavailable("the database does not answer")


class Empty:
    """A database that knows no mention: its event waits in a stream, or its row is gone."""

    async def read(self, *_args: Any) -> Any:
        return None


def clicked(database: Any, *path: str) -> Any:
    """The answer to a person who follows a link."""
    here: Any = SimpleNamespace(
        rates=Unlimited(),
        database=database,
        clock=lambda: None,
        playbook=SimpleNamespace(
            offers={"mentorship": SimpleNamespace(link="https://tay.example/m")}
        ),
    )
    request: Any = SimpleNamespace(
        method="GET",
        headers={"user-agent": PEOPLE[0]},
        client=SimpleNamespace(host="127.0.0.1"),
    )
    return asyncio.run((follow if len(path) > 1 else follow_old)(request, here, *path))


@pytest.mark.parametrize("path", [("mentorship", TOKEN), (TOKEN,)])
def test_a_click_that_cannot_be_kept_still_leads_to_the_offer(
    path: tuple[str, ...], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        answer = clicked(FullDisk(), *path)
    assert answer.headers["location"].startswith("https://tay.example/m?utm_source=tay")
    assert "is not kept" in caplog.text


@pytest.mark.parametrize("database", [Empty(), Away()])
def test_a_link_leads_to_the_offer_that_it_names_when_its_mention_is_not_in_sql(
    database: Any,
) -> None:
    answer = clicked(database, "mentorship", TOKEN)
    assert answer.status_code == 302
    assert answer.headers["location"] == (
        "https://tay.example/m?utm_source=tay&utm_medium=mentor&utm_campaign=mentorship"
        f"&client_reference_id={TOKEN}"
    )


@pytest.mark.parametrize("path", [("another", TOKEN), ("mentorship", "somebody"), (TOKEN,)])
def test_what_names_no_offer_of_the_catalogue_or_no_token_leads_nowhere(
    path: tuple[str, ...],
) -> None:
    with pytest.raises(HTTPException, match="404"):
        clicked(Empty(), *path)


@pytest.mark.parametrize("path", [f"/r/{TOKEN}", f"/r/mentorship/{TOKEN}"])
def test_the_log_finds_the_token_in_a_link_of_any_version(path: str) -> None:
    row = question_row(a_record()) | {"addition": f"Look: https://tay.example{path}."}
    assert escalation_row(row)["link_token"] == TOKEN
