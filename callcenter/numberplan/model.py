"""The plan as typed, frozen values: what the YAML files say once every check has passed.

Nothing here does I/O. `load` (loader.py) makes a `Plan` from files; `decide` (decide.py) turns a
dialled number and a moment into a `Route`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, time
from enum import StrEnum
from functools import cached_property
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from callcenter.numberplan.destination import Destination, To
from callcenter.numberplan.dialled import Directory, DirectoryEntry
from callcenter.numberplan.source import Source


class Mode(StrEnum):
    """How a number is integrated into 12345 (R21-R27; inconsistencies I02-I04)."""

    PRIMARY = "primary"
    DIRECT_KEEP = "direct_keep"
    DIRECT_RETIRE = "direct_retire"
    PARALLEL = "parallel"
    RESIDENT = "resident"


class State(StrEnum):
    """Where a number stands in its life at a date (R26)."""

    LIVE = "live"
    FORWARDED = "forwarded"
    ANNOUNCED = "announced"
    RETIRED = "retired"


class Action(StrEnum):
    """What happens to a call for a number."""

    QUEUE = "queue"
    FORWARD = "forward"
    ANNOUNCE = "announce"
    REJECT = "reject"
    EMERGENCY = "emergency"
    MENU = "menu"
    VOICE_MAIL = "voice_mail"
    CALLBACK = "callback"
    """The caller says at which number to call back."""


class Frozen(BaseModel):
    """Base of all plan values: immutable, unknown keys refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class DialTarget(Frozen):
    """One way to reach an outside number: these digits on this trunk."""

    trunk: str
    digits: str


class Step(Frozen):
    """One reason on the way to a route, with the place in the files that says so."""

    text: str
    file: str | None = None
    line: int | None = None


class Route(Frozen):
    """What to do with a call for one number at one moment."""

    number: str
    """The plan's number (`12366-2` keeps its name); the raw digits where the plan has none."""
    mode: Mode | None = None
    state: State | None = None
    action: Action
    queue: str | None = None
    """The queue's name, for `queue`."""
    menu: str | None = None
    """The menu's name, for `menu`."""
    voice_box: str | None = None
    """The voice box's name, for `voice_mail`."""
    targets: tuple[DialTarget, ...] = ()
    """For `forward` and `emergency`: the ways to dial, first choice first."""
    after_answer_digits: str | None = None
    after_answer_pause: float = 0.0
    """Seconds between the far end's answer and those digits."""
    announcement: str | None = None
    """The prompt spoken to the caller first (or, for `announce`, instead of anything else)."""
    prompt: str | None = None
    """Spoken after it, because what the call is for is closed now."""
    partner: str | None = None
    """The number of the plan to which the call goes, where that is not the number dialled."""
    callback: str | None = None
    """The queue that is to call back."""
    owner: str | None = None
    service: str | None = None
    steps: tuple[Step, ...] = ()

    @property
    def destination(self) -> Destination | None:
        """Where we lead the call; None for the number's own line, emergencies and refusals."""
        match self.action:
            case Action.QUEUE:
                return Destination(To.QUEUE, self.queue or "", self.prompt)
            case Action.MENU:
                return Destination(To.MENU, self.menu or "", self.prompt)
            case Action.VOICE_MAIL:
                return Destination(To.VOICE_BOX, self.voice_box or "", self.prompt)
            case Action.CALLBACK:
                return Destination(To.CALLBACK, self.callback or "", self.prompt)
            case Action.FORWARD if self.partner is not None:
                return Destination(To.PARTNER, self.partner, self.prompt)
            case Action.ANNOUNCE:
                return Destination(To.ANNOUNCE, self.announcement or "")
            case _:
                return None


class Announce(Frozen):
    """What waiting callers hear between music. Times in seconds."""

    position: bool = True
    """Their place in the queue."""
    estimate: bool = True
    """How long it will take, as learned from the queue's calls."""
    first: Annotated[float, Field(gt=0, le=3600, allow_inf_nan=False)] = 20.0
    """After so long the first time."""
    every: Annotated[float, Field(gt=0, le=3600, allow_inf_nan=False)] = 45.0
    """After so long a time of music again."""
    also: str | None = None
    """Prompt spoken after these."""


