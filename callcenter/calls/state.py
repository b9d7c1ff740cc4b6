"""What the centre knows at a moment: calls, operators, seats and today's figures.

All values are frozen; only `turn.Turn.commit` puts new ones into the `Centre`. Times are seconds
since 1970 UTC. Everything here is plain data, so a snapshot of it can be stored and read back.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from enum import StrEnum
from functools import cached_property

from callcenter.analytics.record import StateChange
from callcenter.calls.events import Author, CallForOrder, Ending, SupervisionMode
from callcenter.calls.index import Index
from callcenter.calls.outlook import Outlook
from callcenter.calls.party import NOBODY, Party, Scene
from callcenter.calls.wallboard import OperatorStatus
from callcenter.numberplan.destination import Destination
from callcenter.numberplan.model import DialTarget, Treatment
from callcenter.orders.outbound import Called, OrderReference, OutboundOutcome
from callcenter.orders.record import Barred, Gap, LegRecord, LegRole, Outcome, SurveyAnswer
from callcenter.values import replace, wide


class Phase(StrEnum):
    """Where a call stands. Each has a deadline, so none lasts for ever."""

    GREETING = "greeting"
    MENU = "menu"
    """The caller hears what can be chosen, or is waited for to press a key."""
    VOICE_MAIL = "voice_mail"
    """The caller hears a voice box's greeting, or leaves a message."""
    WAITING = "waiting"
    OFFERED = "offered"
    INTRODUCING = "introducing"
    """The operator has answered; the caller hears the operator's number."""
    TALKING = "talking"
    TRANSFERRING = "transferring"
    """Somebody rings whom the operator brings in; the caller hears music, or goes on talking."""
    THREE_WAY = "three_way"
    """Caller, operator and others talk."""
    HELD = "held"
    """The operator is alone; the caller hears music, or whoever else is in the talk."""
    CONSULTING = "consulting"
    """The operator speaks with somebody alone, or has gone back to the caller meanwhile."""
    FORWARDING = "forwarding"
    FORWARDED = "forwarded"
    """Caller and partner talk: by the plan, or because the operator left them."""
    ARRANGING = "arranging"
    """The caller says at which number to call back instead of waiting."""
    CALLBACK = "callback"
    """Nobody is on the line; the place in the queue is kept until somebody can call back."""
    CALLING_BACK = "calling_back"
    """An operator has taken the callback; the citizen is being called."""
    RINGING_OPERATOR = "ringing_operator"
    """An operator calls somebody: first their own telephone rings."""
    CALLING_OUT = "calling_out"
    """The operator is there; now whoever is to be called is called."""
    ANNOUNCING = "announcing"
    """A last prompt; then the call ends."""
    SURVEY = "survey"
    """The operator has hung up; the caller is asked questions."""
    NATIVE = "native"
    """The fallback dialplan has the caller; Asterisk's own record tells the end."""
    ENDING = "ending"
    """Hang-ups are sent; the call waits for its last leg to go."""


WITH_OPERATOR = frozenset(
    {
        Phase.INTRODUCING,
        Phase.TALKING,
        Phase.TRANSFERRING,
        Phase.THREE_WAY,
        Phase.HELD,
        Phase.CONSULTING,
    }
)
"""Phases in which an operator has taken the call."""
_IN_LINE = frozenset({Phase.WAITING, Phase.CALLBACK})
_TAKEN_UP = frozenset({Phase.OFFERED, Phase.ARRANGING, Phase.CALLING_BACK})
"""They keep their place in the queue, but no operator may be rung for them now."""
_LEGS_OF_A_TALK = 2
"""The caller's and an operator's: only then a team leader can take it over."""
LOWEST_PRIORITY, HIGHEST_PRIORITY = -9, 9
"""Of a caller; most have 0."""


class CallbackState(StrEnum):
    """What became of a wish to be called back."""

    CONFIRMING = "confirming"
    """The caller hears the number and says whether it is right."""
    KEYING = "keying"
    """The caller keys another one in."""
    OPEN = "open"
    DONE = "done"
    """Operator and citizen talked."""
    FAILED = "failed"
    """Tried as often, or waited as long, as the plan says."""
    CANCELLED = "cancelled"
    """The citizen has called in meanwhile."""
    TWICE = "twice"
    """The number was noted before, which stands."""


