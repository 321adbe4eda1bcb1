"""URLs as hosts of PostgreSQL hand them out, and poolers that share sessions out."""

import ssl
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import ProgrammingError

from tay_middleware.errors import ConfigurationError, StorageUnavailable
from tay_middleware.storage import Database
from tay_middleware.storage.connection.failures import translated
from tay_middleware.storage.connection.location import read_url
from tay_middleware.storage.connection.server_url import server_options
from tests.databases import play

HOST = "postgresql://u:hush@h/d"


def options_of(query: str) -> dict[str, Any]:
    return server_options(read_url(f"{HOST}?{query}"))[1]


@pytest.mark.parametrize(
    ("query", "options"),
    [
        ("sslmode=require&channel_binding=require", {"ssl": "require"}),
        ("ssl=verify-full", {"ssl": "verify-full"}),
        (
            "sslmode=verify-ca&sslrootcert=/a+b.pem",
            {"ssl": "verify-ca", "dsn": "postgresql://?sslrootcert=%2Fa+b.pem"},
        ),
        ("connect_timeout=10", {"timeout": 10.0}),
        ("connect_timeout=0", {"timeout": None}),
        ("target_session_attrs=read-write", {"target_session_attrs": "read-write"}),
        (
            "application_name=tay&options=-c%20search_path%3Da",
            {"server_settings": {"application_name": "tay", "options": "-c search_path=a"}},
        ),
        ("statement_cache_size=50", {"statement_cache_size": 50}),
    ],
)
def test_words_of_libpq_become_those_of_the_driver(query: str, options: dict[str, Any]) -> None:
    assert options_of(query) == options


@pytest.mark.parametrize(
    "query", ["statement_cache_size=0", "prepared_statement_cache_size=0", "pgbouncer=true"]
)
def test_behind_a_pooler_no_statement_has_a_name(query: str) -> None:
    options = options_of(query)
    name = options.pop("prepared_statement_name_func")
    assert (name(), options) == (
        "",
        {"statement_cache_size": 0, "prepared_statement_cache_size": 0},
    )


def test_the_certificates_of_the_machine_are_a_context() -> None:
    found = options_of("sslmode=verify-full&sslrootcert=system")
    assert isinstance(found["ssl"], ssl.SSLContext)
    assert found["ssl"].verify_mode is ssl.CERT_REQUIRED


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("schema=secret", "schema"),
        ("sslmode=secret", "sslmode"),
        ("statement_cache_size=secret", "statement_cache_size"),
        ("connect_timeout=nan", "connect_timeout"),
        ("pgbouncer=secret", "pgbouncer"),
        ("target_session_attrs=secret", "target_session_attrs"),
        ("sslrootcert=system&sslcert=secret", "sslcert"),
    ],
)
def test_what_the_driver_cannot_do_is_refused_by_its_name(query: str, name: str) -> None:
    with pytest.raises(ConfigurationError, match=name) as caught:
        read_url(f"{HOST}?{query}")
    assert "secret" not in str(caught.value)
    assert "hush" not in str(caught.value)


def asked(url: str, sql: str) -> Any:
    def ask(connection: Connection) -> Any:
        return connection.execute(text(sql)).scalar()

    async def scene(database: Database) -> Any:
        return await database.read(ask)

    return play(url, scene)


def test_a_server_takes_them(postgres_url: str) -> None:
    more = (
        "&sslmode=disable&connect_timeout=9&application_name=mentor&channel_binding=prefer"
        "&options=-c%20statement_timeout%3D7000&target_session_attrs=read-write"
    )
    assert asked(postgres_url + more, "SHOW application_name") == "mentor"
    assert asked(postgres_url + more, "SHOW statement_timeout") == "7s"


def test_a_server_keeps_no_statement_for_a_pooler(postgres_url: str) -> None:
    counted = "SELECT count(*) FROM pg_prepared_statements WHERE name <> ''"
    assert asked(postgres_url, counted) > 0
    assert asked(f"{postgres_url}&pgbouncer=true", counted) == 0


@pytest.mark.parametrize("state", ["26000", "42P05"])
def test_a_statement_of_another_session_is_tried_again_and_says_the_mend(state: str) -> None:
    lost = ProgrammingError("SELECT 1", {}, Exception())
    lost.orig = SimpleNamespace(sqlstate=state, __cause__=None)  # type: ignore[assignment]  # what a driver raises, in short
    with pytest.raises(StorageUnavailable, match="statement_cache_size=0"), translated("asking"):
        raise lost


def test_certificates_that_are_not_there_are_no_fault_of_a_row(postgres_url: str) -> None:
    url = f"{postgres_url}&sslmode=verify-full&sslrootcert=/nowhere.pem"
    with pytest.raises(StorageUnavailable, match="No such file"):
        asked(url, "SELECT 1")


@pytest.mark.parametrize("place", ["::1:5432", "h:port"])
def test_a_url_that_cannot_be_read_is_told_of_and_not_shown(place: str) -> None:
    with pytest.raises(ConfigurationError, match="IPv6 address in brackets") as refused:
        read_url(f"postgresql+asyncpg://u:hush@{place}/d")
    assert "hush" not in str(refused.value)
