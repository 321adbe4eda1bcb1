"""The worker of the inbox as a process of its own, for production beside `tay drain`."""

import asyncio
import logging
import signal

from tay_middleware.engine.standing import LOOK_SECONDS, Sound, sound_playbook
from tay_middleware.payments.inbox import Counts, InboxWorker
from tay_middleware.payments.terms import terms_of
from tay_middleware.settings import Settings
from tay_middleware.storage import Database, upgrade
from tay_middleware.storage.versions import check_current

_log = logging.getLogger("tay_middleware.payments")


def run_inbox(settings: Settings, *, once: bool) -> Counts:
    """Work until SIGTERM or SIGINT, or, with `once`, until nothing is due.

    Raises:
        ConfigurationError: settings are wrong, or the playbook is and no good one is known here.
        SchemaMismatch: the database needs `tay db upgrade`.
        StorageError: with `once`: the database does not answer.
    """
    return asyncio.run(_run(settings, once=once))


async def _run(settings: Settings, *, once: bool, look_seconds: float = LOOK_SECONDS) -> Counts:
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
            following = asyncio.create_task(follow(settings, worker, sound, look_seconds))
            following.add_done_callback(_say_why)
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
    sound: Sound,
    look_seconds: float,
) -> None:
    """Let a worker go by the playbook once it is mended, where it was wrong at the start."""
    if sound.mending is None:
        return
    playbook = await sound.mending.mended(look_seconds)
    if playbook.version != sound.playbook.version:
        worker.go_by(terms_of(settings, playbook))
        _log.warning("tay webhooks work goes by version %s of the playbook now", playbook.version)


def _say_why(task: "asyncio.Task[None]") -> None:
    """Say why nobody looks at the files any more, if an error is the reason."""
    if not task.cancelled() and (error := task.exception()) is not None:
        _log.error(
            "tay webhooks work goes by the playbook of its start until it is started again",
            exc_info=error,
        )