class Transfer(StrEnum):
    """In which way somebody who rings is brought in."""

    BLIND = "blind"
    """The operator has left."""
    THREE_WAY = "three_way"
    """The operator waits for them with a ringing tone; then all talk."""
    CONSULT = "consult"
    """The same; then the two talk without the caller."""
    EMERGENCY = "emergency"
    """The operator stays with the caller, who is never alone (one-key transfer)."""


class SystemReason(StrEnum):
    """Not-ready reasons that the centre gives by itself; the plan's own have other names."""

    SIGNED_IN = "signed_in"
    MISSED = "missed"
    DECLINED = "declined"
    UNREACHABLE = "unreachable"
    SIGNED_OUT = "signed_out"
    """Only wished for: who is free then signs out."""


SYSTEM_REASON_TITLES = {
    SystemReason.SIGNED_IN: "刚签入",
    SystemReason.MISSED: "漏接",
    SystemReason.DECLINED: "拒接",
    SystemReason.UNREACHABLE: "话机离线",
    SystemReason.SIGNED_OUT: "即将签出",
}


@dataclass(frozen=True, kw_only=True)
class Stint:
    """One wait in a queue and the talk that it led to, as queue_log.py tells of them."""

    queue: str
    entered: float
    """Start of the wait."""
    position: int
    """The caller's place then, from 1."""
    leg: str | None = None
    """The operator's, once one has answered."""
    operator: str = ""
    connected: float = 0.0
    """When the operator answered."""


@dataclass(frozen=True, kw_only=True)
class Callback:
    """Call somebody back: whom, and how far that has come."""

    state: CallbackState
    number: str = ""
    """E.164."""
    instead: bool = False
    """There is no queue to go back to."""
    waited_in: str | None = None
    """The queue that led the caller here, who goes back there without a callback."""
    wrong: int = 0
    """Numbers keyed in that could not be called."""
    tries: int = 0
    """Times the citizen was called."""
    due: float = 0.0
    """Not before."""
    until: float = 0.0
    """Given up then."""
    told: bool = False
    """The operator hears that the citizen could not be reached."""


@dataclass(frozen=True, kw_only=True)
class SurveyState:
    """Where a caller is in a survey."""

    name: str
    """Of the plan."""
    until: float
    """When the whole of it is over at the latest."""
    question: int = 0
    """Its place, from 0."""
    repeats: int = 0
    """How often it was asked again after a wrong key or none."""


@dataclass(frozen=True, kw_only=True)
class Block:
    """One entry of the blocklist."""

    number: str
    """E.164; a prefix ends in `*`."""
    since: float
    until: float
    reason: str
    treatment: Treatment
    by: str
    """Who entered it: an operator's number, role and token, or `rule`."""


@dataclass(frozen=True, kw_only=True)
class BlockChange:
    """One change of the blocklist."""

    at: float
    by: str
    number: str
    until: float | None = None
    """None: the entry was taken out."""
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class Shield:
    """The blocklist, and what was marked."""

    blocks: dict[str, Block] = field(default_factory=dict)
    changes: tuple[BlockChange, ...] = ()
    """The latest, oldest first."""
    marks: dict[str, tuple[float, ...]] = field(default_factory=dict)
    """When a caller (E.164) was marked as a nuisance, as long as that counts."""


@dataclass(frozen=True, kw_only=True)
class SilentRelease:
    """A caller of whom nothing is heard is about to be released."""

    leg: str
    """The operator's: only that talk is ended."""
    at: float


@dataclass(frozen=True, kw_only=True)
class Outbound:
    """What a call is for that an operator makes on an order's behalf."""

    order: OrderReference
    operator: str
    """Who makes it; others may join or take over later."""
    seat: str
    called: Called
    number: str
    """E.164 of a citizen, or as the plan has it."""
    resumes: OperatorStatus
    """What the operator was doing, and goes back to if nobody is reached."""
    outcome: OutboundOutcome | None = None