class CallbackRule(Frozen):
    """Callers need not wait: they are called back when it is their turn."""

    key: str = "1"
    """Pressed while waiting."""
    after: Annotated[float, Field(ge=0, le=3600)] = 0.0
    """Seconds of waiting before it is offered."""
    ring_seconds: Annotated[float, Field(gt=0, le=300)] = 40.0
    """How long the citizen's telephone rings."""
    tries: Annotated[int, Field(ge=1, le=20)] = 3
    """How often a citizen who is not reached is called in all."""
    again_minutes: Annotated[float, Field(gt=0, le=1440)] = 10.0
    """Minutes until the next try."""
    keep_hours: Annotated[float, Field(gt=0, le=168)] = 24.0
    """What could not be done by then is given up."""
    hours: str | None = None
    """When citizens are called, and callbacks offered; None: always."""


class Citizens(Frozen):
    """How citizens are called from here."""

    via: tuple[str, ...]
    """Trunks, first choice first."""
    shows: str
    """The number that they see."""


class Strategy(StrEnum):
    """Which of the operators who could take a call is offered it. Lower penalties always go first,
    higher skills where the queue says so."""

    LONGEST_IDLE = "longest_idle"
    RING_ALL = "ring_all"
    """Several at once; the first to answer has the call."""
    FEWEST_CALLS = "fewest_calls"
    """Who has answered the fewest calls since signing in."""
    ROUND_ROBIN = "round_robin"
    """In the order of agents/operators.yaml, each after the one who was asked last."""
    PRIORITY_ORDER = "priority_order"
    """The first who is free in the order of agents/operators.yaml."""


class Relax(Frozen):
    """After `after` seconds of waiting operators with a penalty up to `up_to` are asked too."""

    after: Annotated[float, Field(gt=0, le=86400, allow_inf_nan=False)]
    up_to: Annotated[int, Field(ge=1, le=99)]


class OverflowRule(Frozen):
    """When a caller is led from a queue to somewhere else: one of the three."""

    length: int | None = None
    """Who comes while so many, or more, wait already."""
    waited: float | None = None
    """Who has waited so long there, in seconds."""
    nobody_signed_in: bool = False
    """While none of those who serve the queue is signed in."""
    to: Destination


class Queue(Frozen):
    """A waiting line, and how its calls are answered. All times in seconds."""

    name: str
    title: str
    greeting: str | None = None
    """Prompt played once on arrival."""
    music: str = "default"
    """Music-on-hold class."""
    announce_operator: bool = True
    """Speak the operator's number to the caller on answer."""
    skills: Mapping[str, int] = {}
    """An operator must have all of these, each at that level or higher."""
    priority: Annotated[int, Field(ge=-9, le=9)] = 0
    """Operators who serve several queues take the callers of the higher one first."""
    strategy: Strategy = Strategy.LONGEST_IDLE
    ring_at_most: Annotated[int, Field(ge=2, le=100)] = 20
    """How many `ring_all` rings at once."""
    best_skilled_first: bool = False
    """Of the operators with the same penalty the one with the higher level is asked first."""
    relax: tuple[Relax, ...] = ()
    """First those without a penalty alone, then more by and by; none: everybody at once."""
    overflow: tuple[OverflowRule, ...] = ()
    """Each holds for a caller once; the first that holds is taken."""
    not_ready_after_misses: Annotated[int, Field(ge=1, le=9)] = 1
    """Offers in a row that an operator does not take until they are not ready."""
    same_operator_hours: Annotated[float, Field(ge=0, le=24 * 366, allow_inf_nan=False)] = 0.0
    """Who calls again within so long is offered to the operator of last time first; 0: no."""
    same_operator_wait_seconds: Annotated[float, Field(ge=0, le=600, allow_inf_nan=False)] = 0.0
    """How long such a caller waits for that operator, who is busy."""
    ring_seconds: Annotated[float, Field(gt=0, le=300)] = 20.0
    wrap_up_seconds: Annotated[float, Field(ge=0, le=3600)] = 60.0
    max_wait_seconds: Annotated[float, Field(gt=0)] = 1800.0
    """After this the caller hears `sorry` and the call ends: no state waits without a deadline."""
    answer_within_seconds: Annotated[float, Field(gt=0)] = 15.0
    """An answer within this counts as in time; who gives up within it as a short abandon."""
    sorry: str = "queue_sorry"
    hours: str | None = None
    """When it takes calls; None: always."""
    closed: Destination | None = None
    """Where callers go outside these hours."""
    announce: Announce | None = None
    """None: music only."""
    callback: CallbackRule | None = None
    """None: callers can only wait."""
    survey: str | None = None
    """What its callers are asked after the talk; None: nothing."""
    extension: str | None = None
    """What an operator keys in to transfer a caller there."""

    def is_served_by(self, operator: Operator) -> bool:
        """Whether the operator's skills suffice."""
        return all(operator.skills.get(skill, 0) >= level for skill, level in self.skills.items())

    def highest_penalty(self, since: float, now: float) -> float:
        """Of the operators who are asked at `now` for a caller who waits since then."""
        if not self.relax:
            return math.inf
        return max((step.up_to for step in self.relax if since + step.after <= now), default=0)


