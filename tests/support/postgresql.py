"""A PostgreSQL server for tests: on a socket in a folder of its own, gone when the tests are."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from uuid import uuid4

import asyncpg
from sqlalchemy.engine import URL

from callcenter.setup.apt import POSTGRESQL

_START_SECONDS = 20.0
_POLL_SECONDS = 0.02
_HASTE = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "listen_addresses=")
EMPTY = "template1"
"""The database that every fresh one is a copy of, unless another is named."""


class PostgreSQL:
    """One server, which can be stopped or frozen for a while."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        newest = max(POSTGRESQL.iterdir(), key=lambda version: float(version.name))
        self._programs = newest / "bin"
        self._process: subprocess.Popen[bytes] | None = None

    def make(self) -> None:
        """Make the files of a server without databases of ours."""
        self._run("initdb", "-D", "data", "-U", "callcenter", "-A", "trust", "-N", "-E", "UTF8")

    def start(self) -> None:
        """Start it; returns when it takes connections."""
        program = str(self._programs / "postgres")
        options = [f"-c{option}" for option in _HASTE]
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [*self._as_nobody(), program, "-D", "data", "-k", str(self._folder), *options],
                cwd=self._folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        deadline = time.monotonic() + _START_SECONDS
        while not self._ready():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise TimeoutError((self._folder / "log").read_text(encoding="utf-8"))
            time.sleep(_POLL_SECONDS)

    def stop(self) -> None:
        """End it, connections and all; what was committed is kept."""
        if self._process is not None:
            self._process.send_signal(signal.SIGINT)  # PostgreSQL's fast shutdown
            self._process.wait(_START_SECONDS)
            self._process = None

    @contextmanager
    def stopped(self) -> Iterator[None]:
        """Nobody is there meanwhile."""
        self.stop()
        try:
            yield
        finally:
            self.start()

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """It answers nobody meanwhile, as behind a broken network."""
        processes = self._processes()
        for process in processes:
            os.kill(process, signal.SIGSTOP)
        try:
            yield
        finally:
            for process in processes:
                os.kill(process, signal.SIGCONT)

    def address(self, database: str) -> URL:
        """Where a database is."""
        return URL.create(
            "postgresql+asyncpg",
            username="callcenter",
            database=database,
            query={"host": str(self._folder)},
        )

    @asynccontextmanager
    async def fresh(self, template: str = EMPTY) -> AsyncIterator[str]:
        """The name of a new database, a copy of another one; gone afterwards."""
        name = f"orders_{uuid4().hex}"
        await self.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        try:
            yield name
        finally:
            await self.execute(f"DROP DATABASE {name} WITH (FORCE)")

    async def execute(self, statement: str) -> None:
        """Run a statement that concerns the whole server."""
        connection = await asyncpg.connect(
            host=str(self._folder), user="callcenter", database="postgres"
        )
        try:
            await connection.execute(statement)
        finally:
            await connection.close()

    def _ready(self) -> bool:
        """Whether its file says so: PostgreSQL writes its state into the last line."""
        try:
            return (self._folder / "data" / "postmaster.pid").read_text().endswith("ready   \n")
        except FileNotFoundError:
            return False

    def _processes(self) -> list[int]:
        """The server and its children, the server first."""
        assert self._process is not None
        first = self._process.pid
        children = Path(f"/proc/{first}/task/{first}/children").read_text(encoding="ascii")
        return [first, *map(int, children.split())]

    def _run(self, program: str, *arguments: str) -> None:
        subprocess.run(
            [*self._as_nobody(), self._programs / program, *arguments],
            cwd=self._folder,
            check=True,
            capture_output=True,
        )

    def _as_nobody(self) -> list[str]:
        """PostgreSQL refuses root, and must not outlive tests that are killed."""
        words = ["setpriv", "--pdeathsig", "SIGKILL"]
        if os.geteuid() == 0:
            words += ["--reuid=postgres", "--regid=postgres", "--clear-groups"]
        return words


@contextmanager
def running_postgresql() -> Iterator[PostgreSQL]:
    """A server of our own, started."""
    folder = Path(tempfile.mkdtemp(prefix="pg-", dir="/tmp"))  # a socket's path must be short
    try:
        if os.geteuid() == 0:
            owner = pwd.getpwnam("postgres")
            os.chown(folder, owner.pw_uid, owner.pw_gid)
        server = PostgreSQL(folder)
        server.make()
        try:
            server.start()
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder)
