"""A `tay serve` of its own, as an operator runs it, and what is done to it over HTTP."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx

from tay_middleware.engine import Escalator, Reply
from tay_middleware.settings import Settings, load_settings
from tests.commands import Run, tay_with
from tests.payments.deliveries import STRIPE_SECRET, body_of, signed
from tests.servers import free_port, wait_until

TAY = Path(sys.executable).with_name("tay")
LIST = "/api/v1/admin/logs/escalations"
STANDARD_SECRET = "whsec_c2VjcmV0IG9mIHRoZSB0ZXN0cw=="  # noqa: S105 - of tests
SHOPIFY_SECRET = "shop of the tests"  # noqa: S105 - of tests
BROWSER = {"user-agent": "Mozilla/5.0 (X11; Linux x86_64) Firefox/130.0"}

NEED = "Can you review my pricing structure and tell me what's wrong?"
WISH = "I want to buy the mentorship, how do I sign up?"


class Site:
    """A server with its settings; `url` is where it is."""

    def __init__(self, home: Path, database_url: str | None = None, **settings: str) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.home = home
        self.settings = {
            "TAY_HOME": str(home),
            "TAY_PUBLIC_URL": self.url,
            "TAY_USER_KEY_SECRET": "a secret of the tests, long enough",
            "TAY_WEBHOOK_SECRETS__STRIPE": f"whsec_the_older_of_two, {STRIPE_SECRET}",
            "TAY_WEBHOOK_SECRETS__STANDARD": STANDARD_SECRET,
            "TAY_WEBHOOK_SECRETS__SHOPIFY": SHOPIFY_SECRET,
            **({"TAY_DATABASE_URL": database_url} if database_url else {}),
            **settings,
        }
        self.process: subprocess.Popen[bytes] | None = None
        self.client = httpx.Client(base_url=self.url, timeout=30)

    def start(self, *options: str) -> "Site":
        log = (self.home.parent / "serve.log").open("ab")
        self.process = subprocess.Popen(
            [str(TAY), "serve", "--port", str(self.port), *options],
            env={**os.environ, **self.settings},
            stdout=log,
            stderr=log,
        )
        log.close()
        wait_until(self._answers, "tay serve does not start", 60)
        return self

    def _answers(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, self.log()
        try:
            return self.client.get("/healthz").status_code == 200
        except httpx.TransportError:
            return False

    def stop(self) -> None:
        self.client.close()
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(30)

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def log(self) -> str:
        return (self.home.parent / "serve.log").read_text()

    def tay(self, *arguments: str) -> Run:
        """A command of an operator beside the server."""
        return tay_with(self.settings, *arguments)

    def refused(self, *options: str) -> subprocess.CompletedProcess[str]:
        """How `tay serve` ends that may not start: in a process, for one that may would not end."""
        return subprocess.run(
            [str(TAY), "serve", "--port", str(self.port), *options],
            env={**os.environ, **self.settings},
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )

    def token(self, *scopes: str) -> dict[str, str]:
        """The header of a new token."""
        options = [part for scope in scopes for part in ("--scope", scope)]
        made = self.tay("tokens", "create", *options)
        assert made.returncode == 0, made.stderr
        return {"authorization": f"Bearer {made.stdout.strip()}"}

    def loaded(self) -> Settings:
        return load_settings(
            home=self.home,
            database_url=self.settings.get("TAY_DATABASE_URL"),
            user_key_secret=self.settings["TAY_USER_KEY_SECRET"],
            public_url=self.url,
            encoder="off",
            grace_seconds=10,
            recall_timeout_seconds=10,
            redis_url=self.settings.get("TAY_REDIS_URL"),
            redis_timeout_seconds=5,
        )

    def ask(self, question: str, user: str, tier: str = "premium") -> str:
        """Ask as a user would through the step; what was added to the reply."""
        engine = Escalator.from_settings(self.loaded())
        assert engine.flush(30)  # what is paused has been read
        turn = engine.turn(question=question, user_id=user, session_id="s1", tier=tier)
        reply = Reply("Start with one honest hour, and divide what is left by it.")
        added = engine.begin(turn).settle(reply).addition
        assert engine.flush(30)
        engine.close()
        assert added is not None
        return added

    def deliver(self, payload: dict[str, Any], path: str = "/webhooks/payment") -> httpx.Response:
        body = body_of(payload)
        return self.client.post(path, content=body, headers=signed(body))

    def settled(self) -> None:
        """Wait until nothing is left in the inbox."""
        wait_until(lambda: self.client.get("/readyz").json()["waiting"] == 0, "inbox", 60)

    def get(self, path: str, token: dict[str, str], **params: Any) -> Any:
        answer = self.client.get(path, headers=token, params=params)
        assert answer.status_code == 200, answer.text
        return json.loads(answer.text)
