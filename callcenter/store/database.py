"""Opens the order store's database: SQLite in the data folder, or PostgreSQL by its address.

While a database is away, its engine raises `sqlalchemy.exc.SQLAlchemyError` or `OSError`, and
within seconds: nothing waits for it longer than the times here.
"""

from __future__ import annotations

from pathlib import Path

import asyncpg
import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.engine import URL
from sqlalchemy.engine.interfaces import DBAPIConnection, ExceptionContext
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import AsyncAdaptedQueuePool, ConnectionPoolEntry, PoolProxiedConnection

CONNECT_SECONDS = 3.0
"""For a connection to PostgreSQL, and for one of the pool to be free."""
COMMAND_SECONDS = 10.0
"""For one command there, locks included."""
_IDLE_SECONDS = 30
"""After which PostgreSQL ends a transaction of a client that has vanished."""
_NO_ANSWER = "PostgreSQL does not answer in time"
_DRIVER_ERRORS = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)


def is_sqlite(url: URL) -> bool:
    """Whether the address is that of a SQLite file."""
    return url.get_backend_name() == "sqlite"


def open_engine(url: URL, *, read_only: bool) -> AsyncEngine:
    """The database behind an address; it is not asked for anything yet."""
    return _sqlite(url, read_only) if is_sqlite(url) else _postgresql(url, read_only)


def _sqlite(url: URL, read_only: bool) -> AsyncEngine:
    if read_only:  # the server may be writing meanwhile
        file = Path(url.database or "").absolute().as_uri()
        url = url.set(database=file, query={"mode": "ro", "uri": "true"})
    engine = create_async_engine(url)

    def set_up(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
        # `synchronous` stays FULL: an order that a person was told is saved is on the disk.
        connection.isolation_level = None
        cursor = connection.cursor()
        cursor.execute("PRAGMA busy_timeout = 5000")
        cursor.execute("PRAGMA foreign_keys = ON")
        if not read_only:
            cursor.execute("PRAGMA journal_mode = WAL")
            cursor.execute("PRAGMA secure_delete = ON")  # what is erased is not in the file either
        cursor.close()

    def begin(connection: sa.Connection) -> None:
        mode = connection.get_execution_options().get("sqlite_begin", "DEFERRED")
        connection.exec_driver_sql(f"BEGIN {mode}")

    event.listen(engine.sync_engine, "connect", set_up)
    event.listen(engine.sync_engine, "begin", begin)
    return engine


def _postgresql(url: URL, read_only: bool) -> AsyncEngine:
    server_settings = {
        "application_name": "callcenter",
        "idle_in_transaction_session_timeout": f"{_IDLE_SECONDS}s",
        "default_transaction_read_only": "on" if read_only else "off",
    }
    engine = create_async_engine(
        url,
        poolclass=_Pool,
        pool_size=5,
        max_overflow=5,
        pool_timeout=CONNECT_SECONDS,
        pool_pre_ping=True,
        pool_use_lifo=True,  # what is not needed grows old, and is asked before it is used again
        connect_args={
            "timeout": CONNECT_SECONDS,
            "command_timeout": COMMAND_SECONDS,
            "server_settings": server_settings,
        },
    )
    event.listen(engine.sync_engine, "handle_error", _broken)
    return engine


class _Pool(AsyncAdaptedQueuePool):
    """Gives connections, or an error of the kinds that are promised.

    SQLAlchemy knows the driver's own errors when a statement fails, not when a connection does:
    PostgreSQL that starts or stops, a wrong password, no such database.
    """

    def connect(self) -> PoolProxiedConnection:
        """A connection that answers; raises OSError with the reason."""
        try:
            return super().connect()
        except TimeoutError as error:
            raise TimeoutError(_NO_ANSWER) from error
        except _DRIVER_ERRORS as error:
            raise ConnectionError(str(error)) from error


def _broken(context: ExceptionContext) -> BaseException | None:
    """A connection that failed in the midst of something is not used again."""
    error = context.original_exception
    if isinstance(error, (OSError, asyncpg.InternalClientError)):
        context.is_disconnect = True
    if isinstance(error, TimeoutError):
        return TimeoutError(_NO_ANSWER)
    return ConnectionError(str(error)) if isinstance(error, _DRIVER_ERRORS) else None
