"""What an installation sets: folders, addresses and ports, by environment variables CALLCENTER_*.

Everything about numbers, queues and people is in the plan's YAML files, not here.
"""

from __future__ import annotations

import re
from ipaddress import IPv4Address
from pathlib import Path
from typing import Annotated, Self

from pydantic import AfterValidator, Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

PROJECT = Path(__file__).resolve().parents[1]
_PREFIX = "CALLCENTER_"
_FOLDER = re.compile(r"[\w./+@=-]+")
_SECRET = {"orders_url"}
_SSL = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")
SHORTEST_TERM = 30
"""Days: longer than anybody waits to be called back."""
_LONGEST_DATA = 78
"""A socket's path has at most 107 bytes, and `asterisk/run/asterisk.ctl` is under this folder."""


class SettingsError(Exception):
    """A setting is wrong; the text names the variable and says what it must be."""


def _absolute(path: Path) -> Path:
    path = path.expanduser().absolute()
    if not _FOLDER.fullmatch(str(path)):
        raise ValueError(
            f"{path} has a character that Asterisk's configuration cannot hold: "
            "use letters, digits and ./_-+@= only"
        )
    return path


def _orders_url(given: SecretStr) -> SecretStr:
    """The address with the driver's name in it; errors never show it, for its password."""
    text = given.get_secret_value().strip()
    if not text:
        return SecretStr("")
    from sqlalchemy.engine import make_url  # noqa: PLC0415 - a third of this module's time
    from sqlalchemy.exc import ArgumentError  # noqa: PLC0415

    like = "write it like postgresql://user:password@host:5432/callcenter"
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        raise ValueError(f"this is no address of a database: {like}") from None
    if url.drivername not in {"postgresql", "postgresql+asyncpg"}:
        raise ValueError(
            f"{url.drivername}:// is not known, only postgresql:// and postgresql+asyncpg:// are; "
            "leave it empty for SQLite in the data folder"
        )
    if not url.database:
        raise ValueError(f"it names no database: {like}")
    if url.port is not None and not 1 <= url.port <= 65535:
        raise ValueError(f"{url.port} is no port: {like}")
    if unknown := sorted(set(url.query) - {"host", "ssl"}):
        raise ValueError(
            f"{unknown[0]}= is not known: after the ? there may be host= (the folder of a socket) "
            "and ssl="
        )
    if url.query.get("ssl", _SSL[0]) not in _SSL:
        raise ValueError(f"ssl= must be one of {', '.join(_SSL)}")
    driver = url.set(drivername="postgresql+asyncpg")
    return SecretStr(driver.render_as_string(hide_password=False))


def _term(days: int) -> int:
    if 0 < days < SHORTEST_TERM:
        raise ValueError(
            f"{days} days are too few: who is to be called back would be forgotten; "
            f"set at least {SHORTEST_TERM}, or 0 to erase nothing"
        )
    return days


Term = Annotated[int, Field(ge=0), AfterValidator(_term)]
Port = Annotated[int, Field(ge=1, le=65535)]
Folder = Annotated[Path, AfterValidator(_absolute)]


