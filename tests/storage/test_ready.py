"""The servers of tests are there when they say so."""

from tests.servers import Valkey, wait_until


def test_servers_of_tests_say_when_they_are_ready(own_valkey: Valkey) -> None:
    wait_until(own_valkey.answers, "it does not answer", 1)
