"""Debian packages: what is missing, installing it, and the mirror that this machine uses."""

from __future__ import annotations

import importlib.util
import re
import shutil
import subprocess
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from callcenter.setup.steps import SetupError, run, timed

SOURCES = Path("/etc/apt")
_NOT_A_MAIN_ARCHIVE = re.compile(r"security|snapshot|backports")


@dataclass(frozen=True)
class Need:
    """A Debian package, and how to see that what we want of it is there already."""

    package: str
    present: Callable[[], bool]


def _command(name: str) -> Callable[[], bool]:
    return lambda: shutil.which(name) is not None


def _module(name: str) -> Callable[[], bool]:
    return lambda: importlib.util.find_spec(name) is not None


def _library(name: str) -> Callable[[], bool]:
    return lambda: any(Path("/usr/lib").glob(f"*-linux-*/{name}"))


def _chinese_font() -> bool:
    return bool(
        shutil.which("fc-list")
        and subprocess.run(
            ["fc-list", ":lang=zh-cn", "file"], stdout=subprocess.PIPE, check=False
        ).stdout.strip()
    )


POSTGRESQL = Path("/usr/lib/postgresql")
"""Has a folder for each version that is installed."""
CLUSTERS = Path("/etc/postgresql-common/createcluster.d/callcenter.conf")
"""Read when Debian's package of PostgreSQL is installed."""


def _postgresql() -> bool:
    return any(POSTGRESQL.glob("*/bin/initdb"))


VENV_SUPPORT = Need("python3-venv", _module("ensurepip"))
ROOT_MAKER = Need("mmdebstrap", _command("mmdebstrap"))
FOR_ALL_TESTS = (Need("postgresql", _postgresql), Need("strace", _command("strace")))
FOR_LIVE_TESTS = (
    Need("libfaketime", _library("faketime/libfaketimeMT.so.1")),
    Need("sip-tester", _command("sipp")),
    Need("baresip-core", _command("baresip")),
    Need("chromium", _command("chromium")),
    Need("libatomic1", _library("libatomic.so.1")),  # of playwright's driver
    Need("fontconfig", _command("fc-list")),
    Need("fonts-wqy-microhei", _chinese_font),
    Need("systemd", _command("systemd-analyze")),
    Need("vagrant", _command("vagrant")),
)


def missing(needs: Iterable[Need]) -> list[str]:
    """Names of the packages among these that are still to be installed."""
    return [need.package for need in needs if not need.present()]


def install(packages: Sequence[str]) -> None:
    """Install Debian packages; raise SetupError where that fails. Needs root."""
    quiet = {"DEBIAN_FRONTEND": "noninteractive"}
    if "postgresql" in packages:
        # Tests start servers of their own: Debian need not make one, and run it ever after.
        CLUSTERS.parent.mkdir(parents=True, exist_ok=True)
        CLUSTERS.write_text("create_main_cluster = false\n", encoding="ascii")
    fetch = ["apt-get", "install", "-y", "-q", "--no-install-recommends", *packages]
    with timed(f"installing {' '.join(packages)}"):
        try:
            run(["apt-get", "update", "-q"], quiet)
        except SetupError as error:
            # One unreachable source among several need not matter: the installation tells.
            refreshed = str(error)
        else:
            refreshed = ""
        try:
            run(fetch, quiet)
        except SetupError as error:
            raise SetupError(f"{error}\n{refreshed}".rstrip()) from error


def mirror(folder: Path = SOURCES) -> str:
    """The address of the Debian archive that apt on this machine uses.

    Reads both formats of apt's sources. Raises SetupError where none is found.
    """
    files = [folder / "sources.list", *sorted((folder / "sources.list.d").glob("*"))]
    for file in files:
        if not file.is_file():
            continue
        entries = _deb822 if file.suffix == ".sources" else _one_line
        for address, suites in entries(file.read_text(errors="replace")):
            usable = address.startswith(("http://", "https://", "file:"))
            debian = "debian" in address and not _NOT_A_MAIN_ARCHIVE.search(address)
            if usable and debian and not any(_NOT_A_MAIN_ARCHIVE.search(s) for s in suites):
                return address
    raise SetupError(
        f"no Debian mirror found in {folder}/sources.list or {folder}/sources.list.d: add one line "
        "such as `deb ADDRESS-OF-A-DEBIAN-MIRROR bookworm main`, or install Asterisk 22.10 or newer"
    )


def _one_line(text: str) -> Iterator[tuple[str, list[str]]]:
    for line in text.splitlines():
        found = re.match(r"\s*deb\s+(?:\[[^]]*\]\s+)?(\S+)\s+(\S+)", line)
        if found:
            yield found[1], [found[2]]


def _deb822(text: str) -> Iterator[tuple[str, list[str]]]:
    text = re.sub(r"(?m)^#.*\n?", "", text)
    for stanza in re.split(r"\n\s*\n", text):
        fields = {
            name.lower(): value.split()
            for name, value in re.findall(r"(?m)^([\w-]+):((?:.*)(?:\n[ \t].*)*)", stanza)
        }
        if "deb" in fields.get("types", []) and fields.get("enabled", ["yes"]) != ["no"]:
            for address in fields.get("uris", []):
                yield address, fields.get("suites", [])