class Comment(Frozen):
    """The caller answers by speaking after a tone. Times in seconds."""

    longest_seconds: float = 60.0
    silence_seconds: float = 5.0
    """So long a silence ends it."""
    least_seconds: float = 1.0
    """Who spoke less has said nothing."""


class Question(Frozen):
    """One question of a survey, answered by a key or by speaking."""

    name: str
    title: str
    prompt: str
    keys: Mapping[str, str] = Field(default_factory=dict)
    """What each key means."""
    comment: Comment | None = None


class Unanswered(StrEnum):
    """What follows a question that was not answered, however often it was asked."""

    NEXT = "next"
    END = "end"


class Survey(Frozen):
    """What a caller is asked once the operator has hung up. Times in seconds."""

    name: str
    title: str
    questions: tuple[Question, ...]
    thanks: str
    """Prompt at the end."""
    wrong_key: str | None = None
    """Prompt before a question is asked again because of a wrong key."""
    key_seconds: float = 8.0
    """How long a key is waited for after a question."""
    repeats: int = 2
    """How often a question is asked again after a wrong key or none."""
    unanswered: Unanswered = Unanswered.NEXT
    longest_seconds: float = 180.0
    """The whole survey, listening again included."""


class Treatment(StrEnum):
    """What happens to a call that is kept out."""

    REJECT = "reject"
    """Refused by code."""
    ANNOUNCE = "announce"
    """Told why, then ended."""
    LAST = "last"
    """Served after all others."""


class RateLimit(Frozen):
    """So many calls of one caller are taken in so many minutes."""

    calls: int
    minutes: float


class NuisanceRule(Frozen):
    """Who was marked so often in so many days is blocked."""

    marks: int
    days: float
    block_hours: float
    treatment: Treatment


class SilentRule(Frozen):
    """How an operator releases a caller of whom nothing is heard."""

    prompt: str
    seconds: float
    """From the prompt's beginning to the end of the call."""


class AttackRule(Frozen):
    """When an address that sends us SIP is refused for a while."""

    tries: int = 20
    """So many wrong passwords or unknown names in so many minutes are too many."""
    minutes: float = 10.0
    ban_minutes: float = 60.0
    """The first ban; each that follows is twice as long as the last, a day at the most."""
    never: tuple[str, ...] = ()
    """Networks whose addresses are not banned, as 10.0.0.0/8."""


class Protection(Frozen):
    """Against callers who keep others from being served."""

    limits: tuple[RateLimit, ...] = ()
    limited: Treatment = Treatment.ANNOUNCE
    limited_prompt: str | None = None
    """Without one, who is to be told is refused by code."""
    blocked_prompt: str | None = None
    nuisance: NuisanceRule | None = None
    """None: marks are noted on the order, nothing more."""
    silent: SilentRule | None = None
    sip: AttackRule = AttackRule()


