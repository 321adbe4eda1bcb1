"""What the URL of a cluster may say behind its nodes, and what is refused by its name."""

import asyncio
from typing import Any

import pytest

from tay_middleware.errors import ConfigurationError
from tay_middleware.storage.outbox.link import close_client, make_client


def options_of(url: str) -> dict[str, Any]:
    async def scene() -> dict[str, Any]:
        client = make_client(url, patience_seconds=1)
        found: dict[str, Any] = client.connection_kwargs
        await close_client(client)
        return found

    return asyncio.run(scene())


def test_a_cluster_takes_a_ca_of_ones_own_and_other_options() -> None:
    options = options_of(
        "rediss+cluster://u:p@h:1,i:2?ssl_ca_certs=/ca.pem&ssl_check_hostname=no"
        "&health_check_interval=30"
    )
    assert options["ssl_ca_certs"] == "/ca.pem"
    assert options["ssl_check_hostname"] is False
    assert options["health_check_interval"] == 30


@pytest.mark.parametrize(
    ("rest", "said"),
    [
        ("?ssl_ca_cert=secret", "ssl_ca_cert"),
        ("?socket_timeout=9", "socket_timeout"),
        ("?health_check_interval=secret", "health_check_interval"),
        ("?ssl_min_version=secret", "ssl_min_version"),
        ("/3", "database numbers"),
    ],
)
def test_what_a_cluster_cannot_do_is_refused_by_its_name(rest: str, said: str) -> None:
    with pytest.raises(ConfigurationError, match=said) as caught:
        options_of(f"rediss+cluster://u:hush@h:1{rest}")
    assert "secret" not in str(caught.value)
    assert "hush" not in str(caught.value)


def test_certificates_without_tls_are_refused() -> None:
    with pytest.raises(ConfigurationError, match="rediss"):
        options_of("redis+cluster://h:1?ssl_ca_certs=/ca.pem")
