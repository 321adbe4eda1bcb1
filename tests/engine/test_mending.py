"""Servers that start on a bad edit in `prompts/`: a chat in a process, and what waits for it."""

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path

from tay_middleware.engine.standing import Mending, sound_playbook
from tay_middleware.playbook import load_playbook
from tay_middleware.settings import Settings
from tests.edits import mend, spoil
from tests.engine.scenes import NEED
from tests.servers import wait_until

ANSWER = "Start with one honest hour."

CHAT = """
import json
import sys
from langchain_core.prompts import ChatPromptTemplate
from tay_middleware import EscalationStep
from tay_middleware.langchain import ScriptedChatModel

model = ScriptedChatModel(reply=lambda question: "Start with one honest hour.")
chain = ChatPromptTemplate.from_messages([("human", "{question}")]) | EscalationStep(bound=model)
print("up", flush=True)
for line in sys.stdin:
    user, _, question = line.strip().partition(" ")
    said = chain.invoke({"question": question}, {"configurable": {"user_id": user}})
    print(json.dumps(said.text), flush=True)
"""
"""A chat server as far as a restart is concerned: one question a line, one reply a line."""


class Chat:
    """It, in a process of its own."""

    def __init__(self, home: Path, prompts: Path) -> None:
        home.mkdir(exist_ok=True)
        self._log = home / "chat.log"
        with self._log.open("a") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-c", CHAT],
                env={
                    **os.environ,
                    "TAY_HOME": str(home),
                    "TAY_PROMPTS_DIR": str(prompts),
                    "TAY_GRACE_SECONDS": "5",
                    "TAY_RECALL_TIMEOUT_SECONDS": "5",
                },
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        assert self._line() == "up\n", self.log()

    def mentions(self, user: str) -> bool:
        """Whether the reply to a need has an addition; that it is the model's, in any case."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{user} {NEED}\n")
        self._process.stdin.flush()
        said = json.loads(self._line())
        assert said.startswith(ANSWER)
        return bool(said != ANSWER)

    def log(self) -> str:
        return self._log.read_text()

    def end(self) -> None:
        self._process.communicate(timeout=30)

    def _line(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline()


def test_a_chat_server_that_restarts_after_a_typing_error_is_up_and_mentions(
    prompts: Path, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    before = Chat(home, prompts)
    assert before.mentions("ada")
    before.end()
    spoil(prompts)
    after = Chat(home, prompts)
    assert after.mentions("bea")
    assert "policy.yaml:3: " in after.log()
    after.end()
    elsewhere = Chat(tmp_path / "another machine", prompts)
    assert not elsewhere.mentions("ada")
    mend(prompts)
    users = iter(range(1000))
    wait_until(lambda: elsewhere.mentions(f"user-{next(users)}"), "the mended files", 60)
    elsewhere.end()


def test_a_server_waits_for_the_files_to_be_good_and_remembers_them(edited: Settings) -> None:
    prompts = edited.prompts_dir
    assert prompts is not None
    spoil(prompts)
    mending = Mending(edited)

    async def scene() -> str:
        waiting = asyncio.create_task(mending.mended(0.01))
        await asyncio.sleep(0.1)
        with (prompts / "policy.yaml").open("a") as policy:
            policy.write("another: [\n")
        await asyncio.sleep(0.1)
        assert not waiting.done()
        mend(prompts)
        async with asyncio.timeout(60):
            return (await waiting).version

    version = asyncio.run(scene())
    assert version == load_playbook(prompts).version
    spoil(prompts)
    assert sound_playbook(edited).playbook.version == version
