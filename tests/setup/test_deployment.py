"""The deployment: units that systemd accepts and watches as we expect, and a Vagrantfile."""

from __future__ import annotations

import configparser
import os
import re
import subprocess
from pathlib import Path

import pytest

from callcenter import watchdog
from callcenter.settings import PROJECT, Settings

UNITS = sorted((PROJECT / "script" / "systemd").glob("*.service"))
HOME = "/opt/callcenter"


class Unit(configparser.RawConfigParser):
    """A unit's file: settings keep their case, and appear once."""

    def optionxform(self, optionstr: str) -> str:
        return optionstr


def unit(name: str) -> Unit:
    parsed = Unit()
    parsed.read(PROJECT / "script" / "systemd" / f"{name}.service")
    return parsed


@pytest.mark.live
def test_systemd_accepts_the_units_without_a_word(tmp_path: Path) -> None:
    for source in UNITS:  # the programs must be there: this folder stands for the installed one
        text = source.read_text(encoding="utf-8").replace(HOME, str(PROJECT))
        (tmp_path / source.name).write_text(text, encoding="utf-8")
    names = [str(tmp_path / source.name) for source in UNITS]
    assert len(names) == 2
    done = subprocess.run(
        ["systemd-analyze", "verify", *names], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.live
@pytest.mark.parametrize("source", UNITS, ids=lambda source: str(source.stem))
def test_each_is_as_hardened_as_the_readmes_say(source: Path, tmp_path: Path) -> None:
    """Another version of systemd counts a little differently."""
    for readme in ("README.md", "README.zh-CN.md"):
        told = (PROJECT / readme).read_text(encoding="utf-8")
        gives = re.search(rf"([\d.]+) for `{source.stem}`|`{source.stem}` 为 ([\d.]+)", told)
        assert gives is not None, f"{readme} does not say it"
        figure = float(gives[1] or gives[2])
        copied = tmp_path / source.name
        copied.write_text(source.read_text(encoding="utf-8").replace(HOME, str(PROJECT)))
        done = subprocess.run(
            ["systemd-analyze", "security", "--offline=yes", "--no-pager", copied],
            capture_output=True,
            text=True,
            check=True,
        )
        found = re.search(r"exposure level for \S+: ([\d.]+)", done.stdout)
        assert found is not None and abs(float(found[1]) - figure) <= 0.4


@pytest.mark.live
def test_the_vagrantfile_is_valid(tmp_path: Path) -> None:
    folders = {"VAGRANT_HOME": tmp_path / "home", "VAGRANT_DOTFILE_PATH": tmp_path / "dot"}
    done = subprocess.run(
        ["vagrant", "validate", "--ignore-provider"],
        cwd=PROJECT,
        env={**os.environ, **{name: str(path) for name, path in folders.items()}},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Vagrantfile validated successfully" in done.stdout


def test_the_machine_is_set_up_by_our_own_scripts_from_where_the_units_run() -> None:
    text = (PROJECT / "Vagrantfile").read_text(encoding="utf-8")
    assert f'synced_folder ".", "{HOME}"' in text
    scripts = re.findall(r"^ +(script/\S+)", text, re.MULTILINE)
    assert scripts == ["script/bootstrap", "script/install-service"]
    assert all(os.access(PROJECT / script, os.X_OK) for script in scripts)
    given = re.findall(r"CALLCENTER_(\w+)=", text)
    assert given and {name.lower() for name in given} <= set(Settings.model_fields)


def test_systemd_is_as_patient_as_our_own_supervisor() -> None:
    service = unit("callcenter")["Service"]
    assert service["Type"] == "notify"
    assert service["WatchdogSec"] == str(watchdog.SILENT_SECONDS)
    assert service["TimeoutStartSec"] == str(watchdog.START_SECONDS)
    assert service["WatchdogSignal"] == "SIGKILL"
    assert 2 * watchdog.BEAT_SECONDS < watchdog.SILENT_SECONDS


def test_asterisk_goes_on_without_the_controller_and_both_always_come_back() -> None:
    for source in UNITS:
        parsed = unit(source.stem)
        assert parsed["Service"]["Restart"] == "always"
        assert parsed["Unit"]["StartLimitIntervalSec"] == "0"
    controller = unit("callcenter")["Unit"]
    asterisk = "callcenter-asterisk.service"
    assert (controller["Wants"], controller["After"]) == (asterisk, asterisk)
    binding = {"Requires", "Requisite", "BindsTo", "PartOf", "Upholds", "Conflicts"}
    for source in UNITS:
        assert not binding & set(unit(source.stem)["Unit"])


def test_the_controller_is_not_root_and_can_never_be() -> None:
    service = unit("callcenter")["Service"]
    assert service["User"] == "callcenter"
    assert service["CapabilityBoundingSet"] == ""
    assert service["NoNewPrivileges"] == service["RestrictSUIDSGID"] == "yes"
    assert "AmbientCapabilities" not in service
    assert not service["ExecStart"].startswith(("!", "+"))


def test_asterisks_keeper_is_root_for_its_one_command_alone() -> None:
    """It enters Asterisk's own root; Asterisk itself: tests/asterisk/test_process.py."""
    service = unit("callcenter-asterisk")["Service"]
    assert service["User"] == "callcenter"
    assert service["NoNewPrivileges"] == "yes"
    assert service["ExecStart"] == f"!{HOME}/.venv/bin/callcenter asterisk"
    assert not service["ExecStartPre"].lstrip("-").startswith(("!", "+"))
    given = set(service["CapabilityBoundingSet"].split())
    assert given, "an empty one, or none, would be something else"
    powers = {"CAP_NET_ADMIN", "CAP_NET_RAW", "CAP_SYS_PTRACE", "CAP_SYS_MODULE", "CAP_SYS_BOOT"}
    assert not given & powers


def test_a_setting_that_is_none_is_refused() -> None:
    done = subprocess.run(
        [PROJECT / "script" / "install-service", "SIP_HOST=192.0.2.10"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr == (
        "install-service: SIP_HOST=192.0.2.10: "
        "write a setting such as CALLCENTER_SIP_HOST=192.0.2.10\n"
    )
