"""The worker of the inbox as a process of its own, for production beside `tay drain`."""

import asyncio
import signal

from tay_middleware.engine.in_force import LOOK_SECONDS, Mending, sound_playbook
from tay_middleware.payments.inbox import Counts, InboxWorker
from tay_middleware.payments.terms import terms_of
from tay_middleware.settings import Settings
from tay_middleware.storage import Database, upgrade
from tay_middleware.storage.versions import check_current


def run_inbox(settings: Settings, *, once: bool) -> Counts:
    """Work until SIGTERM or SIGINT, or, with `once`, until nothing is due.

    Raises:
        ConfigurationError: settings are wrong, or the playbook is and no good one is known here.
        SchemaMismatch: the database needs `tay db upgrade`.
        StorageError: with `once`: the database does not answer.
    """
    return asyncio.run(_run(settings, once=once))


async def _run(settings: Settings, *, once: bool) -> Counts:
    database = Database(settings.resolved_database_url)
    sound = sound_playbook(settings)
    worker = InboxWorker(database, terms_of(settings, sound.playbook))
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, worker.stop)
    try:
        if database.is_file:
            await asyncio.to_thread(upgrade, database.url)
        await database.read(check_current)
        if once:
            await worker.tell_of_other_mode()
            await worker.work_off()
            await worker.upkeep()
        else:
            following = asyncio.create_task(follow(settings, worker, sound.mending))
            try:
                await worker.run()
            finally:
                following.cancel()
                await asyncio.wait([following])
    finally:
        await database.aclose()
    return worker.counts


async def follow(
    settings: Settings,
    worker: InboxWorker,
    mending: Mending | None,
    look_seconds: float = LOOK_SECONDS,
) -> None:
    """Let a worker go by the playbook once it is mended, where it was wrong at the start."""
    if mending is not None:
        worker.go_by(terms_of(settings, await mending.mended(look_seconds)))