class Settings(BaseSettings):
    """All settings, checked. Each is the environment variable CALLCENTER_<NAME>."""

    model_config = SettingsConfigDict(env_prefix=_PREFIX, frozen=True, extra="ignore")

    data: Folder = PROJECT / "var"
    """Databases, recordings, rendered configuration, secrets, logs."""
    plan: Folder = PROJECT
    """Holds dialplan/ agents/ trunks/ ivr_prompts/."""
    web_host: IPv4Address = IPv4Address("127.0.0.1")
    web_port: Port = 8080
    sip_host: IPv4Address = IPv4Address("127.0.0.1")
    sip_port: Port = 5060
    """UDP and TCP."""
    ari_port: Port = 8088
    """On 127.0.0.1 only."""
    ami_port: Port = 5038
    """On 127.0.0.1 only."""
    rtp_first: Port = 10000
    rtp_last: Port = 10999
    rtp_timeout: Annotated[int, Field(ge=1, le=3600)] = 30
    """Seconds without any audio packet after which a leg counts as lost; ten times as long where
    none is expected (hold), and of softphones, which are asked (asterisk/softphones.py)."""
    asterisk_root: Folder = PROJECT / "var" / "asterisk-root"
    """Asterisk made by script/bootstrap where the system has none that is new enough."""
    recordings_quota_gb: Annotated[float, Field(gt=0)] = 200.0
    """Room for recordings in GB of 10^9 bytes; nothing is deleted or left out because of it."""
    recordings_days: Annotated[int, Field(ge=1)] = 730
    """How long recordings are kept."""
    orders_days: Term = 0
    """How long after its end an order says who called; 0: for ever."""
    logs_days: Term = 0
    """How long queue_log files say who called; 0: for ever."""
    backup_hours: Annotated[int, Field(ge=0)] = 26
    """How old the last good backup may be before that is an alarm; 0: nobody watches."""
    orders_url: Annotated[SecretStr, AfterValidator(_orders_url)] = SecretStr("")
    """PostgreSQL for the work orders; empty: SQLite in `data`. May hold a password."""
    clock_offset: float = 0.0
    """Seconds by which our clock is ahead of the machine's: a rehearsal of another day."""

    @model_validator(mode="after")
    def _coherent(self) -> Self:
        if len(str(self.data).encode()) > _LONGEST_DATA:
            raise ValueError(
                f"{_PREFIX}DATA: {self.data} is too long for Asterisk's control socket: "
                f"use a folder with a path of at most {_LONGEST_DATA} bytes"
            )
        if self.rtp_last - self.rtp_first < 3:
            raise ValueError(
                f"{_PREFIX}RTP_LAST: {self.rtp_last} leaves no ports for audio from "
                f"{_PREFIX}RTP_FIRST {self.rtp_first} on: every leg needs two"
            )
        return self

    @property
    def secrets(self) -> Path:
        """Passwords and PINs; nobody else may read this folder."""
        return self.data / "secrets"

    @property
    def asterisk(self) -> Path:
        """Asterisk's own folder, under the same path inside a made root."""
        return self.data / "asterisk"

    @property
    def sounds(self) -> Path:
        """Where Asterisk finds the prompts: a prompt's media is `sound:<sounds>/<name>`."""
        return self.asterisk / "sounds"

    @property
    def queue_log(self) -> Path:
        """Where the dialplan's call records are written."""
        return self.asterisk / "log" / "queue_log"

    @property
    def asterisk_log(self) -> Path:
        """What Asterisk has to say."""
        return self.asterisk / "log" / "full"

    @property
    def own_queue_log(self) -> Path:
        """What our queues did, in the format of Asterisk's queue_log."""
        return self.data / "logs" / "queue_log"

    @property
    def spooled_recordings(self) -> Path:
        """Where Asterisk writes `<call>.wav` while the call lives."""
        return self.asterisk / "spool" / "recording"

    @property
    def recordings(self) -> Path:
        """The archive: a folder for each day, `2017/11/22`."""
        return self.data / "recordings"

    @property
    def web_url(self) -> str:
        """Where the web pages and the API are."""
        return f"http://{self.web_host}:{self.web_port}"

    @property
    def ari_url(self) -> str:
        """Where Asterisk's REST interface is."""
        return f"http://127.0.0.1:{self.ari_port}/ari"

    def rehearsing(self, clock_offset: float) -> Settings:
        """The same with another clock, and with data and orders apart from the real ones.

        Nobody wants a backup of these.
        """
        return self.model_copy(
            update={
                "data": self.data / "rehearsal",
                "backup_hours": 0,
                "orders_url": SecretStr(""),
                "clock_offset": clock_offset,
            }
        )

    def environment(self) -> dict[str, str]:
        """The variables that give a child process these settings."""
        return {
            f"{_PREFIX}{name.upper()}": (
                value.get_secret_value() if isinstance(value, SecretStr) else str(value)
            )
            for name, value in self
        }


def load_settings() -> Settings:
    """Settings from the environment; raises SettingsError with one line for each mistake."""
    try:
        return Settings()
    except ValidationError as error:
        lines = []
        for mistake in error.errors():
            name = f"{_PREFIX}{str(mistake['loc'][0]).upper()}: " if mistake["loc"] else ""
            shown = mistake["loc"] and mistake["loc"][0] not in _SECRET
            given = f" (it is {mistake['input']!r})" if shown else ""
            lines.append(f"{name}{mistake['msg'].removeprefix('Value error, ')}{given}")
        # Not `from error`: that one shows the input of every mistake, and it may be a password.
        raise SettingsError("\n".join(lines)) from None
