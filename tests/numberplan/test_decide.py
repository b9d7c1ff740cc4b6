"""What the plan does with each kind of number, by date, spelling and the way the call came."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import perf_counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.clock import SHANGHAI
from callcenter.numberplan.cli import as_row, explanation
from callcenter.numberplan.decide import decide
from callcenter.numberplan.loader import load
from callcenter.numberplan.model import Action, DialTarget, Mode, Plan, Route, State
from tests.plans import edited, led_to_callbacks, menu_plan, small_plan

REGISTRY = Path(__file__).with_name("registry.tsv")
ROWS = [
    (*line.split("\t"), "")[:6]
    for line in REGISTRY.read_text(encoding="utf-8").splitlines()
    if not line.startswith("#")
]
FORMAL_RUN = datetime(2018, 7, 1, tzinfo=SHANGHAI)
MOMENT = timedelta(microseconds=1)


@pytest.fixture(scope="module")
def city() -> Plan:
    """The plan that is in force: the files of this project."""
    loaded = load(Path(__file__).resolve().parents[2])
    assert loaded.plan is not None, "\n".join(str(error) for error in loaded.errors)
    return loaded.plan


def on(day: str) -> datetime:
    return datetime.fromisoformat(day).replace(tzinfo=SHANGHAI)


def cutover(month: str) -> datetime:
    return on(f"{month}-01")


# -- the 67 numbers --------------------------------------------------------------------------------


def test_the_plan_has_the_67_numbers_as_in_the_annexes(city: Plan) -> None:
    ours = {
        (
            each.number,
            each.mode.value,
            each.cutover.strftime("%Y-%m") if each.cutover else "",
            each.owner,
            each.service,
            "、".join(each.aliases),
        )
        for each in city.numbers.values()
    }
    assert ours == set(ROWS)
    assert len(ours) == 67


@pytest.mark.parametrize("number", [row[0] for row in ROWS])
def test_each_number_at_each_date_of_its_life(city: Plan, number: str) -> None:
    (mode, month) = next(row[1:3] for row in ROWS if row[0] == number)
    entry = city.numbers[number]

    def route(at: datetime) -> Route:
        found = decide(city, number, "+8651987200000", at)
        assert (found.number, found.mode, found.owner) == (number, mode, entry.owner)
        return found

    dates = [on("2016-12-31"), on("2017-05-15"), FORMAL_RUN - MOMENT, FORMAL_RUN, on("2040-01-01")]
    if month:
        dates += [cutover(month) - MOMENT, cutover(month)]
    for at in dates:
        found = route(at)
        taken_over = bool(month) and at >= cutover(month)
        expected: tuple[State, Action, str | None, str | None]
        match Mode(mode):
            case Mode.PRIMARY:
                expected = (State.LIVE, Action.QUEUE, "hotline", None)
            case Mode.PARALLEL:
                expected = (State.LIVE, Action.FORWARD, None, None)
            case _ if not taken_over:
                expected = (State.LIVE, Action.FORWARD, None, None)
            case Mode.RESIDENT:
                expected = (State.FORWARDED, Action.FORWARD, None, None)
                assert found.targets == (DialTarget(trunk="changzhou", digits=number),)
            case Mode.DIRECT_KEEP:
                expected = (State.FORWARDED, Action.QUEUE, "hotline", None)
            case Mode.DIRECT_RETIRE if at < FORMAL_RUN:
                expected = (State.FORWARDED, Action.QUEUE, "hotline", f"forwarded_{number}")
            case _:
                expected = (State.ANNOUNCED, Action.ANNOUNCE, None, f"announced_{number}")
        assert (found.state, found.action, found.queue, found.announcement) == expected
        if found.action is Action.FORWARD and not (taken_over and mode == Mode.RESIDENT):
            assert found.targets == entry.own_line
        assert found.steps


def test_the_projects_own_emergency_numbers_are_all_there(city: Plan) -> None:
    for number in ("110", "119", "120", "122", "12395"):
        route = decide(city, number, None, on("2018-01-01"))
        assert route.action is Action.EMERGENCY
        assert route.targets == (
            DialTarget(trunk="telecom", digits=number),
            DialTarget(trunk="unicom", digits=number),
        )
    assert decide(city, "87229110", None, on("2018-01-01")).action is Action.QUEUE
    assert decide(city, "87112369", None, on("2018-01-01")).action is Action.QUEUE


def test_12319_has_a_trunk_of_its_own_and_12366_2_presses_2(city: Plan) -> None:
    assert decide(city, "12319", None, on("2018-01-01")).targets == (
        DialTarget(trunk="12319", digits="12319"),
    )
    tax, local_tax = (
        decide(city, number, None, on("2018-01-01")) for number in ("12366", "12366-2")
    )
    assert local_tax.targets == tax.targets
    assert (tax.after_answer_digits, local_tax.after_answer_digits) == (None, "2")
    assert local_tax.after_answer_pause > 0


def test_15_operators_20_seats_and_the_dispatch_room(city: Plan) -> None:
    assert list(city.operators) == [f"{number:03}" for number in range(1, 16)]
    assert list(city.seats) == [f"seat{number:02}" for number in range(1, 21)]
    assert [room.title for room in city.rooms.values()] == ["调度室"]
    assert len(city.units) == 77


# -- how a number is written -----------------------------------------------------------------------


@pytest.mark.parametrize(
    "dialled",
    [
        "12310",
        "051912310",
        "+8651912310",
        "8651912310",
        "008651912310",
        "+86051912310",
        "+8612310",
        "12310;phone-context=+86519",
        "+86-519-12310",
        " 0519 12310 ",
        "%2B8651912310",
    ],
)
def test_a_number_is_known_in_every_spelling(dialled: str) -> None:
    route = decide(small_plan(), dialled, None, on("2017-12-01"))
    assert (route.number, route.action) == ("12310", Action.QUEUE)


@pytest.mark.parametrize("dialled", ["12366-2", "66669999", "051966669999", "+8651966669999"])
def test_a_pilot_number_stands_for_its_number(dialled: str) -> None:
    plan = edited(
        "dialplan/numbers.yaml",
        "service: 税务服务热线",
        "service: 税务服务热线\n    dids: ['051966669999']",
    )
    assert decide(plan, dialled, None, on("2017-12-01")).number == "12366-2"


@pytest.mark.parametrize(
    "dialled", ["0519110", "+8651910", "1100", "0110", "87209110", "+86110", "1"]
)
def test_an_emergency_number_is_matched_exactly_only(dialled: str) -> None:
    assert decide(small_plan(), dialled, None, on("2017-12-01")).action is Action.REJECT
    assert decide(small_plan(), "110", None, on("2017-12-01")).action is Action.EMERGENCY


@pytest.mark.parametrize("dialled", ["", "12346", "1234", "112345", "123451", "sip", "99912345"])
def test_an_unknown_number_is_refused_and_says_so(dialled: str) -> None:
    route = decide(small_plan(), dialled, None, on("2017-12-01"))
    assert (route.action, route.number, route.mode) == (Action.REJECT, dialled, None)
    assert "no number of the plan" in route.steps[0].text


# -- dates and settings ----------------------------------------------------------------------------


def test_days_are_those_of_shanghai() -> None:
    last_second = datetime(2017, 4, 30, 15, 59, 59, tzinfo=UTC)
    plan = small_plan()
    assert decide(plan, "12310", None, last_second).state is State.LIVE
    assert decide(plan, "12310", None, last_second + timedelta(seconds=1)).state is State.FORWARDED


def test_a_moment_without_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        decide(small_plan(), "12345", None, datetime(2017, 12, 1))  # noqa: DTZ001


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("queue: hotline\n", "queue: hotline\nannounced_then: queue\n"),
        ("mode: direct_retire\n", "mode: direct_retire\n    announced_then: queue\n"),
    ],
)
def test_a_replaced_number_may_connect_after_its_announcement(old: str, new: str) -> None:
    plan = edited("dialplan/numbers.yaml", old, new)
    route = decide(plan, "87209900", None, FORMAL_RUN)
    assert (route.state, route.action) == (State.ANNOUNCED, Action.QUEUE)
    assert (route.queue, route.announcement) == ("hotline", "announced_87209900")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("queue: hotline\n", "queue: hotline\nretired_from: 2019-07-01\n"),
        ("mode: direct_retire\n", "mode: direct_retire\n    retired_from: 2019-07-01\n"),
    ],
)
def test_a_retired_number_is_unallocated(old: str, new: str) -> None:
    plan = edited("dialplan/numbers.yaml", old, new)
    assert decide(plan, "87209900", None, on("2019-06-30T23:59:59")).state is State.ANNOUNCED
    route = decide(plan, "87209900", None, on("2019-07-01"))
    assert (route.state, route.action) == (State.RETIRED, Action.REJECT)
    assert decide(plan, "12310", None, on("2040-01-01")).action is Action.QUEUE


MONDAY, TUESDAY = on("2017-12-04T10:00"), on("2017-12-05T10:00")
"""The small plan's hours `always` know no day but Monday."""


