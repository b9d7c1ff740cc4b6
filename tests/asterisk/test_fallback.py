"""The fallback dialplan, followed as Asterisk does: each number is treated as the plan says."""

from __future__ import annotations

import re
from datetime import datetime
from functools import cache
from pathlib import Path

import pytest

from callcenter.asterisk.exchange import exchange_of
from callcenter.asterisk.render import configuration
from callcenter.asterisk.secrets import AsteriskSecrets
from callcenter.clock import SHANGHAI
from callcenter.numberplan.decide import decide
from callcenter.numberplan.loader import load
from callcenter.numberplan.model import Action, Plan
from callcenter.settings import PROJECT, Settings
from tests.plans import TEXTS, WITH_MENUS, led_to_callbacks, plan_of

MOMENTS = [
    datetime(2017, 4, 10, 10, tzinfo=SHANGHAI),
    datetime(2017, 8, 31, 23, 59, tzinfo=SHANGHAI),
    datetime(2017, 9, 1, tzinfo=SHANGHAI),
    datetime(2017, 12, 1, 10, tzinfo=SHANGHAI),
    datetime(2018, 7, 1, tzinfo=SHANGHAI),
]
Contexts = dict[str, list[str]]
Treated = tuple[str, ...]
"""Action, then what it is done with: queue and announcement, ways and digits."""


@cache
def the_plan() -> Plan:
    plan = load(PROJECT).plan
    assert plan is not None
    return plan


def dialplan(plan: Plan, at: datetime) -> Contexts:
    """The lines of each context of extensions.conf."""
    exchange = exchange_of(plan, at)
    secrets = AsteriskSecrets("ari", "ami", dict.fromkeys(exchange.seats, "0a"))
    text = configuration(Settings(), exchange, secrets)["extensions.conf"]
    contexts: Contexts = {}
    for line in text.splitlines():
        if line.startswith("["):
            lines = contexts.setdefault(line.strip("[]"), [])
        elif line.startswith(("exten", "same", " same")):
            lines.append(line.strip())
    return contexts


def treated(contexts: Contexts, dialled: str, *, again: bool = False) -> Treated:
    """What happens to a call that reaches [fallback] with this DIALLED."""
    starts = dict(re.findall(r"exten => (.*),1,Goto\((.*),s,1\)", "\n".join(table(contexts))))
    key = dialled.replace("-", "_")
    if key not in starts:
        key = re.sub(r"[^0-9A-Za-z+*#]", "", dialled)
    context, announcement = starts.get(key, "fallback-reject"), ""
    while context.removeprefix("fallback-") in the_numbers(contexts):
        lines = contexts[context]
        if any("(again)" in line for line in lines):
            at = next(i for i, line in enumerate(lines) if "(again)" in line)
            lines = lines[at:] if again else lines[:at]
        for line in lines:
            if found := re.search(r"Set\(ANNOUNCEMENT=(.*)\)", line):
                announcement = found[1]
            if found := re.search(r"Goto\((.*),s,1\)", line):
                context = found[1]
    if context.startswith("fallback-queue-"):
        return "queue", context.removeprefix("fallback-queue-"), announcement
    if context.startswith("forward-"):
        return "forward", *(line.split("Dial(")[1] for line in contexts[context] if "Dial(" in line)
    return (context.removeprefix("fallback-"), announcement)


def table(contexts: Contexts) -> list[str]:
    return contexts["fallback-numbers"]


def the_numbers(contexts: Contexts) -> set[str]:
    return {line.split("Goto(fallback-")[1].split(",")[0] for line in table(contexts)}


def planned(plan: Plan, number: str, at: datetime, diverted: tuple[str, ...] = ()) -> Treated:
    """The same as `decide` says it."""
    route = decide(plan, number, None, at, diverted)
    match route.action:
        case Action.QUEUE:
            queue = route.queue or ""
            return "queue", queue, route.announcement or plan.queues[queue].greeting or ""
        case Action.FORWARD:
            seconds = round(plan.limits.forward_ring_seconds)
            digits = ""
            if route.after_answer_digits:
                digits = (
                    f"D({'w' * round(route.after_answer_pause * 2)}{route.after_answer_digits})"
                )
            return "forward", *(
                f"PJSIP/{to.digits}@trunk-{to.trunk},{seconds},"
                f"ib(forwarded^s^1({route.number}^{to.trunk})){digits})"
                for to in route.targets
            )
        case _:
            return route.action.value, route.announcement or ""


@pytest.mark.parametrize("at", MOMENTS, ids=str)
def test_every_number_in_every_spelling_is_treated_as_the_plan_says(at: datetime) -> None:
    plan = the_plan()
    contexts = dialplan(plan, at)
    assert len(plan.numbers) == 67
    for spelling, number in plan.directory.table.items():
        assert treated(contexts, spelling) == planned(plan, number, at), spelling


@pytest.mark.parametrize("at", MOMENTS, ids=str)
def test_a_call_that_has_been_through_us_is_not_forwarded(at: datetime) -> None:
    plan = the_plan()
    contexts = dialplan(plan, at)
    for number in plan.numbers:
        here = treated(contexts, number, again=True)
        if number in plan.directory.table:
            assert here == planned(plan, number, at, (number,)), number
            assert here[0] != "forward"


