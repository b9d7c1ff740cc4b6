"""dialplan/protection.yaml: against whom, and each mistake at its place."""

from __future__ import annotations

import pytest

from callcenter.numberplan.model import Treatment
from tests.numberplan.edits import loaded, place_of_caret
from tests.plans import TEXTS, small_plan

FILE = "dialplan/protection.yaml"
MISTAKES = {
    "blocked_prompt: ‸greting\n": "there is no prompt 'greting'; did you mean 'greeting'?",
    "limited_prompt: ‸greting\n": "there is no prompt 'greting'; did you mean 'greeting'?",
    "silent: {prompt: ‸greting}\n": "there is no prompt 'greting'; did you mean 'greeting'?",
    "limits: [{calls: ‸0, minutes: 5}]\n": (
        "limits.0.calls: '0' is out of range; write at least 1"
    ),
    "limited: ‸hang_up\n": (
        "limited: 'hang_up' is not known; write one of: announce, last, reject"
    ),
    "sip: {tries: ‸1}\n": "sip.tries: '1' is out of range; write at least 3",
    "sip: {never: [‸10.1.0.0/8]}\n": (
        "sip.never.0: '10.1.0.0/8' does not fit; write an address or a network, such as 10.1.0.0/16"
    ),
    "nuisance: {marks: 3, days: ‸400, block_hours: 24}\n": (
        "nuisance.days: '400' is out of range; write at most 366.0"
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_told_at_its_place(mistake: str) -> None:
    texts = {**TEXTS, FILE: mistake}
    told = [str(error) for error in loaded(texts).errors]
    assert told == [f"{place_of_caret(texts)}: {MISTAKES[mistake]}"]


def test_a_plan_without_the_file_keeps_nobody_out() -> None:
    protection = small_plan().protection
    assert (protection.limits, protection.nuisance, protection.silent) == ((), None, None)


def test_what_is_written_is_what_holds() -> None:
    text = "limits: [{calls: 6, minutes: 10}]\nlimited: last\n"
    plan = loaded({**TEXTS, FILE: text}).plan
    assert plan is not None
    (limit,) = plan.protection.limits
    assert (limit.calls, limit.minutes) == (6, 10)
    assert plan.protection.limited is Treatment.LAST