def closed_on_tuesday(closed: str) -> Plan:
    """The hotline's queue leads there when it is closed."""
    hours = f"max_wait_seconds: 1800\n    hours: always\n    closed: {closed}"
    return edited("dialplan/queues.yaml", "max_wait_seconds: 1800", hours)


def test_a_queue_with_hours_answers_with_a_prompt_when_closed() -> None:
    plan = closed_on_tuesday("{announce: queue_sorry}")
    assert decide(plan, "12345", None, MONDAY).action is Action.QUEUE
    closed = decide(plan, "12345", None, TUESDAY)
    assert (closed.action, closed.announcement) == (Action.ANNOUNCE, "queue_sorry")


def test_a_closed_queue_leads_to_another_after_a_prompt() -> None:
    plan = closed_on_tuesday("{queue: night, prompt: system_busy}\n  night: {title: 夜间}")
    closed = decide(plan, "87209900", None, TUESDAY)
    assert (closed.action, closed.queue) == (Action.QUEUE, "night")
    assert (closed.announcement, closed.prompt) == ("forwarded_87209900", "system_busy")
    assert "queue hotline is closed now (always)" in [step.text for step in closed.steps]
    assert decide(plan, "87209900", None, MONDAY).prompt is None


def test_a_closed_queue_leads_to_a_partner() -> None:
    plan = closed_on_tuesday("{partner: 12366-2, prompt: system_busy}")
    closed = decide(plan, "12345", None, TUESDAY)
    assert (closed.action, closed.partner, closed.owner) == (Action.FORWARD, "12366-2", "政务办")
    assert closed.targets == plan.numbers["12366-2"].own_line
    assert (closed.after_answer_digits, closed.after_answer_pause) == ("2", 1.5)