class Operator(Frozen):
    """A member of staff who answers calls (R61)."""

    number: str
    """Three digits, spoken to callers."""
    name: str
    skills: Mapping[str, int] = {}
    """Levels by name, 1 to 9."""
    penalties: Mapping[str, int] = {}
    """By queue; 0 where none is written. The lower ones are asked first."""
    may_dial: tuple[str, ...] = ()
    """Classes of outside numbers that not everyone may dial."""


class Seat(Frozen):
    """A place with a softphone (R60). Any operator may sign in at any free seat."""

    name: str
    """Also its SIP user name."""
    title: str


class Room(Frozen):
    """A place that seats can call by a short number of its own, such as the dispatch room (R60)."""

    name: str
    title: str
    extension: str
    """What a seat dials."""
    targets: tuple[DialTarget, ...]
    """The ways to its telephone, first choice first."""


class NumberClass(Frozen):
    """Outside numbers that operators may dial."""

    title: str
    pattern: str
    """A regular expression for the whole number."""
    everyone: bool = True
    """Whether every operator may; else only those whose `may_dial` says so."""

    def fits(self, number: str) -> bool:
        """Whether the number is of this class."""
        return re.fullmatch(self.pattern, number) is not None


class Outside(Frozen):
    """Numbers that are not of the plan, and the ways there."""

    ways: tuple[DialTarget, ...] = ()
    """First choice first; of their digits there is only what the trunk wants before the number."""
    classes: Mapping[str, NumberClass] = {}

    def targets(self, number: str) -> tuple[DialTarget, ...]:
        """The ways to that number."""
        return tuple(DialTarget(trunk=way.trunk, digits=way.digits + number) for way in self.ways)


class NotReadyReason(Frozen):
    """Why an operator takes no calls for now."""

    code: str
    """One digit, dialled after the feature code."""
    name: str
    title: str


class FeatureCodes(Frozen):
    """What operators dial; each begins with `*`."""

    sign_in: str = "*11"
    """Followed by the operator's number."""
    ready: str = "*12"
    not_ready: str = "*13"
    """Followed by a reason's code."""
    sign_out: str = "*14"
    emergency: str = "*0"
    """In a talk: 110 joins (one-key transfer)."""
    forward: str = "*21"
    """In a talk, followed by a partner's number and `#`; `*` stands for a hyphen in it."""
    three_way: str = "*22"
    """The same, for a three-way call."""
    leave: str = "*23"
    drop_partner: str = "*24"
    first_dialled: str = "*25"
    """In a talk, followed by the number that the citizen dialled first and `#`."""
    call_citizen: str = "*41"
    """Call the citizen of the order that the operator had last."""
    call_order: str = "*42"
    """Followed by an order's sequence of today, or day and sequence: call its citizen."""
    silent: str = "*81"
    """In a talk: nothing is heard of the caller; once more: something is."""
    nuisance: str = "*82"
    """In a talk: the caller is a nuisance."""
    hold: str = "*20"
    """In a talk: the caller hears music; once more: back to the caller."""
    consult: str = "*26"
    """As `forward`, to speak with the partner alone."""
    alternate: str = "*27"
    join: str = "*28"
    mute: str = "*29"
    """In a talk: nobody hears the operator; once more: they do again."""
    recording: str = "*18"
    """In a talk: nothing is recorded; once more: it is again."""
    extend_wrap_up: str = "*16"
    take_seat: str = "*17"
    """Followed by the operator's number."""


class TrunkKind(StrEnum):
    """What is at the far end of a trunk."""

    CARRIER = "carrier"
    """The public network: a number of ours dialled there comes back to us."""
    PLATFORM = "platform"
    """Another centre: it answers our numbers itself."""


