"""The board's figures add up, and what is alarming is said until it is over."""

from __future__ import annotations

from dataclasses import asdict, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.calls.events import SupervisionMode
from callcenter.calls.wallboard import (
    OperatorLine,
    OperatorStatus,
    QueueLine,
    SupervisionLine,
    Wallboard,
)
from callcenter.orders.record import Outcome
from callcenter.web.health import Health, Part
from callcenter.web.wallboard import (
    RECOVERY_SECONDS,
    SHARE_TITLES,
    AlarmKeeper,
    BoardView,
    Figure,
    Level,
    Tile,
    board_view,
)
from tests.fakes.centre import QUIET, WELL
from tests.fakes.orders import MORNING


def look(board: Wallboard, keeper: AlarmKeeper | None = None, health: Health = WELL) -> BoardView:
    return board_view(board, health, keeper or AlarmKeeper())


def hero(board: Wallboard, key: str) -> Figure:
    return next(figure for figure in look(board).heroes if figure.key == key)


def with_operator(state: OperatorStatus, seconds: float = 0.0, **changes: int) -> Wallboard:
    line = OperatorLine("001", "芮红", "seat01", state, MORNING - seconds, None, None)
    counts = {**asdict(QUIET), **changes, "operators": (line,), "queue": (), "queues": ()}
    return Wallboard(**counts)


def test_every_outcome_has_its_share() -> None:
    assert {key for key, _ in SHARE_TITLES} == {*Outcome, "in_progress"}


@given(st.lists(st.integers(0, 10_000), min_size=len(SHARE_TITLES), max_size=len(SHARE_TITLES)))
def test_shares_and_sums_add_up_to_the_calls_offered(counts: list[int]) -> None:
    named = dict(zip((key for key, _ in SHARE_TITLES), counts, strict=True))
    values = asdict(QUIET) | named | {"offered": sum(counts), "operators": ()}
    view = look(Wallboard(**values))
    assert sum(share.count for share in view.shares) == view.offered
    assert sum(share.count for share in view.sums) == view.offered
    assert all(share.count >= 0 for share in view.sums)


def test_rates_are_shares_of_the_calls_that_were_to_reach_an_operator() -> None:
    board = replace(
        QUIET, offered=300, answered=256, answered_in_15s=231, abandoned=9, announced=35
    )
    assert (hero(board, "connect_rate").text, hero(board, "connect_rate").hints[1]) == (
        "96.6",
        "256 / 265",
    )
    assert hero(board, "in_15s_rate").text == "87.1"


def test_a_rate_is_never_rounded_up_to_its_target() -> None:
    rate = hero(replace(QUIET, answered=9499, abandoned=501), "connect_rate")
    assert (rate.text, rate.level) == ("94.9", Level.YELLOW)


def test_all_is_a_whole_hundred() -> None:
    assert hero(replace(QUIET, answered=7), "connect_rate").text == "100"


def test_before_the_first_call_there_is_no_rate() -> None:
    assert (hero(QUIET, "connect_rate").text, hero(QUIET, "connect_rate").level) == (
        "–",
        Level.CALM,
    )


@pytest.mark.parametrize(
    ("waiting", "level"),
    [(0, Level.CALM), (2, Level.CALM), (3, Level.YELLOW), (5, Level.YELLOW), (6, Level.RED)],
)
def test_waiting(waiting: int, level: Level) -> None:
    assert hero(replace(QUIET, waiting=waiting), "waiting").level is level


@pytest.mark.parametrize(
    ("seconds", "level"),
    [(30, Level.CALM), (31, Level.YELLOW), (60, Level.YELLOW), (61, Level.RED)],
)
def test_longest_wait_ticks_from_its_start(seconds: int, level: Level) -> None:
    board = replace(QUIET, waiting=1, longest_wait_since=MORNING - seconds)
    figure = hero(board, "longest_wait")
    assert (figure.level, figure.since) == (level, MORNING - seconds)


@pytest.mark.parametrize(
    ("state", "seconds", "level"),
    [
        (OperatorStatus.TALKING, 480, Level.CALM),
        (OperatorStatus.TALKING, 481, Level.YELLOW),
        (OperatorStatus.TALKING, 961, Level.RED),
        (OperatorStatus.WRAP_UP, 91, Level.YELLOW),
        (OperatorStatus.READY, 9999, Level.CALM),
    ],
)
def test_a_long_state_is_flagged(state: OperatorStatus, seconds: int, level: Level) -> None:
    assert look(with_operator(state, seconds)).tiles[0].level is level


def test_operators_by_state() -> None:
    view = look(with_operator(OperatorStatus.READY))
    assert {state.key: state.count for state in view.states if state.count} == {"ready": 1}
    assert view.signed_in == 1