@wide
@dataclass(frozen=True, kw_only=True)
class Call:
    """One call from its arrival until its last leg is gone.

    Of a call that an operator makes (`outbound`) the far end has the caller's place.
    """

    id: str
    """Also the name of the caller's leg."""
    number: str
    """The work order's number."""
    phase: Phase
    deadline: float
    opened: float
    trunk: str
    dialled: str
    caller: str | None
    caller_raw: str
    caller_withheld: bool
    first_dialled: str | None
    hotline: str | None
    hotline_service: str | None
    owner: str | None
    reference: str | None = None
    """The partner's, who sent us the caller."""
    diverted: tuple[str, ...] = ()
    """The numbers that the call was forwarded from, as its headers tell."""
    version: int = 0
    """Counts the order records made so far."""
    queue: str | None = None
    queued: float | None = None
    """Start of the wait; kept when the caller comes back to the queue, so at its head."""
    in_queue_since: float | None = None
    """When the caller was moved or led on to this queue: its limits count from here."""
    priority: int = 0
    """Among the callers of a queue the higher comes first, whatever the wait."""
    waits_since: float | None = None
    """Start of the wait since the caller last talked: the queue's limit counts from here."""
    answered: float | None = None
    ended: float | None = None
    outcome: Outcome | None = None
    ended_by: str | None = None
    legs: tuple[LegRecord, ...] = ()
    names: int = 0
    """How many names were derived from the id so far."""
    caller_up: bool = False
    """Our side has answered the caller's leg."""
    guarded: bool = True
    """The dead man's switch is armed: the dialplan arms it on arrival."""
    hears_music: bool = False
    playback: str | None = None
    """The caller's playback that the phase waits for, or that interrupts the music."""
    then: Destination | None = None
    """Where the call goes when that is over; None: to wait in `queue`."""
    announce_at: float | None = None
    """Who waits hears their place then; while that is spoken: it must be over by then."""
    menu: str | None = None
    """The menu that was offered last."""
    menu_repeats: int = 0
    """How often its prompt was said again."""
    menus_until: float | None = None
    """From then on no menu is said any more, so that nobody goes round in them for ever."""
    voice_box: str | None = None
    """The voice box that the caller was led to last."""
    recording: str | None = None
    """The message that is being recorded."""
    recording_since: float | None = None
    voice_message: float | None = None
    """When a message was left."""
    answer_by: float | None = None
    """By when somebody has to answer it."""
    bridge: str | None = None
    leg: str | None = None
    """The operator's leg; without an operator, that of whom the caller is forwarded to."""
    operator: str | None = None
    """The operator who is offered the call, or talks."""
    talked_with: str | None = None
    """The operator who answered last."""
    parties: tuple[Party, ...] = ()
    """Whom the operator brought in beside `leg`; one at a time rings."""
    aside: bool = False
    """The operator speaks, or waits, without the caller."""
    muted: bool = False
    """Nobody hears the operator."""
    scene: Scene = NOBODY
    transfer: Transfer | None = None
    """How the party that rings is brought in."""
    partner_hotline: str = ""
    """Whose number of the plan is dialled, and the unit behind it (R25)."""
    partner_unit: str = ""
    target: DialTarget | None = None
    """The way that is being dialled."""
    targets: tuple[DialTarget, ...] = ()
    """Ways to dial not yet tried."""
    after_answer_digits: str | None = None
    after_answer_pause: float = 0.0
    next_outcome: Outcome | None = None
    """What the call ends as when its last prompt is over."""
    gaps: tuple[Gap, ...] = ()
    """When the recording was paused."""
    recording_resumes: float | None = None
    """When a pause ends by itself."""
    digits: str = ""
    """A feature code being keyed in during the talk."""
    digits_deadline: float | None = None
    preferred_operator: str | None = None
    """Offered first until `preferred_until`: their leg was lost in mid-talk."""
    preferred_until: float | None = None
    familiar: str | None = None
    """The operator of this caller's last call, asked first; waited for until `familiar_until`."""
    familiar_until: float | None = None
    look_at: float | None = None
    """When the queue's rules may have something else to say of this waiting caller."""
    overflowed: tuple[str, ...] = ()
    """Ways on which queues have led the caller on (overflow.py)."""
    also: tuple[str, ...] = ()
    """Operators' legs that ring beside `leg` (ring all)."""
    failures: int = 0
    """Times the switch could not connect the two, or hang-ups that were repeated."""
    line_written: bool = False
    """Asterisk's own record of the call's end has been seen."""
    cut_off: bool = False
    """Asterisk ended under it: its own record will not come."""
    detoured: bool = False
    """The core has failed on it: it stays with the dialplan."""
    callback: Callback | None = None
    outbound: Outbound | None = None
    survey: SurveyState | None = None
    answers: tuple[SurveyAnswer, ...] = ()
    barred: Barred | None = None
    last_in_line: bool = False
    """Served after all others: the blocklist says so."""
    nuisance: str = ""
    """The operator who marked the call as a nuisance."""
    release: SilentRelease | None = None
    place_taken: bool = False
    """`queued` is that of an earlier call, in whose place the caller waits."""
    stint: Stint | None = None
    """The wait or the talk that is under way; only queue_log.py looks at it."""
    wait_ms: int | None = None
    """Length of the first wait, once it is over; set by waits.py."""
    waited_again_ms: int = 0
    """Length of all waits after that."""
    answer_within: float | None = None
    """The queue's limit for an answer, in seconds, as it was then."""

    @property
    def place(self) -> tuple[int, float, str]:
        """Sorts the callers of a queue: the higher priority, then the longer wait is first."""
        rank = -self.priority if not self.last_in_line else 1 - LOWEST_PRIORITY
        return (rank, self.opened if self.queued is None else self.queued, self.id)

    @property
    def spot(self) -> tuple[str, bool] | None:
        """In which queue the call is, and whether it waits there (or is being offered)."""
        if self.phase in _IN_LINE:
            return self.queue or "", True
        return (self.queue or "", False) if self.phase in _TAKEN_UP else None

    @property
    def due(self) -> float:
        """When the clock has something to say of the call."""
        due = self.deadline
        for other in (self.digits_deadline, self.preferred_until, self.recording_resumes):
            if other is not None and other < due:
                due = other
        if self.look_at is not None and self.look_at < due and self.phase in _IN_LINE:
            due = self.look_at
        if self.announce_at is not None and self.announce_at < due and self.hears_of_place():
            due = self.announce_at
        if self.release is not None and self.release.at < due:
            due = self.release.at
        return due

    @property
    def calls_back(self) -> str | None:
        """The number at which somebody waits to be called back; None where nobody does."""
        if self.callback is None or self.callback.state is not CallbackState.OPEN:
            return None
        return self.callback.number

    @property
    def rung(self) -> tuple[str, ...]:
        """The operators' legs that ring while the call is offered."""
        return (self.leg, *self.also) if self.leg is not None else self.also

    @property
    def taken_over_at(self) -> tuple[str, ...]:
        """The seats of team leaders who have taken the talk over."""
        if len(self.legs) < _LEGS_OF_A_TALK + 1:
            return ()
        supervisor = LegRole.SUPERVISOR
        return tuple([leg.place for leg in self.legs if leg.role is supervisor and not leg.ended])

    def party(self, leg: str | None) -> str:
        """Who that leg is: an operator's number, or the digits dialled."""
        return next((each.party for each in self.legs if each.leg == leg), "")

    def live(self) -> tuple[LegRecord, ...]:
        """The legs that have not ended."""
        return tuple([leg for leg in self.legs if leg.ended is None])

    def has_live(self, leg: str | None) -> bool:
        """Whether that leg is one of ours and has not ended."""
        return leg in [each.leg for each in self.legs if each.ended is None]

    def hears_of_place(self) -> bool:
        """Whether the time of an announcement in the queue is to be kept."""
        if self.phase is Phase.OFFERED:
            return self.playback is not None  # it goes on, but none is begun
        return self.phase is Phase.WAITING

    @property
    def is_in_talk(self) -> bool:
        """Whether an operator is in the call, though perhaps not with the caller at the moment."""
        return self.leg is not None and self.phase in WITH_OPERATOR

    def rings(self, leg: str) -> bool:
        """Whether that leg is one of ours and its far end has not answered yet."""
        return leg in [each.leg for each in self.live() if each.answered is None]

    def party_at(self, leg: str | None) -> Party | None:
        """The party at that leg."""
        return next((each for each in self.parties if each.leg == leg), None)

    def number_of(self, party: Party) -> str:
        """What staff call them by: an operator's number, the plan's, or the one dialled."""
        dialled = next((leg for leg in self.legs if leg.leg == party.leg), None)
        if dialled is None:
            return party.operator
        return party.operator or dialled.hotline or dialled.party

    def ringing(self) -> Party | None:
        """The party that is being rung, also when its leg has just ended unanswered."""
        unanswered = {each.leg for each in self.legs if each.answered is None}
        return next((each for each in self.parties if each.leg in unanswered), None)

    def recording_paused(self) -> bool:
        """Whether nothing is recorded now."""
        return bool(self.gaps) and self.gaps[-1].ended is None

    def in_use(self) -> tuple[str, ...]:
        """The legs that the call is about; any other of its legs is to be hung up."""
        operator = () if self.leg is None else (self.leg,)
        return (self.id, *operator, *self.also, *(party.leg for party in self.parties))