def test_a_closed_queue_leads_to_a_callback() -> None:
    closed = decide(led_to_callbacks(), "87209900", None, TUESDAY)
    assert (closed.action, closed.callback, closed.queue) == (Action.CALLBACK, "hotline", None)
    assert (closed.announcement, closed.prompt) == ("forwarded_87209900", "system_busy")
    assert closed.steps[-1].text == "to callback hotline after forwarded_87209900 and system_busy"
    told = "-> callback by queue hotline after forwarded_87209900 and system_busy"
    assert explanation(closed).endswith(told)
    assert as_row(closed)["target"] == "hotline"


def test_a_number_leads_to_a_menu_after_its_own_greeting() -> None:
    route = decide(menu_plan(), "12333", None, MONDAY)
    assert (route.action, route.menu, route.announcement) == (Action.MENU, "main", "greeting")


def test_a_number_has_hours_of_its_own() -> None:
    assert decide(menu_plan(), "12348", None, MONDAY).action is Action.QUEUE
    closed = decide(menu_plan(), "12348", None, TUESDAY)
    assert (closed.action, closed.voice_box) == (Action.VOICE_MAIL, "night")
    assert closed.prompt == "system_busy"
    assert "12348 is closed now (always)" in [step.text for step in closed.steps]


def test_a_trunks_prefix_is_dialled_before_own_lines_but_not_emergency_numbers() -> None:
    plan = edited("trunks/telecom.yaml", "channels: 6", "dial_prefix: 9\nchannels: 6")
    before = on("2017-01-01")
    assert [target.digits for target in decide(plan, "12310", None, before).targets] == [
        "966660001",
        "66660001",
    ]
    assert [target.digits for target in decide(plan, "110", None, before).targets] == ["110"] * 2


# -- never round again -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "through",
    ["12310", "051987209900", "+8651912345", "66660001", "051966660001", "+8651966660004"],
)
@pytest.mark.parametrize("number", ["12319", "12310", "12315", "12366-2"])
def test_a_call_that_was_here_before_is_queued(number: str, through: str) -> None:
    before = on("2017-04-01")
    assert decide(small_plan(), number, None, before).action is Action.FORWARD
    route = decide(small_plan(), number, None, before, ["051988880000", through])
    assert (route.action, route.queue) == (Action.QUEUE, "hotline")
    assert any("instead" in step.text for step in route.steps)


