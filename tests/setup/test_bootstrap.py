"""script/bootstrap installs what is missing, only that, and says when it needs root for it."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

import pytest

from callcenter.setup import __main__ as bootstrap
from callcenter.setup import apt, asterisk_root, python_env, web_ui
from callcenter.setup.steps import PROJECT, SetupError, Stamp, fingerprint, run


@pytest.fixture
def done(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[str]:
    """What was done, on a machine that has nothing but root's rights."""
    done: list[str] = []
    monkeypatch.setattr(bootstrap, "is_root", lambda: True)
    monkeypatch.setattr(asterisk_root, "system_asterisk", lambda: None)
    monkeypatch.setattr(asterisk_root, "default_root", lambda: tmp_path / "root")
    monkeypatch.setattr(asterisk_root, "make", lambda root: done.append(f"root {root.name}"))
    monkeypatch.setattr(apt, "missing", lambda needs: [need.package for need in needs])
    monkeypatch.setattr(apt, "install", lambda packages: done.append(" ".join(packages)))
    monkeypatch.setattr(python_env, "prepare", lambda: done.append("python"))
    monkeypatch.setattr(web_ui, "prepare", lambda: done.append("pages"))
    return done


def test_a_bare_machine_gets_everything_for_the_server(done: list[str]) -> None:
    bootstrap.set_up(for_tests=False, with_asterisk=True)
    assert done[0] == "python3-venv mmdebstrap"
    assert sorted(done[1:]) == ["pages", "python", "root root"]


def test_tests_need_more(done: list[str]) -> None:
    bootstrap.set_up(for_tests=True, with_asterisk=True)
    packages = next(step for step in done[1:] if "sip-tester" in step)
    needed = {"baresip-core", "chromium", "fonts-wqy-microhei", "postgresql"}
    assert needed <= set(packages.split())


def test_fast_tests_need_no_asterisk_and_no_browser(done: list[str]) -> None:
    bootstrap.set_up(for_tests=True, with_asterisk=False)
    assert done[0] == "python3-venv"
    assert sorted(done[1:]) == ["pages", "postgresql strace", "python"]


def test_the_systems_own_asterisk_is_enough(
    done: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asterisk_root, "system_asterisk", lambda: Path("/usr/sbin/asterisk"))
    bootstrap.set_up(for_tests=False, with_asterisk=True)
    assert done == ["python3-venv", "python", "pages"]


def test_without_root_it_says_what_to_run_and_does_nothing(
    done: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bootstrap, "is_root", lambda: False)
    with pytest.raises(SetupError) as refusal:
        bootstrap.set_up(for_tests=False, with_asterisk=True)
    assert "install python3-venv mmdebstrap and to make an Asterisk" in str(refusal.value)
    assert f"Run this as root, then try again:\n  {PROJECT}/script/bootstrap" in str(refusal.value)
    assert done == []


def test_root_is_asked_for_only_where_it_is_needed(
    done: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bootstrap, "is_root", lambda: False)
    monkeypatch.setattr(apt, "missing", lambda needs: [])
    monkeypatch.setattr(asterisk_root, "is_made", lambda root: True)
    bootstrap.set_up(for_tests=True, with_asterisk=True)
    assert done == ["python", "pages"]


@pytest.mark.live
def test_with_everything_there_it_is_quick_and_silent(tmp_path: Path) -> None:
    subprocess.run([PROJECT / "script" / "bootstrap"], check=True)
    began = time.monotonic()
    again = subprocess.run(
        [PROJECT / "script" / "bootstrap"], cwd=tmp_path, capture_output=True, check=True
    )
    assert again.stdout + again.stderr == b""
    assert time.monotonic() - began < 5


def test_a_tool_that_fails_is_told_with_what_it_said() -> None:
    with pytest.raises(SetupError, match=r"failed \(3\): sh -c .*\nno such mirror"):
        run(["sh", "-c", "echo no such mirror >&2; exit 3"])


def test_a_step_is_done_again_only_for_another_value(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("callcenter.setup.steps.VENV", tmp_path)
    stamp = Stamp("packages")
    assert not stamp.matches("one")
    stamp.write("one")
    assert stamp.matches("one")
    assert not stamp.matches("two")


def test_a_fingerprint_changes_with_any_file_and_word() -> None:
    lock, project = PROJECT / "requirements.lock", PROJECT / "pyproject.toml"
    prints = {fingerprint([lock]), fingerprint([lock, project]), fingerprint([lock], "3.13")}
    assert len(prints) == 3
    assert fingerprint([project, lock]) == fingerprint([lock, project])
