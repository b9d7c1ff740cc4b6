"""The Debian mirror is the one that this machine uses already, whatever its sources look like."""

from __future__ import annotations

from pathlib import Path

import pytest

from callcenter.setup import apt
from callcenter.setup.apt import Need, install, mirror, missing
from callcenter.setup.steps import SetupError

DEB822 = """\
# the mirror next door
Types: deb deb-src
# URIs: http://old.example/debian
URIs: http://mirror.example/debian/
Suites: bookworm bookworm-updates
Components: main

Types: deb
URIs: http://mirror.example/debian-security/
Suites: bookworm-security
Components: main
"""


def sources(folder: Path, **files: str) -> Path:
    (folder / "sources.list.d").mkdir()
    for name, text in files.items():
        stem, _, ending = name.rpartition("_")
        path = folder if stem == "sources" else folder / "sources.list.d"
        (path / f"{stem}.{ending}").write_text(text)
    return folder


def test_sources_of_one_line_each(tmp_path: Path) -> None:
    text = (
        "# deb http://old.example/debian bookworm main\n"
        "deb-src http://source.example/debian bookworm main\n"
        "deb http://mirror.example/debian-security bookworm-security main\n"
        "deb [arch=amd64 signed-by=/a/b] https://mirror.example/debian bookworm main contrib\n"
    )
    assert mirror(sources(tmp_path, sources_list=text)) == "https://mirror.example/debian"


def test_sources_in_stanzas(tmp_path: Path) -> None:
    assert mirror(sources(tmp_path, debian_sources=DEB822)) == "http://mirror.example/debian/"


def test_security_and_other_peoples_archives_are_passed_over(tmp_path: Path) -> None:
    other = "deb http://packages.example/cloud cloud-sdk-bookworm main\n"
    folder = sources(tmp_path, cloud_list=other, debian_sources=DEB822, sources_list="")
    assert mirror(folder) == "http://mirror.example/debian/"


@pytest.mark.parametrize("state", ["Enabled: no\n", "Enabled:  no \n"])
def test_what_is_switched_off_is_not_used(tmp_path: Path, state: str) -> None:
    folder = sources(tmp_path, debian_sources=state + DEB822.split("\n\n", maxsplit=1)[0])
    with pytest.raises(SetupError, match="no Debian mirror found"):
        mirror(folder)


def test_without_any_it_says_what_to_add(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match="add one line such as"):
        mirror(tmp_path)


def test_only_what_is_missing_is_named() -> None:
    assert missing([Need("there", lambda: True), Need("absent", lambda: False)]) == ["absent"]


def test_debian_makes_no_postgresql_server_by_itself(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    conf = tmp_path / "createcluster.d" / "callcenter.conf"
    monkeypatch.setattr(apt, "CLUSTERS", conf)
    before: list[str] = []
    monkeypatch.setattr(apt, "run", lambda command, env: before.append(conf.read_text()))
    install(["postgresql"])
    assert set(before) == {"create_main_cluster = false\n"}