@dataclass(frozen=True, kw_only=True)
class Missed:
    """A citizen whose call was missed."""

    number: str
    """E.164."""
    call: Call
    """The last one, as it ended: its order goes on when the citizen is called back."""
    since: float
    """When that was."""
    times: int
    """Calls in vain so far."""
    closed: float | None = None
    """Needs no call back any more; kept for a while."""
    closed_by: str | None = None
    result: str | None = None


@dataclass(frozen=True, kw_only=True)
class OperatorState:
    """What one operator is doing."""

    number: str
    status: OperatorStatus = OperatorStatus.OFFLINE
    since: float = 0.0
    seat: str | None = None
    reason: str | None = None
    """Why not ready: a name of the plan or a `SystemReason`."""
    call: str | None = None
    """The call being offered, talked or wrapped up."""
    idle_since: float = 0.0
    """End of the last talk (or of not being ready): the longest idle is offered first."""
    deadline: float | None = None
    """End of wrap-up."""
    reason_after: str | None = None
    """Wished while busy: not ready for this reason once the call is over."""
    taken: int = 0
    """Calls answered since signing in."""
    missed: int = 0
    """Offers in a row that were not taken."""
    told: StateChange | None = None
    """The change that was told last; only shifts.py looks at it."""
    serves: str | None = None
    """The queue of the call being offered, talked or wrapped up."""
    last_order: OrderReference | None = None
    """The order of the call that they talked in last, since signing in."""


