"""Menus: what callers hear, which keys lead where, and what becomes of those who press none."""

from __future__ import annotations

import pytest

from callcenter.calls.commands import Answer, OutsideAddress, StopPlaying
from callcenter.calls.events import CallDetoured, PlanChanged
from callcenter.calls.state import Phase
from callcenter.orders.record import Outcome
from tests.calls.desk import Desk
from tests.plans import WITH_MENUS, menu_plan, plan_of, without_queue

MENU = "12333"


@pytest.fixture
def desk() -> Desk:
    return Desk(plan=menu_plan())


def test_the_caller_is_answered_and_hears_the_hotlines_greeting_and_the_choices(desk: Desk) -> None:
    call = desk.call(MENU)
    assert desk.sent(Answer)
    assert desk.heard(call) == [("greeting", "menu_main")]
    assert desk.state(call).phase is Phase.MENU


def test_a_key_leads_to_a_queue(desk: Desk) -> None:
    call = desk.call(MENU)
    desk.prompt_ends(call)
    desk.key(call, "1")
    assert desk.heard(call)[-1] == ("greeting",)
    assert (desk.state(call).phase, desk.state(call).queue) == (Phase.GREETING, "hotline")
    desk.prompt_ends(call)
    assert desk.state(call).phase is Phase.WAITING


def test_a_key_ends_what_is_being_said(desk: Desk) -> None:
    call = desk.call(MENU)
    saying = desk.state(call).playback
    desk.key(call, "2")
    assert [stop.playback for stop in desk.sent(StopPlaying)] == [saying]
    assert desk.heard(call)[-1] == ("menu_more",)
    desk.news()  # that the first prompt is over
    assert desk.state(call).playback is not None


def test_nothing_is_stopped_when_all_is_said(desk: Desk) -> None:
    call = desk.call(MENU)
    desk.prompt_ends(call)
    desk.key(call, "2")
    assert not desk.sent(StopPlaying)


def test_keys_may_be_pressed_ahead_through_several_menus(desk: Desk) -> None:
    call = desk.call(MENU)
    desk.key(call, "2", "0", "3")
    assert [dial.to for dial in desk.dialled()] == [OutsideAddress("12319", "12319")]
    assert desk.switch.legs[call].music


def test_a_key_leads_to_a_voice_box_and_another_to_a_last_prompt(desk: Desk) -> None:
    one, other = desk.call(MENU), desk.call(MENU)
    desk.key(one, "9")
    assert desk.state(one).phase is Phase.VOICE_MAIL
    desk.key(other, "2", "*")
    desk.prompt_ends(other)
    assert desk.order(other).outcome is Outcome.ANNOUNCED


def test_a_wrong_key_is_told_and_the_choices_are_said_again(desk: Desk) -> None:
    call = desk.call(MENU)
    desk.key(call, "7")
    assert desk.heard(call)[-1] == ("menu_wrong", "menu_main")
    desk.prompt_ends(call)
    desk.key(call, "1")
    assert desk.state(call).queue == "hotline"


def test_no_key_in_time_is_told_and_the_choices_are_said_again(desk: Desk) -> None:
    call = desk.call(MENU)
    desk.prompt_ends(call)
    desk.wait(4.9)
    assert len(desk.heard(call)) == 1
    desk.wait(0.2)
    assert desk.heard(call)[-1] == ("menu_none", "menu_main")


def test_who_presses_no_right_key_is_led_on_in_the_end(desk: Desk) -> None:
    call = desk.call(MENU)
    desk.key(call, "7")
    desk.prompt_ends(call)
    desk.wait(5.0)
    assert desk.heard(call)[-1] == ("menu_none", "menu_main")
    desk.key(call, "8")
    assert desk.heard(call)[-1] == ("system_busy",)
    desk.prompt_ends(call)
    assert (desk.state(call).phase, desk.state(call).queue) == (Phase.WAITING, "hotline")


def test_each_menu_counts_for_itself(desk: Desk) -> None:
    call = desk.call(MENU)
    desk.key(call, "7", "7", "2", "0", "7", "7")
    assert desk.heard(call)[-1] == ("menu_wrong", "menu_main")


