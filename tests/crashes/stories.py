"""What happens to calls while controllers die: every transition of a call is in one of these."""

from __future__ import annotations

from callcenter.calls.events import (
    AddPartner,
    Alternate,
    BecomeNotReady,
    BecomeReady,
    CallEmergency,
    CallForOrder,
    Consult,
    DropPartner,
    Ending,
    ForceSignOut,
    Forward,
    HangUp,
    Hold,
    Join,
    LeaveCall,
    MuteOperator,
    Release,
    ReleasedTo,
    Resume,
    Supervise,
    SupervisionMode,
)
from callcenter.orders.outbound import OrderReference
from tests.crashes.world import (
    Step,
    answer_heard,
    asks,
    caller_goes,
    caller_keys,
    dials,
    is_fetched,
    keys,
    leads,
    message_ends,
    nobody_renews,
    partner_answers,
    partner_goes,
    prompt_ends,
    ready,
    seat_answers,
    seat_dials,
    seat_goes,
    seat_hears,
)

TALKING = (ready(), dials(), prompt_ends(), seat_answers(), prompt_ends())
"""A caller talks with operator 001."""
THREE = (*TALKING, asks(AddPartner("001", "12319")), partner_answers())
CONSULTING = (*TALKING, asks(Consult("001", "12319")), partner_answers())


def listens(mode: str) -> Step:
    """A team leader at seat 3 takes part in operator 001's talk."""
    return leads(Supervise("001", SupervisionMode(mode), "seat03"))


ORDER = OrderReference(
    call="1511300000.7",
    number="320481-20171130-0007",
    caller="+8613800001111",
    hotline="12345",
    queue="hotline",
    operators=("001",),
)
"""Of the day before; operator 001 took it."""
CALLS_OUT = (ready(), asks(CallForOrder("001", ORDER)), seat_answers(), seat_hears())
"""Operator 001 calls the citizen of that order, whose telephone rings."""

BESIDE_A_BUG: tuple[Step, ...] = (
    *(dials(), dials(), prompt_ends(0), prompt_ends(1), ready(), seat_answers()),
    *(prompt_ends(1), caller_goes(1), caller_goes(0)),
)
"""The core fails on the first caller, who is to wait; the second is served."""