class HeaderTrust(Frozen):
    """Which of a trunk's SIP headers are believed; From always is, when nothing better is there."""

    asserted_identity: bool = False
    """P-Asserted-Identity: who calls."""
    diversion: bool = False
    """Diversion: which numbers were dialled before."""
    history_info: bool = False
    """History-Info: the same, in the newer way."""


class Trunk(Frozen):
    """A SIP connection to a carrier or another platform."""

    name: str
    title: str
    host: str
    port: int = 5060
    channels: Annotated[int, Field(gt=0)]
    """How many calls it carries at once, both directions together."""
    reserved: Annotated[int, Field(ge=0)] = 0
    """Of these, kept for emergency calls."""
    kind: TrunkKind = TrunkKind.CARRIER
    trust: HeaderTrust = HeaderTrust()
    dial_prefix: str = ""
    """Dialled before every number but emergency ones; each `DialTarget` has it already."""
    reference_header: str | None = None
    """The SIP header in which either side tells its reference of a caller whom it sends."""


class AnnouncedThen(StrEnum):
    """What follows the announcement of a replaced number (inconsistencies I05-I07)."""

    HANG_UP = "hang_up"
    QUEUE = "queue"


class Place(Frozen):
    """A line in one of the plan's files, for explanations."""

    file: str
    line: int


class Number(Frozen):
    """One public number of the plan (R20-R28), with its life's dates (Asia/Shanghai)."""

    number: str
    mode: Mode
    owner: str
    """The unit in charge, in Annex 3's words."""
    service: str
    aliases: tuple[str, ...] = ()
    """Other names of the service or its owner; a search finds the number by them."""
    dids: tuple[str, ...] = ()
    """Other called numbers under which it reaches us, without the area code."""
    queue: str
    menu: str | None = None
    """Offered before the queue."""
    greeting: str | None = None
    """Spoken in place of the queue's."""
    hours: str | None = None
    """When we take its calls; None: whenever its queue or menu does."""
    closed: Destination | None = None
    """Where its callers go outside these hours."""
    cutover: date | None = None
    """First day on which we take over; None for `primary`."""
    retired_from: date | None = None
    """First day on which it is refused as unallocated; None: never."""
    priority: Annotated[int, Field(ge=-9, le=9)] = 0
    """Of its callers in their queue: the higher comes first, whatever the wait."""
    own_line: tuple[DialTarget, ...] = ()
    """The ways to the department's own telephone, first choice first."""
    resident_targets: tuple[DialTarget, ...] = ()
    """For `resident`: where its calls go from the cutover on."""
    after_answer_digits: str | None = None
    after_answer_pause: float = 0.0
    forwarded_announcement: str | None = None
    announced_announcement: str | None = None
    announced_then: AnnouncedThen = AnnouncedThen.HANG_UP
    places: Mapping[str, Place] = {}
    """Where each of its settings is written; `number` for the entry itself."""

    def place(self, key: str) -> Place | None:
        """Where `key` is written, or else the entry itself."""
        return self.places.get(key) or self.places.get("number")


class Emergency(Frozen):
    """A number that is dialled at once, exactly as it is (R04, R20, I22)."""

    number: str
    service: str
    targets: tuple[DialTarget, ...]
    place: Place | None = None


class PhaseName(StrEnum):
    """The phases of the project (R70)."""

    BUILDING = "building"
    INTEGRATION = "integration"
    TRIAL_RUN = "trial_run"
    FORMAL_RUN = "formal_run"


class Phase(Frozen):
    """A stretch of days, both included."""

    name: PhaseName
    title: str
    first: date
    last: date | None = None
    """None: without end."""
    place: Place | None = None


class UnitKind(StrEnum):
    """How a unit is appraised (R05, R51, R52)."""

    ADMINISTRATIVE = "administrative"
    ENTERPRISE = "enterprise"


class Unit(Frozen):
    """A member unit of the platform (Annex 1)."""

    name: str
    kind: UnitKind
    level: str
    """A name among `Plan.unit_levels`."""
    groups: tuple[str, ...] = ()
    """Annex 1's groups it is listed in (I18: one unit is in two)."""
    aliases: tuple[str, ...] = ()