def test_who_goes_round_in_menus_is_led_on_after_a_while_whatever_is_pressed(desk: Desk) -> None:
    call = desk.call(MENU)
    keys = 0
    while desk.state(call).phase is Phase.MENU:
        desk.prompt_ends(call)
        desk.wait(4.5)
        desk.key(call, "20"[keys % 2])
        keys += 1
    assert keys == 67, "every 4.5 s, for 300 s"
    assert desk.heard(call)[-1] == ("voice_mail_greeting",), "as `more` does for no key"
    assert desk.state(call).phase is Phase.VOICE_MAIL


def test_a_key_that_leads_out_of_menus_counts_at_any_time(desk: Desk) -> None:
    call = desk.call(MENU)
    for key in "20" * 34:
        desk.prompt_ends(call)
        desk.wait(4.4)
        desk.key(call, key)
    desk.wait(4.4)
    desk.key(call, "3")
    assert [dial.to for dial in desk.dialled()] == [OutsideAddress("12319", "12319")]


def test_nothing_is_said_again_after_that_time(desk: Desk) -> None:
    call = desk.call(MENU)
    for key in "20" * 33:
        desk.prompt_ends(call)
        desk.wait(4.5)
        desk.key(call, key)
    desk.prompt_ends(call)
    desk.wait(4.5)
    desk.key(call, "7")
    assert desk.heard(call)[-1] == ("system_busy",), "otherwise, though it may be said again twice"


def test_a_caller_who_hangs_up_has_given_up(desk: Desk) -> None:
    while_said, afterwards = desk.call(MENU), desk.call(MENU)
    desk.goes(while_said)
    desk.prompt_ends(afterwards)
    desk.goes(afterwards)
    assert {desk.order(call).outcome for call in (while_said, afterwards)} == {Outcome.ABANDONED}
    assert not desk.switch.legs


def test_a_prompt_whose_end_is_never_told_does_not_hold_the_caller(desk: Desk) -> None:
    call = desk.call(MENU)
    desk.switch.legs[call].playing = None
    desk.wait(61.0)
    assert desk.state(call).playback is None
    desk.wait(5.0)
    assert desk.heard(call)[-1] == ("menu_none", "menu_main")


def test_a_restart_leaves_the_caller_in_the_menu(desk: Desk) -> None:
    call = desk.call(MENU)
    desk.switch.prompt_ends(call)
    desk.switch.lose_events()
    desk.happens(desk.switch.reconciled())
    desk.key(call, "2")
    assert desk.heard(call)[-1] == ("menu_more",)


@pytest.mark.parametrize("how", ["key", "time"])
def test_a_menu_that_an_edit_took_away_leads_to_a_queue(desk: Desk, how: str) -> None:
    call = desk.call(MENU)
    desk.prompt_ends(call)
    desk.plan = without_queue()
    desk.happens(PlanChanged(desk.plan.hash))
    if how == "key":
        desk.key(call, "7")
    else:
        desk.wait(6.0)
    assert desk.state(call).queue == "other"


def test_a_menu_has_hours(desk: Desk) -> None:
    hours = "    repeats: 0\n    hours: always\n    closed: {voice_box: night}\n"
    menus = WITH_MENUS["dialplan/menus.yaml"].replace("    repeats: 0\n", hours)
    texts = {**WITH_MENUS, "dialplan/menus.yaml": menus}
    desk.plan = plan_of(texts)  # it is a Friday, and `always` knows Mondays alone
    call = desk.call(MENU)
    desk.key(call, "2")
    assert desk.heard(call)[-1] == ("voice_mail_greeting",)


def test_the_dialplan_takes_a_caller_out_of_a_menu(desk: Desk) -> None:
    call = desk.call(MENU)
    desk.happens(CallDetoured(call, "a fault"))
    desk.news()
    assert desk.switch.legs[call].outside
    desk.key(call, "1")
    assert desk.state(call).phase is Phase.NATIVE
