"""The documents' tables say what the code, the settings and the plan say."""

from __future__ import annotations

import inspect
import re
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest

from callcenter import logs, runtime, supervisor, watchdog
from callcenter.app import Controller
from callcenter.asterisk import log_room, process
from callcenter.asterisk.switch import GUARD_SECONDS
from callcenter.attacks import bans
from callcenter.calls import arranging, call, native, offers, turn
from callcenter.calls.state import Phase
from callcenter.numberplan.loader import load
from callcenter.numberplan.model import (
    AttackRule,
    CallbackRule,
    Limits,
    Menu,
    Plan,
    Queue,
    VoiceBox,
)
from callcenter.settings import PROJECT, Settings
from callcenter.staff import pins, tokens
from callcenter.staff.roles import Role
from callcenter.web.api.operators import OPERATORS
from callcenter.web.health import Health, Part
from callcenter.web.metrics import Lag, Metrics
from callcenter.web.wallboard import PART_TITLES, AlarmKeeper, Thresholds, board_view
from tests.docs import documents
from tests.fakes.centre import QUIET

OPERATIONS = "docs/operations.md"
CARD = "docs/feature-codes.md"


@pytest.fixture(scope="module")
def plan() -> Plan:
    loaded = load(PROJECT)
    assert loaded.plan is not None, loaded.errors
    return loaded.plan