class OpenHours(Frozen):
    """From `start` until before `end`, local time; `end` None is midnight."""

    start: time
    end: time | None


class Hours(Frozen):
    """When something is open, week by week."""

    name: str
    title: str
    weekly: tuple[tuple[OpenHours, ...], ...]
    """Monday first."""
    follows_working_days: bool = False
    """Closed on public holidays; a make-up working day at the weekend is open as a Monday is."""


class HolidayOverride(Frozen):
    """Days that the plan decides itself, both included."""

    first: date
    last: date
    working: bool
    title: str


class MenuChoice(Frozen):
    """What one key leads to."""

    key: str
    title: str
    destination: Destination


class Menu(Frozen):
    """A choice by key (GB/T 33358: no deep menu)."""

    name: str
    prompt: str
    """Says what can be chosen; a key ends it."""
    choices: Mapping[str, MenuChoice]
    """By key."""
    otherwise: Destination
    """For who pressed no right key, however often the prompt was said."""
    seconds: float = 5.0
    """How long a key is waited for when all is said."""
    repeats: int = 2
    """How often the prompt is said again."""
    wrong: str | None = None
    """Said before it after a key that leads nowhere."""
    none: str | None = None
    """Said before it when no key came."""
    hours: str | None = None
    """When it is offered; None: always."""
    closed: Destination | None = None
    """Where callers go outside these hours."""


class VoiceBox(Frozen):
    """Where callers leave messages. Times in seconds, but for `answer_within_hours`."""

    name: str
    title: str
    greeting: str = "voice_mail_greeting"
    """Heard before the tone."""
    thanks: str = "voice_mail_thanks"
    nothing: str = "voice_mail_nothing"
    """For who said less than `least_seconds`."""
    longest_seconds: float = 180.0
    silence_seconds: float = 6.0
    """So long a silence ends the message."""
    least_seconds: float = 2.0
    """What is shorter is no message, and leaves none to answer."""
    answer_within_hours: float = 24.0
    queue: str | None = None
    """Whose callers' messages they are."""
    unit: str | None = None
    """The unit that answers them."""


class Prompt(Frozen):
    """Something spoken."""

    name: str
    text: str
    plays: str
    """The prompt whose WAV is played: itself, or its generic stand-in."""


class Limits(Frozen):
    """Times of a call that belong to no queue, in seconds."""

    forward_ring_seconds: Annotated[float, Field(gt=0, le=300, allow_inf_nan=False)] = 60.0
    """How long an own line or a platform rings."""
    talk_seconds: Annotated[float, Field(gt=0, le=86400, allow_inf_nan=False)] = 4 * 3600.0
    """The longest talk."""
    menu_seconds: Annotated[float, Field(ge=10, le=3600, allow_inf_nan=False)] = 300.0
    """How long a caller is led from menu to menu, repeats included."""
    hold_seconds: Annotated[float, Field(gt=0, le=3600, allow_inf_nan=False)] = 600.0
    """The longest that an operator leaves the caller alone; then they are together again."""
    recording_pause_seconds: Annotated[float, Field(gt=0, le=3600, allow_inf_nan=False)] = 300.0
    """The longest that a recording is paused; then it goes on."""
    more_wrap_up_seconds: Annotated[float, Field(gt=0, le=3600, allow_inf_nan=False)] = 120.0
    """How much longer an operator wraps up who asks for it, from then on."""
    same_operator_seconds: Annotated[float, Field(ge=0, le=600, allow_inf_nan=False)] = 30.0
    """After an operator's line broke, the caller goes back to that operator first for this long."""


class ForwardFailures(Frozen):
    """Prompts for a caller whose number's own line cannot be reached."""

    busy: str = "forward_busy"
    no_answer: str = "forward_no_answer"
    unreachable: str = "forward_unreachable"


