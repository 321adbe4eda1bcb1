"""Who follows a link: people, whose click is kept if it can be, and programs, whose is not."""

import asyncio
import logging
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest

from tay_middleware.errors import StorageUnavailable
from tay_middleware.web.links import follow, is_click

PEOPLE = [
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) Mobile/21A329 Twitter for iPhone/10.20",
    "Mozilla/5.0 (Linux; Android 13; CUBOT X70) AppleWebKit/537.36 Chrome/120 Mobile Safari/537.36",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) Mobile/15E148 [LinkedInApp]/9.29",
    "Mozilla/5.0 (Linux; Android 14; Pixel) Chrome/120 Mobile Safari/537.36 Telegram-Android/11.3",
    "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 discord/1.0.9 Chrome/120 Electron/28",
]
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


def test_a_click_that_cannot_be_kept_still_leads_to_the_offer(
    caplog: pytest.LogCaptureFixture,
) -> None:
    here: Any = SimpleNamespace(
        rates=Unlimited(),
        database=FullDisk(),
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
    with caplog.at_level(logging.WARNING):
        answer = asyncio.run(follow(request, here, "A" * 22))
    assert answer.headers["location"].startswith("https://tay.example/m?utm_source=tay")
    assert "is not kept" in caplog.text