STORIES: dict[str, tuple[Step, ...]] = {
    "a talk that the caller ends": (*TALKING, caller_goes()),
    "a talk that the operator ends": (*TALKING, asks(HangUp("001"))),
    "a talk whose operator is lost": (
        *(*TALKING, seat_goes(Ending.LOST), seat_answers(), prompt_ends(), seat_goes()),
    ),
    "a caller gives up": (dials(), prompt_ends(), caller_goes()),
    "a caller waits for a declining operator, then for another": (
        *(dials(), prompt_ends(), ready(), seat_goes(Ending.DECLINED)),
        *(ready("002", "seat02"), seat_answers("seat02"), prompt_ends()),
        *(asks(BecomeNotReady("002", "break")), seat_goes(seat="seat02")),
    ),
    "a caller whom the dead man's switch takes is fetched, and served": (
        *(dials(), prompt_ends(), nobody_renews(), is_fetched(), ready(), seat_answers()),
        *(prompt_ends(), caller_goes()),
    ),
    "a held caller whom the dead man's switch takes is fetched, and gives up": (
        *(*TALKING, asks(Hold("001")), nobody_renews(), is_fetched(), caller_goes()),
    ),
    "two callers, one operator": (
        *(ready(), dials(), dials(), prompt_ends(0), prompt_ends(1), seat_answers()),
        *(prompt_ends(0), caller_goes(0), asks(BecomeReady("001")), seat_answers()),
        *(prompt_ends(1), caller_goes(1)),
    ),
    "a forward of the plan, by its second trunk": (
        *(dials("12366-2"), partner_goes(Ending.UNREACHABLE), partner_answers(), partner_goes()),
    ),
    "a forward of the plan to a busy line": (
        *(dials("12319"), partner_goes(Ending.BUSY), prompt_ends()),
    ),
    "an announcement": (dials("87209900"), prompt_ends()),
    "a number that nobody knows": (dials("99999999"),),
    "a menu that leads to an operator": (
        *(
            ready(),
            dials("12333"),
            caller_keys("7"),
            prompt_ends(),
            caller_keys("2"),
            caller_keys("0"),
        ),
        *(caller_keys("1"), prompt_ends(), seat_answers(), prompt_ends(), caller_goes()),
    ),
    "a menu that leads to a partner": (
        *(dials("12333"), caller_keys("3"), partner_goes(Ending.BUSY), prompt_ends()),
    ),
    "a message that the caller ends": (
        *(dials("12348"), prompt_ends(), message_ends(), prompt_ends()),
    ),
    "a message that ends with the call": (
        *(dials("12333"), caller_keys("29"), caller_keys("5"), prompt_ends(), caller_goes()),
    ),
    "a message in which nothing is said": (
        *(dials("12348"), prompt_ends(), message_ends(0.0), prompt_ends()),
    ),
    "a blind forward": (
        *(*TALKING, asks(Forward("001", "12366-2")), partner_answers(), caller_goes()),
    ),
    "a blind forward to a busy partner": (
        *(*TALKING, keys("*2112319#"), partner_goes(Ending.BUSY), seat_answers()),
        *(prompt_ends(), caller_goes()),
    ),
    "three talk, and the operator leaves": (*(*THREE, asks(LeaveCall("001")), partner_goes()),),
    "three talk, and the partner is dropped": (
        *(*THREE, asks(DropPartner("001")), asks(HangUp("001"))),
    ),
    "a partner who does not come": (
        *(*TALKING, asks(AddPartner("001", "12319")), partner_goes(Ending.BUSY), caller_goes()),
    ),
    "an emergency number joins": (
        *(*TALKING, asks(CallEmergency("001")), partner_goes(Ending.CONGESTION)),
        *(partner_answers(), seat_goes(), caller_goes()),
    ),
    "an operator is lost while 110 is called": (
        *(*TALKING, asks(CallEmergency("001")), seat_goes(Ending.LOST), partner_answers()),
        caller_goes(),
    ),
    "a team leader listens, whispers, barges in, listens again and leaves": (
        *(*TALKING, listens("listen"), seat_answers("seat03"), listens("whisper")),
        *(listens("barge"), listens("listen"), seat_goes(seat="seat03"), caller_goes()),
    ),
    "a team leader whispers until the operator goes": (
        *(*TALKING, listens("whisper"), seat_answers("seat03"), seat_goes()),
    ),
    "a team leader barges in until the caller goes": (
        *(*TALKING, listens("barge"), seat_answers("seat03"), caller_goes()),
    ),
    "a team leader takes over": (
        *(*TALKING, listens("listen"), seat_answers("seat03"), listens("take_over")),
        *(seat_goes(seat="seat03"),),
    ),
    "a team leader does not answer": (
        *(*TALKING, listens("listen"), seat_goes(Ending.NO_ANSWER, "seat03"), caller_goes()),
    ),
    "an operator is released and signed out": (
        *(*TALKING, leads(ForceSignOut("001")), leads(Release("001"))),
        *(ready("002", "seat02"), seat_answers("seat02"), prompt_ends()),
        *(leads(Release("002", ReleasedTo.END)),),
    ),
    "a caller is called back": (
        *(dials(), prompt_ends(), caller_keys("1"), caller_keys("13800001111#1"), prompt_ends()),
        *(ready(), seat_answers(), seat_hears(), partner_answers(), seat_goes()),
    ),
    "a callback that does not reach the citizen": (
        *(dials(), prompt_ends(), caller_keys("113800001111#1"), prompt_ends(), ready()),
        *(seat_answers(), seat_hears(), partner_goes(Ending.BUSY), seat_hears()),
    ),
    "a citizen calls in while being called back": (
        *(dials(caller="13800001111"), prompt_ends(), caller_keys("11"), prompt_ends(), ready()),
        *(seat_answers(), seat_hears(), dials(caller="13800001111"), prompt_ends(1)),
        *(seat_answers(), caller_goes(1)),
    ),
    "a citizen is called for an order": (*CALLS_OUT, partner_answers(), partner_goes()),
    "a citizen is called for an order, and the operator hangs up": (
        *(*CALLS_OUT, partner_answers(), seat_goes()),
    ),
    "a citizen who is called for an order loses the operator": (
        *(*CALLS_OUT, partner_answers(), seat_goes(Ending.LOST), partner_goes()),
    ),
    "a citizen who is called for an order is busy": (
        *(*CALLS_OUT, partner_goes(Ending.CONGESTION), partner_goes(Ending.BUSY), seat_hears()),
    ),
    "an operator does not answer their own call": (
        *(ready(), asks(CallForOrder("001", ORDER)), seat_goes(Ending.NO_ANSWER)),
    ),
    "an operator calls once more after the talk, by code": (
        *(ready(), dials(caller="13800001111"), prompt_ends(), seat_answers(), prompt_ends()),
        *(caller_goes(), seat_dials("*41"), answer_heard(), seat_answers(), seat_hears()),
        *(partner_answers(), seat_goes()),
    ),
    "hold and resume": (
        *(*TALKING, asks(Hold("001")), asks(Resume("001")), keys("*20"), seat_goes()),
    ),
    "a held caller goes": (*TALKING, asks(Hold("001")), caller_goes()),
    "an operator is lost who holds": (*TALKING, asks(Hold("001")), seat_goes(Ending.LOST)),
    "a consultation, to and fro, and all join": (
        *(*CONSULTING, asks(Alternate("001")), asks(Alternate("001")), asks(Join("001"))),
        *(seat_goes(), caller_goes()),
    ),
    "a consultation that is completed": (*CONSULTING, asks(LeaveCall("001")), partner_goes()),
    "a consultation that the partner ends": (*CONSULTING, partner_goes(), caller_goes()),
    "an operator is lost who consults": (*CONSULTING, seat_goes(Ending.LOST), caller_goes()),
    "five talk": (
        *(*THREE, asks(AddPartner("001", "12315")), partner_answers()),
        *(asks(Consult("001", "12366-2")), partner_answers(), asks(Join("001"))),
        *(asks(DropPartner("001")), seat_goes(), partner_goes(), caller_goes()),
    ),
    "a colleague is consulted and takes over": (
        *(*TALKING, ready("002", "seat02"), asks(Consult("001", "002")), seat_answers("seat02")),
        *(asks(LeaveCall("001")), seat_goes(seat="seat02")),
    ),
    "a forward to a colleague who does not answer": (
        *(*TALKING, ready("002", "seat02"), asks(Forward("001", "002"))),
        *(seat_goes(Ending.NO_ANSWER, seat="seat02"), seat_answers(), prompt_ends(), caller_goes()),
    ),
    "a forward to a queue": (*TALKING, asks(Forward("001", "hotline")), caller_goes()),
    "a muted operator": (*TALKING, asks(MuteOperator("001")), keys("*29"), caller_goes()),
    "feature codes": (
        *(seat_dials("*11001"), answer_heard(), seat_dials("*12"), answer_heard(), dials()),
        *(prompt_ends(), seat_answers(), prompt_ends(), keys("*131"), keys("5"), seat_goes()),
    ),
}