@dataclass(frozen=True)
class Plan:
    """Everything that the YAML files say, checked. Made by loader.py only."""

    source: Source
    """The texts it was made from."""
    area_code: str
    """With its leading 0: `0519`."""
    country_code: str
    """Without plus: `86`."""
    title: str
    """What the centre is called on its pages: 溧阳市 12345."""
    order_area: str
    """The administrative division that work orders' numbers begin with: `320481`."""
    numbers: Mapping[str, Number]
    queues: Mapping[str, Queue]
    menus: Mapping[str, Menu]
    voice_boxes: Mapping[str, VoiceBox]
    operators: Mapping[str, Operator]
    skills: Mapping[str, str]
    """Titles by name."""
    seats: Mapping[str, Seat]
    rooms: Mapping[str, Room]
    feature_codes: FeatureCodes
    not_ready_reasons: Mapping[str, NotReadyReason]
    """By name."""
    trunks: Mapping[str, Trunk]
    units: Mapping[str, Unit]
    unit_levels: Mapping[str, str]
    """Titles by name, highest first (I32)."""
    phases: tuple[Phase, ...]
    """In order of time."""
    hours: Mapping[str, Hours]
    holiday_overrides: tuple[HolidayOverride, ...]
    emergencies: Mapping[str, Emergency]
    prompts: Mapping[str, Prompt]
    surveys: Mapping[str, Survey] = field(default_factory=dict)
    protection: Protection = field(default_factory=Protection)
    outside: Outside = field(default_factory=Outside)
    limits: Limits = field(default_factory=Limits)
    forward_failures: ForwardFailures = field(default_factory=ForwardFailures)
    citizens: Citizens | None = None
    """None: we call no citizens."""

    @property
    def hash(self) -> str:
        """SHA-256 of everything the plan was made from, in hexadecimal."""
        return self.source.hash

    @property
    def texts(self) -> Mapping[str, str]:
        """The files' texts by their path in the plan's folder."""
        return self.source.texts

    def source_json(self) -> str:
        """What `loader.load_source` makes the same plan of again."""
        return self.source.to_json()

    @cached_property
    def directory(self) -> Directory:
        """Which number is meant by a called number in any spelling."""
        return Directory(
            self.area_code,
            self.country_code,
            (DirectoryEntry(each.number, each.dids) for each in self.numbers.values()),
        )

    @cached_property
    def routes(self) -> dict[str, tuple[int, Route]]:
        """By number as dialled, what decide.py decided last, and in which minute since 1970."""
        return {}

    @cached_property
    def pilots(self) -> Directory:
        """Which number a called number other than its public one stands for."""
        return Directory(
            self.area_code,
            self.country_code,
            (DirectoryEntry(each.number, each.dids, False) for each in self.numbers.values()),
        )

    @cached_property
    def own_lines(self) -> Directory:
        """Which number's own line a telephone number in any spelling is."""
        lines: dict[str, str] = {}
        for each in self.numbers.values():
            for target in each.own_line:
                if self.trunks[target.trunk].kind is TrunkKind.CARRIER:
                    bare = target.digits.removeprefix(self.trunks[target.trunk].dial_prefix)
                    lines.setdefault(bare, each.number)
        return Directory(
            self.area_code,
            self.country_code,
            (DirectoryEntry(number, (line,), False) for line, number in lines.items()),
        )

    @cached_property
    def remembers_hours(self) -> float:
        """How long it matters who talked with whom: the longest of the queues' limits."""
        return max((queue.same_operator_hours for queue in self.queues.values()), default=0.0)

    @cached_property
    def teams(self) -> Mapping[str, frozenset[str]]:
        """By queue, the operators whose skills suffice."""
        return {
            name: frozenset(
                each.number for each in self.operators.values() if queue.is_served_by(each)
            )
            for name, queue in self.queues.items()
        }

    @cached_property
    def leads_on(self) -> bool:
        """Whether any queue has callers led elsewhere."""
        return any(queue.overflow for queue in self.queues.values())

    @cached_property
    def formal_run(self) -> Phase:
        """The phase from which on retired numbers only announce their replacement."""
        return next(each for each in self.phases if each.name is PhaseName.FORMAL_RUN)