def test_a_call_that_one_of_our_numbers_forwarded_under_its_own_name_is_queued() -> None:
    assert decide(small_plan(), "12319", "87209900", on("2018-01-01")).action is Action.QUEUE
    assert decide(small_plan(), "12319", "87209901", on("2018-01-01")).action is Action.FORWARD


def test_a_diversion_by_strangers_changes_nothing() -> None:
    route = decide(small_plan(), "12319", None, on("2018-01-01"), ["110", "051912399", ""])
    assert route.action is Action.FORWARD


# -- explained, deterministic, fast ----------------------------------------------------------------


def test_each_step_names_the_line_that_says_so() -> None:
    plan = small_plan()
    steps = decide(plan, "87209900", None, on("2017-12-01")).steps
    assert [(step.file, step.line) for step in steps] == [
        ("dialplan/numbers.yaml", 13),
        ("dialplan/numbers.yaml", 14),
        ("dialplan/phases.yaml", 5),
        ("dialplan/numbers.yaml", 2),
    ]
    for step in steps:
        assert step.file is not None
        assert step.line is not None
    mode_line = plan.texts["dialplan/numbers.yaml"].splitlines()[12]
    assert mode_line.strip() == "mode: direct_retire"


@given(
    number=st.one_of(st.text(max_size=20), st.from_regex(r"\+?[0-9]{1,14}(;[a-z=+0-9]*)?")),
    caller=st.none() | st.text(max_size=20),
    at=st.datetimes(timezones=st.just(UTC)),
    diverted=st.lists(st.text(max_size=20), max_size=4),
)
def test_every_call_gets_one_route_that_can_be_carried_out(
    number: str, caller: str | None, at: datetime, diverted: list[str]
) -> None:
    plan = small_plan()
    route = decide(plan, number, caller, at, diverted)
    assert route == decide(plan, number, caller, at, diverted)
    assert Route.model_validate(route.model_dump()) == route
    assert (route.queue in plan.queues) == (route.action is Action.QUEUE)
    assert bool(route.targets) == (route.action in (Action.FORWARD, Action.EMERGENCY))
    assert route.action is not Action.ANNOUNCE or route.announcement in plan.prompts


@given(
    number=st.sampled_from(("12345", "+8612345", "12310", "87209900", "12319", "12315", "1234")),
    caller=st.sampled_from((None, "+8613912345678", "12319")),
    diverted=st.sampled_from(((), ("12319",), ("051988880000",))),
    day=st.floats(0.0, 450.0).map(lambda days: on("2017-06-01") + timedelta(days=days)),
    later=st.lists(st.floats(0.0, 90.0), min_size=1, max_size=5),
)
def test_what_was_decided_for_this_minute_is_what_would_be_decided_anew(
    number: str, caller: str | None, diverted: tuple[str, ...], day: datetime, later: list[float]
) -> None:
    plans = (small_plan(), menu_plan(), led_to_callbacks())
    opening = day.replace(hour=day.hour % 2 + 8, minute=29, second=0)
    for at in (day, *(opening + timedelta(seconds=seconds) for seconds in later)):
        for plan in plans:
            known = decide(plan, number, caller, at, diverted)
            plan.routes.clear()
            assert decide(plan, number, caller, at, diverted) == known


def test_only_numbers_of_the_plan_are_kept() -> None:
    plan = small_plan()
    for number in ("12345;a=1", "12345;a=2", "1", "12345", "+8612345"):
        decide(plan, number, None, FORMAL_RUN)
    assert plan.routes.keys() <= plan.directory.table.keys()


def test_a_decision_takes_microseconds(city: Plan) -> None:
    numbers, at = list(city.numbers), on("2018-08-01")
    decide(city, "12345", None, at)

    def round_of_all() -> float:
        began = perf_counter()
        for number in numbers:
            decide(city, number, "+8613912345678", at, ("051988880000",))
        return (perf_counter() - began) / len(numbers)

    # Below 30 µs on an idle machine; the bound leaves room for a busy one.
    assert min(round_of_all() for _ in range(20)) < 200e-6