SURVEYED: dict[str, tuple[Step, ...]] = {
    "a survey with every question answered": (
        *(*TALKING, asks(HangUp("001")), prompt_ends(), caller_keys("5"), prompt_ends()),
        *(caller_keys("*2"), prompt_ends(), message_ends(), prompt_ends()),
    ),
    "a comment that the caller's hang-up ends": (
        *(*TALKING, asks(HangUp("001")), caller_keys("5"), caller_keys("2"), prompt_ends()),
        caller_goes(),
    ),
    "a survey that the caller leaves": (
        *(*TALKING, seat_goes(), prompt_ends(), caller_keys("95"), caller_goes()),
    ),
}
"""The same, where the plan has callers asked after the talk."""

RUNG_TOGETHER: dict[str, tuple[Step, ...]] = {
    "two are rung, and the second answers": (
        *(ready(), ready("002", "seat02"), dials(), prompt_ends(), seat_answers("seat02")),
        *(prompt_ends(), caller_goes()),
    ),
    "two are rung, and one declines": (
        *(ready(), ready("002", "seat02"), dials(), prompt_ends()),
        *(seat_goes(Ending.DECLINED), seat_answers("seat02"), prompt_ends()),
        seat_goes(seat="seat02"),
    ),
    "two are rung for one caller after another": (
        *(dials(), dials(), prompt_ends(0), prompt_ends(1), ready(), ready("002", "seat02")),
        *(seat_answers(), prompt_ends(0), seat_answers("seat02"), prompt_ends(1)),
        *(caller_goes(0), caller_goes(1)),
    ),
}
"""The same, where all who are ready are rung."""
