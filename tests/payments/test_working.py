"""The worker of the inbox as a process of its own, after a bad edit of the playbook."""

import asyncio
from pathlib import Path
from shutil import copytree

from tay_middleware.engine.in_force import Mending
from tay_middleware.payments.inbox import InboxWorker
from tay_middleware.payments.terms import Terms, terms_of
from tay_middleware.payments.working import follow
from tay_middleware.playbook import load_playbook, shipped
from tay_middleware.settings import Settings
from tay_middleware.storage import Database


def test_it_credits_by_a_mended_catalogue_without_a_restart(tmp_path: Path) -> None:
    prompts = copytree(shipped(), tmp_path / "prompts")
    settings = Settings(home=tmp_path, prompts_dir=prompts)
    offers, good = prompts / "offers.yaml", (shipped() / "offers.yaml").read_bytes()
    before = terms_of(settings, load_playbook(prompts))
    offers.write_text("course: [")

    async def scene() -> Terms:
        worker = InboxWorker(Database(settings.resolved_database_url), before)
        following = asyncio.create_task(follow(settings, worker, Mending(settings), 0.01))
        await asyncio.sleep(0)
        assert worker._terms is before
        offers.write_bytes(good + b"\n# mended\n")
        async with asyncio.timeout(60):
            await following
        await follow(settings, worker, None)
        return worker._terms

    after = asyncio.run(scene())
    assert after is not before
    assert after.rules == before.rules