@dataclass(frozen=True, kw_only=True)
class FeatureCall:
    """A seat's call to a feature code, while it hears the answer."""

    leg: str
    seat: str
    playback: str
    deadline: float
    ending: bool = False
    wish: CallForOrder | None = None
    """What is done once the telephone is free again."""


@dataclass(frozen=True, kw_only=True)
class Supervision:
    """A team leader takes part in an operator's talk, or is being rung for it."""

    leg: str
    """The team leader's."""
    call: str
    operator: str
    target: str
    """The operator's leg: the supervision ends with it."""
    seat: str
    by: Author
    mode: SupervisionMode
    began: float
    deadline: float
    answered: float | None = None
    snoop: str | None = None
    """The leg that hears the operator's telephone, while one is needed."""
    joined: str | None = None
    """The talk's bridge, while the team leader is in it."""
    barged: bool = False
    """They were in it once: the order tells of it."""
    ending: bool = False
    """It is over, but for the leg."""
    failures: int = 0

    @property
    def bridge(self) -> str:
        """Where the team leader and the snoop are together."""
        return f"{self.leg}_b"


@dataclass(frozen=True, kw_only=True)
class Experience:
    """What a queue's calls have taught (estimate.py); at first, what is usual."""

    busy: float = 5 * 180.0
    """Seconds that operators spent on calls: ringing, talking and wrapping up."""
    taken: float = 5.0
    """Calls that they took in these."""
    waited: float = 600.0
    """Seconds that callers waited."""
    gave_up: float = 0.0
    """Callers who hung up in these."""
    talks: tuple[float, ...] = ()
    """Seconds of the last ones."""
    wrap_ups: tuple[float, ...] = ()


@dataclass(frozen=True)
class DayFigures:
    """Calls that arrived on one day, by how they ended."""

    offered: int = 0
    answered_in_15s: int = 0
    outcomes: dict[Outcome, int] = field(default_factory=dict)