def spans(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


@pytest.mark.parametrize(
    ("readme", "heading"), [("README.md", "variable"), ("README.zh-CN.md", "变量")]
)
def test_the_settings_and_their_defaults(readme: str, heading: str) -> None:
    told: dict[str, str] = {}
    for names, defaults, _ in documents.rows(readme, heading):
        short = [name.removeprefix("CALLCENTER").lstrip("_").lower() for name in spans(names)]
        told |= zip(short, re.split(r", |、", defaults.replace("`", "")), strict=True)
    folder = told.pop("plan")
    assert folder in ("this folder", "本目录")
    actual = {name: field.default for name, field in Settings.model_fields.items()}
    assert actual.pop("plan") == PROJECT
    assert told == {
        name: str(value.relative_to(PROJECT) if isinstance(value, Path) else value)
        for name, value in actual.items()
    }


@pytest.mark.parametrize(
    ("document", "heading"),
    [("README.md", "code"), ("README.zh-CN.md", "功能码"), (CARD, "功能码")],
)
def test_the_feature_codes(plan: Plan, document: str, heading: str) -> None:
    codes = plan.feature_codes
    told = [spans(row[0])[0] for row in documents.rows(document, heading)]
    assert told == list(codes.model_dump().values())


def test_the_card_for_the_seats_gives_all_that_operators_may_ask_of_the_api() -> None:
    spoken = [span for row in documents.rows(CARD, "功能码") for span in spans(row[3])]
    told = {span for span in spoken if re.fullmatch("[a-z-]+", span)}
    told |= {spans(row[0])[0] for row in documents.rows(CARD, "只有接口")}
    prefix = "/operators/{number}/"
    paths = [each.path for each in OPERATORS if each.method == "POST"]
    asked = {path.removeprefix(prefix) for path in paths if path.startswith(prefix)}
    assert told == asked


def test_the_card_for_the_seats_gives_reasons_numbers_and_sentences_of_the_plan(
    plan: Plan,
) -> None:
    told = {spans(code)[0]: title for code, title in documents.rows(CARD, "示忙原因")}
    reasons = plan.not_ready_reasons.values()
    assert told == {plan.feature_codes.not_ready + each.code: each.title for each in reasons}
    card = documents.text(CARD)
    assert "、".join(plan.emergencies) in card
    for room in plan.rooms.values():
        assert f"拨 `{room.extension}` 呼叫{room.title}" in card
    catalog = documents.text("ivr_prompts/catalog.yaml")
    quoted = re.findall(r"“([^”]+)”", card)
    assert len(quoted) > 10
    for sentence in quoted:
        assert f"text: {sentence}\n" in catalog


def test_the_phases_of_a_call_and_their_deadlines() -> None:
    rows = documents.rows("docs/architecture.md", "phase")
    assert [spans(row[0])[0] for row in rows] == [phase.value for phase in Phase]
    constants = {**vars(arranging), **vars(call), **vars(turn), **vars(offers), **vars(native)}
    models = (Limits, Queue, CallbackRule, VoiceBox, Menu)
    limits = {name for model in models for name in model.model_fields}
    for _, _, latest, then in rows:
        for name in spans(latest):
            if name.isupper():
                number = re.search(rf"`{name}`, (\d+)", latest)
                assert number is not None and float(number[1]) == constants[name]
            else:
                assert name in limits or (PROJECT / name).is_file()
        assert set(spans(then)) <= {phase.value for phase in Phase}


def test_the_metrics() -> None:
    text = Metrics(lambda: QUIET, Lag).exposition().decode()
    names = set(re.findall(r"^# TYPE (\w+)", text, re.MULTILINE))
    told = set(re.findall(r"callcenter_\w+", documents.text(OPERATIONS)))
    assert told == {name for name in names if not name.endswith("_created")}


def test_the_parts_of_healthz() -> None:
    told = [row[0].split() for row in documents.rows(OPERATIONS, "part")]
    parts = re.findall(r'Part\(\s*name="(\w+)"', inspect.getsource(Controller))
    assert told == [[f"`{part}`", PART_TITLES[part]] for part in parts]
    text = re.sub(r"\s+", " ", documents.text(OPERATIONS))
    *fields, last = [f"`{name}`" for name in Part.model_fields]
    assert f"its `parts` has {', '.join(fields)} and {last}" in text
    for status in re.findall(r'"(\w+)"', inspect.getsource(Health)):
        assert f"`{status}`" in text


def test_every_other_alarm_of_the_wallboard_is_told_with_its_limit() -> None:
    limits, text = Thresholds(), documents.text(OPERATIONS)
    board = replace(QUIET, waiting=6, longest_wait_since=QUIET.at - 61)
    alarms = board_view(board, Health(parts=()), AlarmKeeper()).alarms
    assert {alarm.key for alarm in alarms} == {"waiting", "longest_wait", "ready"}
    assert (limits.waiting.red, limits.longest_wait.red) == (5, 60)
    assert "等待 (more than five" in text and "最长等待 (somebody for more than a minute)" in text
    (nobody,) = (alarm.title for alarm in alarms if alarm.key == "ready")
    assert f"{nobody} says" in text


def test_the_ports() -> None:
    defaults = {
        f"CALLCENTER_{name.upper()}": f.default for name, f in Settings.model_fields.items()
    }
    for ports, settings, _ in documents.rows(OPERATIONS, "port"):
        told = [int(port) for port in re.findall(r"\d{4,}", ports)]
        assert told == [defaults[name] for name in spans(settings)]


def test_numbers_in_sentences() -> None:
    text = re.sub(r"\s+", " ", documents.text(OPERATIONS))
    assert pins.FAILURES == 5 and pins.LOCK_SECONDS == 60
    assert "Five wrong PINs in a row lock an operator for a minute" in text
    assert tokens.SIGN_IN_SECONDS == 12 * 3600 and "a token for twelve hours" in text
    assert f"up to {runtime.TAIL_LIMIT:,} events" in text
    assert logs.KEPT_FILES == 10
    assert f"at {log_room.MOST_BYTES // 1_000_000} MB is moved to `full.1`" in text
    assert "20 wrong passwords or unknown names come within ten minutes" in text
    rule = AttackRule()
    assert (rule.tries, rule.minutes, rule.ban_minutes) == (20, 10, 60)
    assert (bans.LONGEST_SECONDS, bans.ALARM_SECONDS) == (86400, 600)
    assert f"in the last {bans.KNOWN_SECONDS / 86400:.0f} days" in text
    assert f"rotated at {logs.FILE_BYTES // 1_000_000} MB, ten old files" in text
    assert f"killed after {watchdog.SILENT_SECONDS} s without a sign of life" in text
    assert f"the dead man's switch ({GUARD_SECONDS} s)" in text
    assert f"{watchdog.START_SECONDS} s without any progress" in text
    frozen = process.PING_SECONDS * process.UNANSWERED_PINGS
    assert f"has not answered at all for {frozen:.0f} s" in text
    assert f"started again after {supervisor.AGAIN_SECONDS} s, however often" in text
    assert f"up to {supervisor.FAILED_SECONDS[-1]:.0f} s" in text
    *roles, last = [f"`{role}`" for role in Role]
    assert f"Roles are {', '.join(roles)} and {last}" in text
    assert runtime.COMMIT_SECONDS == 0.2 and "200 ms" in documents.text("docs/architecture.md")


def test_what_the_log_is_searched_for_is_logged() -> None:
    assert '"event_rejected"' in inspect.getsource(runtime)
    assert "`event_rejected`" in documents.text(OPERATIONS)


def test_dependencies_are_all_told_with_a_reason_and_no_others() -> None:
    project = tomllib.loads(documents.text("pyproject.toml"))["project"]
    needed = {re.split(r"[\[<>=]", each)[0] for each in project["dependencies"]}
    table = documents.rows("docs/dependencies.md", "Package")
    assert needed == {name for row in table for name in row[0].split(", ")}
    assert all(reason and licence for _, reason, licence in table)
    text = documents.text("docs/dependencies.md")
    for_tests = text.partition("## For tests\n")[2].partition("\n## ")[0]
    for each in project["optional-dependencies"]["test"]:
        assert re.split(r"[\[<>=]", each)[0] in for_tests


def test_the_notice_names_what_is_shipped_and_its_licences() -> None:
    notice = documents.text("NOTICE")
    for name in ("Kokoro-82M", "zf_xiaobei", "hexgrad", "kokoro-onnx", "thewh1teagle", "misaki"):
        assert name in notice
        assert name in documents.text("ivr_prompts/NOTICE")
    for file in re.findall(r"ivr_prompts/[\w-]+", notice):
        assert (PROJECT / file).is_file()
    assert "Apache License" in documents.text("LICENSE")