@pytest.mark.parametrize("dialled", ["123662", "1234", "99912345", "s", "", "hotline"])
def test_what_is_no_number_of_the_plan_is_refused(dialled: str) -> None:
    contexts = dialplan(the_plan(), MOMENTS[3])
    assert treated(contexts, dialled) == ("reject", "")


def test_a_caller_whose_talk_is_over_is_let_go() -> None:
    lines = dialplan(the_plan(), MOMENTS[0])["fallback"]
    entered = next(i for i, line in enumerate(lines) if "CALLENTERED" in line)
    assert 'GotoIf($["${OVER}" = "1"]?over)' in lines[entered + 1]
    assert "same => n(over),Hangup()" in lines


def test_separators_make_no_difference() -> None:
    contexts = dialplan(the_plan(), MOMENTS[3])
    assert treated(contexts, "0519-12345") == treated(contexts, "12345")


def test_a_closed_queue_says_so() -> None:
    queues = """
queues:
  hotline: {title: 热线, hours: office, closed: {announce: queue_sorry}}
"""
    hours = """
hours:
  office: {title: 办公, weekly: {monday: [09:00-12:00]}}
"""
    plan = plan_of({**TEXTS, "dialplan/queues.yaml": queues, "dialplan/hours.yaml": hours})
    monday = datetime(2017, 12, 4, 11, 59, tzinfo=SHANGHAI)
    assert treated(dialplan(plan, monday), "12345")[:2] == ("queue", "hotline")
    noon = monday.replace(hour=12, minute=0)
    assert treated(dialplan(plan, noon), "12345") == ("announce", "queue_sorry")


def test_a_menu_is_its_otherwise_and_a_voice_box_takes_messages() -> None:
    plan = plan_of(WITH_MENUS)
    monday, tuesday = (datetime(2017, 12, day, 10, tzinfo=SHANGHAI) for day in (4, 5))
    assert treated(dialplan(plan, monday), "12333") == (
        "queue",
        "hotline",
        spoken("greeting", "system_busy"),
    )
    assert treated(dialplan(plan, monday), "12348") == ("queue", "hotline", "greeting")
    contexts = dialplan(plan, tuesday)
    assert treated(contexts, "12348") == ("voice-box-night", "system_busy")
    recorded = next(line for line in contexts["fallback-voice-box-night"] if "Record(" in line)
    assert recorded.endswith("_v${EPOCH}.wav,5,120,kq)")


def test_a_callback_is_the_queues_apology() -> None:
    contexts = dialplan(led_to_callbacks(), datetime(2017, 12, 5, 10, tzinfo=SHANGHAI))
    assert treated(contexts, "12345") == ("announce", spoken("system_busy", "queue_sorry"))


def test_a_closed_queue_leads_to_a_partner_but_not_who_came_from_there() -> None:
    queues = """
queues:
  hotline: {title: 热线, hours: office, closed: {partner: 12319, prompt: system_busy}}
"""
    hours = """
hours:
  office: {title: 办公, weekly: {monday: [09:00-12:00]}}
"""
    plan = plan_of({**TEXTS, "dialplan/queues.yaml": queues, "dialplan/hours.yaml": hours})
    contexts = dialplan(plan, datetime(2017, 12, 4, 12, tzinfo=SHANGHAI))
    assert treated(contexts, "12345") == (
        "forward",
        "PJSIP/12319@trunk-12319,60,ib(forwarded^s^1(12345^12319)))",
    )
    assert any("Playback" in line for line in contexts["forward-12345-to-12319"])
    assert treated(contexts, "12319", again=True) == ("forward",)


def spoken(*prompts: str) -> str:
    """Sounds one after the other, as Playback takes them."""
    return f"&{Settings().sounds}/".join(prompts)


def test_the_answer_at_a_moment_is_all_that_time_changes() -> None:
    plan = the_plan()
    assert exchange_of(plan, MOMENTS[1]) != exchange_of(plan, MOMENTS[2])
    assert exchange_of(plan, MOMENTS[3]) == exchange_of(plan, MOMENTS[3].replace(hour=11))


def test_what_a_number_says_can_change_while_its_callers_wait() -> None:
    """The steps of queues and own lines are the same before and after a cutover."""
    plan = the_plan()
    before, after = dialplan(plan, MOMENTS[1]), dialplan(plan, MOMENTS[2])
    for name in before.keys() & after.keys():
        if name.startswith(("fallback-queue-", "forward-")):
            assert before[name] == after[name]


def test_nothing_is_written_where_the_data_are_not(tmp_path: Path) -> None:
    exchange = exchange_of(the_plan(), MOMENTS[0])
    secrets = AsteriskSecrets("ari", "ami", dict.fromkeys(exchange.seats, "0a"))
    settings = Settings(data=tmp_path / "var")
    text = configuration(settings, exchange, secrets)["extensions.conf"]
    assert f"MixMonitor({settings.asterisk}/spool/recording/${{CALLID}}.wav)" in text