def test_nobody_ready_is_alarming_only_while_somebody_waits() -> None:
    assert look(with_operator(OperatorStatus.TALKING)).alarms == ()
    (alarm,) = look(with_operator(OperatorStatus.TALKING, waiting=1)).alarms
    assert (alarm.key, alarm.level) == ("ready", Level.RED)
    ready = look(with_operator(OperatorStatus.READY, waiting=1))
    assert ready.alarms == ()
    assert ready.states[0].level is Level.YELLOW


def test_an_alarm_stays_until_its_cause_has_been_gone_for_a_while() -> None:
    keeper = AlarmKeeper()
    busy = with_operator(OperatorStatus.READY, waiting=6)
    calm = with_operator(OperatorStatus.READY)
    assert [alarm.level for alarm in look(busy, keeper).alarms] == [Level.RED]
    (recovered,) = look(replace(calm, at=MORNING + 1), keeper).alarms
    assert (recovered.level, recovered.detail) == (Level.CALM, "刚刚恢复")
    assert look(replace(calm, at=MORNING + RECOVERY_SECONDS), keeper).alarms == ()


def test_a_part_that_fails_is_alarming() -> None:
    gone = Part(name="asterisk", ok=False, needed=True, text="no connection", since=None)
    view = look(QUIET, health=Health(parts=(gone,)))
    assert [(alarm.level, alarm.title) for alarm in view.alarms] == [(Level.RED, "电话交换 异常")]
    assert not view.lamps[0].ok


def test_an_attack_is_alarming_and_says_that_calls_go_on() -> None:
    attack = Part(name="attacks", ok=False, needed=False, text="1 addresses are refused", since=1.0)
    (alarm,) = look(QUIET, health=Health(parts=(attack,))).alarms
    assert (alarm.level, alarm.title) == (Level.YELLOW, "外部攻击 已设防")
    assert alarm.detail.startswith("通话照常")


@pytest.mark.parametrize(
    ("name", "title"),
    [("journal", "通话日志"), ("store", "工单库"), ("recordings", "录音"), ("backup", "备份")],
)
def test_where_only_storing_fails_the_alarm_says_that_calls_go_on(name: str, title: str) -> None:
    full = Part(name=name, ok=False, needed=False, text="disk is full", since=MORNING)
    (alarm,) = look(QUIET, health=Health(parts=(full,))).alarms
    assert (alarm.level, alarm.title) == (Level.YELLOW, f"{title} 异常")
    assert alarm.detail.startswith("通话照常，")


def test_time_alone_changes_nothing_but_what_ticks() -> None:
    board = with_operator(OperatorStatus.TALKING)
    assert look(board) == look(replace(board, at=MORNING + 1))


def queue(name: str, waiting: int = 0, seconds: float | None = None) -> QueueLine:
    since = None if seconds is None else MORNING - seconds
    return QueueLine(name, name, waiting, since, ready=1, signed_in=3)


def test_one_queue_alone_has_no_row_of_its_own() -> None:
    assert look(replace(QUIET, queues=(queue("hotline"),))).queues == ()


def test_of_several_queues_each_has_a_row_that_says_how_bad_it_is() -> None:
    lines = (queue("hotline"), queue("second", 3, 10), queue("third", 1, 61))
    rows = look(replace(QUIET, queues=lines)).queues
    assert [(row.name, row.waiting, row.level) for row in rows] == [
        ("hotline", 0, Level.CALM),
        ("second", 3, Level.YELLOW),
        ("third", 1, Level.RED),
    ]


# -- who takes part in whose talk ------------------------------------------------------------------


def tiles_with(by: str, *, for_leaders: bool = True, since: float | None = MORNING) -> list[Tile]:
    """The tiles while somebody at seat 7 listens to 001."""
    line = SupervisionLine(by, SupervisionMode.LISTEN, "seat07", since)
    first = replace(QUIET.operators[0], supervision=line)
    board = replace(QUIET, operators=(first, *QUIET.operators[1:]))
    return list(board_view(board, WELL, AlarmKeeper(), for_leaders=for_leaders).tiles)


def told(tiles: list[Tile]) -> dict[str, tuple[str | None, str | None]]:
    return {t.number: (t.heard, t.takes_part) for t in tiles if t.heard or t.takes_part}


def test_who_is_listened_to_is_told_at_their_tile_and_none_moves() -> None:
    tiles = tiles_with("team_leader:1f2e")
    assert told(tiles) == {"001": ("监听", None)}
    assert [tile.number for tile in tiles] == [line.number for line in QUIET.operators]


def test_a_team_leader_who_is_an_operator_is_told_at_their_own_tile_too() -> None:
    assert told(tiles_with("002")) == {"001": ("监听", None), "002": (None, "监听 001")}


def test_who_is_only_rung_takes_no_part_yet_and_others_are_told_nothing() -> None:
    assert told(tiles_with("002", since=None)) == {}
    assert told(tiles_with("002", for_leaders=False)) == {}
