"""Which server a simulated citizen calls, and where the trunks are."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from callcenter.simulator.running import NotRunningError, find_server, find_trunks


def running(folder: Path, port: int, *, pid: int | None = None, host: str = "127.0.0.1") -> None:
    (folder / "run").mkdir(parents=True)
    state = {
        "pid": os.getpid() if pid is None else pid,
        "web": "http://127.0.0.1:8080",
        "sip_host": host,
        "sip_port": port,
        "data": str(folder),
        "plan": str(folder / "plan"),
        "clock_offset": 0.0,
    }
    (folder / "run" / "server.json").write_text(json.dumps(state))


def test_the_only_server_is_found_rehearsal_or_not(tmp_path: Path) -> None:
    running(tmp_path / "rehearsal", 5070)
    assert find_server(tmp_path, rehearsal=False).place == ("127.0.0.1", 5070)
    assert find_server(tmp_path, rehearsal=True).place == ("127.0.0.1", 5070)


def test_of_two_the_real_one_is_called_unless_the_rehearsal_is_asked_for(tmp_path: Path) -> None:
    running(tmp_path, 5060)
    running(tmp_path / "rehearsal", 5070)
    assert find_server(tmp_path, rehearsal=False).sip_port == 5060
    assert find_server(tmp_path, rehearsal=True).sip_port == 5070


def test_a_server_on_all_addresses_is_called_on_loopback(tmp_path: Path) -> None:
    running(tmp_path, 5060, host="0.0.0.0")
    assert find_server(tmp_path, rehearsal=False).place == ("127.0.0.1", 5060)


def test_no_server_says_how_to_start_one(tmp_path: Path) -> None:
    with pytest.raises(NotRunningError, match=r"no server is running .* script/server"):
        find_server(tmp_path, rehearsal=False)
    running(tmp_path, 5060)
    with pytest.raises(NotRunningError, match=r"no rehearsal is running"):
        find_server(tmp_path, rehearsal=True)


def test_what_a_killed_server_left_behind_is_no_server(tmp_path: Path) -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    running(tmp_path, 5060, pid=ended.pid)
    with pytest.raises(NotRunningError, match="no server is running"):
        find_server(tmp_path, rehearsal=False)


def test_a_state_of_another_version_is_named(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "server.json").write_text("{}")
    with pytest.raises(NotRunningError, match=r"server\.json: not written by this version"):
        find_server(tmp_path, rehearsal=False)


def test_trunks_are_known_by_their_file_names(tmp_path: Path) -> None:
    (tmp_path / "trunks").mkdir()
    (tmp_path / "trunks" / "telecom.yaml").write_text("title: 电信\nhost: 127.0.0.2\n", "utf-8")
    (tmp_path / "trunks" / "unicom.yaml").write_text("host: 127.0.0.3\nport: 5070\n")
    places = {name: trunk.place for name, trunk in find_trunks(tmp_path).items()}
    assert places == {"telecom": ("127.0.0.2", 5060), "unicom": ("127.0.0.3", 5070)}


@pytest.mark.parametrize("content", ["port: 1\n", "host: [", "- host\n"])
def test_a_broken_trunk_is_named(tmp_path: Path, content: str) -> None:
    (tmp_path / "trunks").mkdir()
    (tmp_path / "trunks" / "telecom.yaml").write_text(content)
    with pytest.raises(NotRunningError, match=r"telecom\.yaml: cannot read this trunk"):
        find_trunks(tmp_path)


def test_a_plan_without_trunks_cannot_be_called(tmp_path: Path) -> None:
    with pytest.raises(NotRunningError, match="there is no trunk to call on"):
        find_trunks(tmp_path)