@dataclass(frozen=True)
class LastTalk:
    """Who talked with a caller last, and when that began."""

    operator: str
    at: float


@dataclass(frozen=True)
class ClockReading:
    """The centre's time beside the machine's clocks (`events.ClockCompared`)."""

    at: float
    boot: str
    steady: float
    ahead: float


@dataclass
class Centre:
    """Everything alive. Changed by `Turn.commit` alone."""

    calls: dict[str, Call] = field(default_factory=dict)
    operators: dict[str, OperatorState] = field(default_factory=dict)
    unreachable_seats: dict[str, float] = field(default_factory=dict)
    """Seats whose softphone is away, and since when."""
    engaged_seats: dict[str, float] = field(default_factory=dict)
    """Seats in a call of Asterisk's own queue, and since when."""
    features: dict[str, FeatureCall] = field(default_factory=dict)
    supervisions: dict[str, Supervision] = field(default_factory=dict)
    """By the team leader's leg."""
    audited: int = 0
    """Rows of the audit made so far."""
    ended_calls: dict[str, float] = field(default_factory=dict)
    """Calls over, until Asterisk's own record of their end has been seen too."""
    filed_calls: dict[str, float] = field(default_factory=dict)
    """Calls of which that has been seen, and when: late news of them are no new calls."""
    order_day: str = ""
    order_sequence: int = 0
    outbound_made: int = 0
    """Calls that operators made on orders' behalf so far."""
    figures: dict[str, DayFigures] = field(default_factory=dict)
    """By day (`20171122`, Asia/Shanghai); today's and yesterday's."""
    plan: str = ""
    """Hash of the plan in force."""
    switch: str = ""
    """Which run of Asterisk has the calls; empty before any was heard of."""
    trunk_channels: dict[str, int] = field(default_factory=dict)
    """Live legs by trunk."""
    experience: dict[str, Experience] = field(default_factory=dict)
    """By queue: what its calls have taught about waiting."""
    outlooks: dict[str, Outlook] = field(default_factory=dict)
    """By queue: the last look at how long callers wait, if one was told of it."""
    missed: dict[str, Missed] = field(default_factory=dict)
    """By number: whose calls were missed and nobody has called back yet."""
    shield: Shield = field(default_factory=Shield)
    recent_calls: dict[str, tuple[float, ...]] = field(default_factory=dict)
    """When a caller's calls were let in, while that counts; who called last is last."""

    last_asked: dict[str, str] = field(default_factory=dict)
    """By queue, the operator who was offered a call last (round robin)."""
    last_talks: dict[str, LastTalk] = field(default_factory=dict)
    """By caller, latest last; only while a queue of the plan wants to know."""
    clock: ClockReading | None = None
    """As the clocks were compared last."""

    @cached_property
    def index(self) -> Index:
        """Calls, operators and deadlines in order; not stored. Kept by `Turn`."""
        return Index(
            self.calls.values(),
            self.operators.values(),
            self.features.values(),
            self.supervisions.values(),
        )

    def picture(self) -> Centre:
        """The state of this moment, which stays: the values that it holds are frozen."""
        picture = Centre()
        for each in fields(self):
            value = getattr(self, each.name)
            setattr(picture, each.name, value.copy() if isinstance(value, dict) else value)
        return picture

    def forget_index(self) -> None:
        """A turn has failed: what the index says may not have come to pass."""
        self.__dict__.pop("index", None)

    def deadline(self) -> float | None:
        """When the clock must next be looked at; None while nothing waits."""
        first = self.index.due.first()
        return None if first is None else first[0]


def end_leg(
    legs: tuple[LegRecord, ...], leg: str, now: float, ending: Ending
) -> tuple[LegRecord, ...]:
    """The same legs, with that one ended."""
    return tuple(
        [
            replace(each, ended=now, outcome=ending.value)
            if each.leg == leg and each.ended is None
            else each
            for each in legs
        ]
    )


def answer_leg(legs: tuple[LegRecord, ...], leg: str, now: float) -> tuple[LegRecord, ...]:
    """The same legs, with that one answered."""
    return tuple(
        [
            replace(each, answered=now)
            if each.leg == leg and each.answered is None and each.ended is None
            else each
            for each in legs
        ]
    )
