"""Puts the app together: routers of the API, and the dashboard as an app of its own beside them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from importlib.metadata import version

from fastapi import FastAPI

from tay_middleware.analytics import measures
from tay_middleware.engine.standing import LOOK_SECONDS, Sound, sound_playbook
from tay_middleware.errors import StorageError
from tay_middleware.payments.inbox import InboxWorker
from tay_middleware.payments.terms import Terms, terms_of
from tay_middleware.playbook import Playbook
from tay_middleware.settings import Settings
from tay_middleware.storage import Database, upgrade
from tay_middleware.storage.outbox.refusals import refusals_of
from tay_middleware.storage.versions import check_current
from tay_middleware.web import (
    escalations,
    experiments,
    feedback,
    health,
    links,
    metrics,
    mounting,
    people,
    purchases,
    webhooks,
)
from tay_middleware.web.bounds import Bounds
from tay_middleware.web.context import Context
from tay_middleware.web.following import follow
from tay_middleware.web.intake import Intake
from tay_middleware.web.keeping import keep_sheets, sheet_rounds
from tay_middleware.web.on_disk import FOLLOWING
from tay_middleware.web.pausing import guard_rounds, keep_guard
from tay_middleware.web.problems import MEDIA_TYPE, Problem, answer_with_problems, responses
from tay_middleware.web.rates import Rates

ROUTERS = (
    *(webhooks.router, links.router, escalations.router),
    *(purchases.router, experiments.router, metrics.router, people.router),
    *(feedback.router, health.router),
)
"""Everything that is served, but for the dashboard; see `mounting`."""


def make_app(
    settings: Settings, *, works: bool = True, look_seconds: float = LOOK_SECONDS
) -> FastAPI:
    """The app that the settings describe; it opens its database when it starts.

    Args:
        settings: the operator's knobs.
        works: whether this process handles the inbox too.
        look_seconds: between two looks at a playbook that was wrong at the start.

    Raises:
        ConfigurationError: settings are wrong, or the playbook is and no good one is known here.
    """
    _terms_now(settings)
    webhooks.senders(settings)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            sound, terms = await asyncio.to_thread(_terms_now, settings)
            context = await stack.enter_async_context(
                _running(settings, sound.playbook, terms, works=works)
            )
            app.state.context = context
            await stack.enter_async_context(dashboard.running(context))
            if sound.mending is not None:
                following = follow(app, dashboard, sound.mending, _begin_by_playbook, look_seconds)
                context.beside.begin(FOLLOWING, following)
            yield

    app = FastAPI(
        title="Tay",
        version=version("tay-middleware"),
        summary="From a mention to a sale.",
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        responses=responses(),
    )
    for router in ROUTERS:
        app.include_router(router)
    dashboard = mounting.mount(app)
    answer_with_problems(app)
    app.add_middleware(Bounds, policies=dashboard.policies)
    _describe_problems(app)
    return app


def _terms_now(settings: Settings) -> tuple[Sound, Terms]:
    """What a server goes by that starts now; an app may start again after an edit.

    Raises:
        ConfigurationError: as `make_app`.
    """
    sound = sound_playbook(settings)
    return sound, terms_of(settings, sound.playbook)


@asynccontextmanager
async def _running(
    settings: Settings, playbook: Playbook, terms: Terms, *, works: bool
) -> AsyncIterator[Context]:
    database = Database(settings.resolved_database_url)
    if database.is_file:
        await asyncio.to_thread(upgrade, database.url)
    await database.read(check_current)
    refusals = refusals_of(settings, database)
    worker = InboxWorker(database, terms) if works else None
    context = Context(
        settings=settings,
        playbook=playbook,
        database=database,
        refusals=refusals,
        terms=terms,
        worker=worker,
        intake=Intake(database),
        rates=Rates(),
        secret=settings.user_key_bytes(),
    )
    working = _begin(context)
    try:
        yield context
    finally:
        if worker is not None:
            worker.stop()
            await asyncio.gather(*working, return_exceptions=True)
        await context.beside.aclose()
        with suppress(StorageError):  # it has stood in the log
            await context.turned_away.keep(database)
        await refusals.aclose()
        await database.aclose()


def _begin(here: Context) -> "list[asyncio.Task[None]]":
    """Begin what works beside the requests; the worker of the inbox, which ends its batch first."""
    _begin_by_playbook(here)
    beside, turned_away = here.beside, here.turned_away
    beside.begin(turned_away.rounds.name, turned_away.go(here.database), turned_away.rounds)
    return [] if here.worker is None else [beside.begin(health.INBOX, here.worker.run())]


def _begin_by_playbook(here: Context) -> None:
    """Begin what works by the playbook of a context, in place of what worked by another one."""
    database, playbook, settings = here.database, here.playbook, here.settings
    guarding, sheets, beside = guard_rounds(), sheet_rounds(), here.beside
    terms = measures.terms_of(settings, playbook)
    beside.begin(
        guarding.name,
        keep_guard(database, playbook, settings, here.new_id, rounds=guarding),
        guarding,
    )
    beside.begin(sheets.name, keep_sheets(database, terms, rounds=sheets), sheets)


def _describe_problems(app: FastAPI) -> None:
    """Let the OpenAPI document say what errors look like: always problems, never FastAPI's own."""
    plain = app.openapi

    def described() -> dict[str, object]:
        if app.openapi_schema is not None:
            return app.openapi_schema
        document = plain()
        schemas = document.setdefault("components", {}).setdefault("schemas", {})
        schemas["Problem"] = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
        for name, schema in schemas["Problem"].pop("$defs", {}).items():
            schemas[name] = schema
        for operations in document["paths"].values():
            for operation in operations.values():
                answers = operation["responses"]
                if MEDIA_TYPE not in answers.get("422", {}).get("content", {MEDIA_TYPE: None}):
                    del answers["422"]
        for name in ("HTTPValidationError", "ValidationError"):
            schemas.pop(name, None)
        return document

    app.openapi = described  # type: ignore[method-assign]  # FastAPI's own way to change it
