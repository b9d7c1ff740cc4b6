"""What each plan file may hold: the shapes that texts are checked against and schemas made from.

These mirror the YAML; model.py has what the program works with. References between files are
checked in checks.py.
"""

from __future__ import annotations

import re
from datetime import date
from ipaddress import IPv4Network
from typing import Annotated, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    WithJsonSchema,
    model_validator,
)

from callcenter.numberplan.destination import Destination, To
from callcenter.numberplan.model import (
    AnnouncedThen,
    FeatureCodes,
    ForwardFailures,
    HeaderTrust,
    Limits,
    Mode,
    PhaseName,
    Strategy,
    Treatment,
    TrunkKind,
    Unanswered,
    UnitKind,
)

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,40}")
_NUMBER = re.compile(r"[1-9][0-9]{2,11}(-[0-9]{1,4})?")
_CALLED = re.compile(r"\+?[0-9]{3,20}")
_DIGITS = re.compile(r"[0-9*#]{1,20}")
_LINE = re.compile(r"\+?[0-9]{3,20}")
_MONTH = re.compile(r"[12][0-9]{3}-(0[1-9]|1[0-2])")
_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.:-]{0,100}[A-Za-z0-9])?")
_HEADER = re.compile(r"User-to-User|X-[A-Za-z0-9-]{1,40}")
_RANGE = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])-(([01][0-9]|2[0-3]):([0-5][0-9])|24:00)")
_DAY = re.compile(r"[12][0-9]{3}-[01][0-9]-[0-3][0-9]")


def _must_match(pattern: re.Pattern[str], instead: str) -> AfterValidator:
    def check(text: str) -> str:
        if not pattern.fullmatch(text):
            raise ValueError(instead)
        return text

    return AfterValidator(check)


def _text(text: str) -> str:
    if not text.strip():
        raise ValueError("write some text")
    return text.strip()


def _number(text: str) -> str:
    if not _NUMBER.fullmatch(text):
        if text.startswith("_") or re.search(r"[XZNxzn.!?*\[]", text):
            raise ValueError(
                "numbers are matched whole, and a pattern could trap an emergency number; "
                "write each number out"
            )
        raise ValueError(
            "write the number as it is dialled in town, 3 to 12 digits without area code, "
            "such as 12345, 87222160 or 12366-2"
        )
    return text


def _pattern(text: str) -> str:
    instead = "write a pattern of digits, [2-8], {7}, {8,10}, ( ), | and ?, such as 1[3-9][0-9]{9}"
    if not re.fullmatch(r"[0-9\[\]{},()|?-]+", text):
        raise ValueError(instead)
    try:
        re.compile(text)
    except re.error:
        raise ValueError(instead) from None
    return text


def _day(value: object) -> object:
    if not isinstance(value, date) and not (isinstance(value, str) and _DAY.fullmatch(value)):
        raise ValueError("write a day as YYYY-MM-DD, such as 2017-11-01")
    return value


def _schema(pattern: re.Pattern[str], example: str) -> WithJsonSchema:
    return WithJsonSchema(
        {"type": ["string", "integer"], "pattern": f"^({pattern.pattern})$", "examples": [example]}
    )


Text = Annotated[str, AfterValidator(_text)]
Name = Annotated[
    str,
    _must_match(_NAME, "write a name of letters, digits, _ and - (at most 41)"),
    _schema(_NAME, "hotline"),
]
PublicNumber = Annotated[str, AfterValidator(_number), _schema(_NUMBER, "12310")]
CalledNumber = Annotated[
    str,
    _must_match(_CALLED, "write 3 to 20 digits, each number out: no pattern, space or sign"),
    _schema(_CALLED, "87010000"),
]
LineDigits = Annotated[
    str,
    _must_match(_LINE, "write the digits that the trunk is to dial, 3 to 20, without spaces"),
    _schema(_LINE, "87010001"),
]
KeyDigits = Annotated[
    str, _must_match(_DIGITS, "write 1 to 20 of the digits 0-9, * and #"), _schema(_DIGITS, "2")
]
EmergencyNumber = Annotated[
    str,
    _must_match(re.compile(r"1[0-9]{2,4}"), "write 3 to 5 digits that begin with 1"),
    _schema(re.compile(r"1[0-9]{2,4}"), "110"),
]
OperatorNumber = Annotated[
    str,
    _must_match(re.compile(r"[0-9]{3}"), "write three digits, in quotes, such as '001'"),
    _schema(re.compile(r"[0-9]{3}"), "001"),
]
OneDigit = Annotated[
    str,
    _must_match(re.compile(r"[0-9]"), "write one digit"),
    _schema(re.compile(r"[0-9]"), "1"),
]
Key = Annotated[
    str,
    _must_match(re.compile(r"[0-9*#]"), "write one key: a digit, * or #, in quotes"),
    _schema(re.compile(r"[0-9*#]"), "1"),
]
Extension = Annotated[
    str,
    _must_match(re.compile(r"[2-9][0-9]{1,5}"), "write 2 to 6 digits that begin with 2 to 9"),
    _schema(re.compile(r"[2-9][0-9]{1,5}"), "600"),
]
Code = Annotated[
    str,
    _must_match(
        re.compile(r"\*[0-9]{1,4}"),
        "write * and 1 to 4 digits: all other digits pass through, emergency numbers among them",
    ),
    _schema(re.compile(r"\*[0-9]{1,4}"), "*11"),
]
Month = Annotated[
    str,
    _must_match(_MONTH, "write a month as YYYY-MM, such as 2017-05"),
    _schema(_MONTH, "2017-05"),
]
Day = Annotated[date, BeforeValidator(_day)]
Host = Annotated[
    str,
    _must_match(_HOST, "write an IP address or a host name"),
    _schema(_HOST, "127.0.0.2"),
]
SipHeader = Annotated[
    str,
    _must_match(
        _HEADER,
        "write User-to-User, or a header of the partner's own that begins with X-, "
        "such as X-Reference",
    ),
    _schema(_HEADER, "X-Reference"),
]
TimeRange = Annotated[
    str,
    _must_match(_RANGE, "write from-to as HH:MM-HH:MM, such as 08:30-12:00; midnight is 24:00"),
    _schema(_RANGE, "08:30-12:00"),
]
AreaCode = Annotated[
    str,
    _must_match(re.compile(r"0[1-9][0-9]{1,2}"), "write it with its 0, such as '0519'"),
    _schema(re.compile(r"0[1-9][0-9]{1,2}"), "0519"),
]
CountryCode = Annotated[
    str,
    _must_match(re.compile(r"[1-9][0-9]{0,2}"), "write it without +, such as '86'"),
    _schema(re.compile(r"[1-9][0-9]{0,2}"), "86"),
]
OrderArea = Annotated[
    str,
    _must_match(re.compile(r"[0-9]{6}"), "write the six digits of the division's code"),
    _schema(re.compile(r"[0-9]{6}"), "320481"),
]


Priority = Annotated[int, Field(ge=-9, le=9)]
Level = Annotated[int, Field(ge=1, le=9)]


def _levels(written: object) -> object:
    """A list gives each skill level 1."""
    if not isinstance(written, list):
        return written
    if not all(isinstance(skill, str) for skill in written):
        raise ValueError("write names, such as [general, english], or levels: {general: 3}")
    return dict.fromkeys(written, 1)


Skills = Annotated[
    dict[Name, Level],
    BeforeValidator(_levels, json_schema_input_type=list[Name] | dict[Name, Level]),
]
"""Names, as `[english]`, or with levels, as `{english: 3}`."""


class Shape(BaseModel):
    """Base of all file shapes: immutable, unknown keys refused; docstrings go into the schemas."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class CitizensShape(Shape):
    """How citizens are called from here."""

    via: Annotated[tuple[Name, ...], Field(min_length=1)]
    """Trunks, first choice first."""
    shows: CalledNumber
    """The number that they see."""


class NumberClassShape(Shape):
    """Outside numbers that operators may dial."""

    title: Text
    pattern: Annotated[
        str,
        AfterValidator(_pattern),
        WithJsonSchema({"type": "string", "examples": ["1[3-9][0-9]{9}"]}),
    ]
    """The whole number: digits, [2-8], {7}, {8,10}, ( ), | and ?."""
    everyone: bool = True
    """`false`: only operators whose `may_dial` names it."""


class OutsideShape(Shape):
    """Numbers that are not of the plan: which ones operators may bring into a talk."""

    via: Annotated[tuple[Name, ...], Field(min_length=1)]
    """Trunks, first choice first."""
    classes: dict[Name, NumberClassShape]


class CentreFile(Shape):
    """dialplan/centre.yaml: where we are, and times of calls that belong to no queue."""

    title: Text = "12345"
    """Heads the pages that staff see."""
    area_code: AreaCode
    country_code: CountryCode = "86"
    order_area: OrderArea
    limits: Limits = Limits()
    outside: OutsideShape | None = None
    forward_failures: ForwardFailures = ForwardFailures()
    citizens: CitizensShape | None = None
    """Needed where callers are called back."""


class DestinationShape(Shape):
    """Where a call goes: exactly one of these, and what the caller hears before."""

    queue: Name | None = None
    menu: Name | None = None
    voice_box: Name | None = None
    partner: PublicNumber | None = None
    """A number of the plan that another department answers."""
    announce: Name | None = None
    """A prompt; then the call ends."""
    callback: Name | None = None
    """A queue that calls back. Who does not want that waits on where a queue led here; anybody else
    hears its `sorry`, and the call ends."""
    prompt: Name | None = None
    """Spoken first."""

    @model_validator(mode="before")
    @classmethod
    def _exactly_one(cls, given: object) -> object:
        if isinstance(given, dict) and not given.keys() <= cls.model_fields.keys():
            return given  # the wrong key is the better thing to tell
        if not isinstance(given, dict) or len([kind for kind in To if kind in given]) != 1:
            ways = ", ".join(f"{{{kind}: …}}" for kind in To)
            raise ValueError(f"write exactly one of {ways}")
        return given

    @property
    def kind(self) -> To:
        """The key that says where."""
        return next(kind for kind in To if getattr(self, kind) is not None)

    @property
    def destination(self) -> Destination:
        """The same as the plan has it."""
        name: str = getattr(self, self.kind)
        return Destination(self.kind, name, self.prompt)


class OwnLineShape(Shape):
    """A telephone that the public does not dial."""

    digits: LineDigits
    via: Annotated[tuple[Name, ...], Field(min_length=1)]
    """Trunks, first choice first."""


class AfterAnswerShape(Shape):
    """Keys to press once the far end has answered (I21)."""

    digits: KeyDigits
    pause: Annotated[float, Field(ge=0, le=60, allow_inf_nan=False)] = 2.0
    """Seconds between the answer and the first key."""


class NumberShape(Shape):
    """One public number."""

    mode: Mode
    month: Month | None = None
    """Its first day is the cutover (Annex 3); `primary` has none."""
    owner: Text
    service: Text
    aliases: tuple[Text, ...] = ()
    dids: tuple[CalledNumber, ...] = ()
    """Other called numbers that reach it, such as pilot numbers."""
    queue: Name | None = None
    menu: Name | None = None
    """Offered before the queue."""
    greeting: Name | None = None
    """Spoken in place of the queue's."""
    hours: Name | None = None
    closed: DestinationShape | None = None
    """Where its callers go outside `hours`."""
    priority: Priority = 0
    """Its callers come before those with a lower one."""
    own_line: OwnLineShape | None = None
    after_answer: AfterAnswerShape | None = None
    trunk: Name | None = None
    """`resident` only: the platform that takes its calls from the cutover on."""
    forwarded_announcement: Name | None = None
    announced_announcement: Name | None = None
    announced_then: AnnouncedThen | None = None
    retired_from: Day | None = None


class GenericAnnouncements(Shape):
    """What is played where a number has no announcement of its own."""

    forwarded: Name
    announced: Name


class NumbersFile(Shape):
    """dialplan/numbers.yaml: every public number, and what holds for all of them."""

    queue: Name
    """For numbers that name none."""
    announced_then: AnnouncedThen = AnnouncedThen.HANG_UP
    retired_from: Day | None = None
    """For `direct_retire` numbers that name no day; none: they announce for ever."""
    announcements: GenericAnnouncements
    placeholders: tuple[CalledNumber, ...] = ()
    """Own lines and DIDs that begin so are still invented: `check` reminds of them."""
    numbers: dict[PublicNumber, NumberShape]


class EmergencyShape(Shape):
    """One emergency number."""

    service: Text


class EmergenciesFile(Shape):
    """dialplan/emergencies.yaml: numbers that are dialled at once, as they are."""

    trunks: Annotated[tuple[Name, ...], Field(min_length=1)]
    """First choice first."""
    emergencies: dict[EmergencyNumber, EmergencyShape]


class PhaseShape(Shape):
    """Some days, both included."""

    title: Text
    first: Day
    last: Day | None = None


class PhasesFile(Shape):
    """dialplan/phases.yaml: the project's calendar (R70)."""

    phases: dict[PhaseName, PhaseShape]


class AnnounceShape(Shape):
    """What waiting callers hear between music; times in seconds."""

    position: bool = True
    """Say the caller's place."""
    estimate: bool = True
    """Say how long it will take."""
    first: Annotated[float, Field(ge=5, le=3600, allow_inf_nan=False)] = 20.0
    """After so long the first time."""
    every: Annotated[float, Field(ge=10, le=3600, allow_inf_nan=False)] = 45.0
    """After so long a time of music again."""
    also: Name | None = None
    """Prompt spoken after these."""


class CallbackShape(Shape):
    """Callers need not wait: they are called back when it is their turn."""

    key: OneDigit = "1"
    """Pressed while waiting."""
    after: Annotated[float, Field(ge=0, le=3600, allow_inf_nan=False)] = 0.0
    """Seconds of waiting before it is offered."""
    ring_seconds: Annotated[float, Field(gt=0, le=300, allow_inf_nan=False)] = 40.0
    tries: Annotated[int, Field(ge=1, le=20)] = 3
    """How often a citizen who is not reached is called in all."""
    again_minutes: Annotated[float, Field(gt=0, le=1440, allow_inf_nan=False)] = 10.0
    keep_hours: Annotated[float, Field(gt=0, le=168, allow_inf_nan=False)] = 24.0
    """What could not be done by then is given up."""
    hours: Name | None = None
    """When citizens are called; none: always."""


class RelaxShape(Shape):
    """From when on operators with a higher penalty are asked too."""

    after: Annotated[float, Field(gt=0, le=86400, allow_inf_nan=False)]
    """Seconds of waiting."""
    up_to: Annotated[int, Field(ge=1, le=99)]
    """The highest penalty asked from then on."""


class OverflowShape(Shape):
    """When callers are led on: `length`, `waited` or `nobody_signed_in`."""

    length: Annotated[int, Field(ge=1, le=10000)] | None = None
    """Who comes while so many wait already."""
    waited: Annotated[float, Field(gt=0, le=86400, allow_inf_nan=False)] | None = None
    """Who has waited so many seconds."""
    nobody_signed_in: bool = False
    """While nobody who serves the queue is signed in."""
    to: DestinationShape

    @model_validator(mode="before")
    @classmethod
    def _one_cause(cls, given: object) -> object:
        if isinstance(given, dict) and not given.keys() <= cls.model_fields.keys():
            return given  # the wrong key is the better thing to tell
        causes = ("length", "waited", "nobody_signed_in")
        if not isinstance(given, dict) or sum(cause in given for cause in causes) != 1:
            raise ValueError(
                "write one of `length: 20`, `waited: 120` and `nobody_signed_in: true`, "
                "and `to: {queue: …}`"
            )
        return given


class QueueShape(Shape):
    """One waiting line; times in seconds."""

    title: Text
    greeting: Name | None = None
    music: Name = "default"
    announce_operator: bool = True
    skills: Skills = {}
    priority: Priority = 0
    strategy: Strategy = Strategy.LONGEST_IDLE
    ring_at_most: Annotated[int, Field(ge=2, le=100)] = 20
    """`ring_all` only."""
    best_skilled_first: bool = False
    relax: tuple[RelaxShape, ...] = ()
    """Operators with a penalty are asked after some waiting; none: at once, but last."""
    overflow: tuple[OverflowShape, ...] = ()
    not_ready_after_misses: Annotated[int, Field(ge=1, le=9)] = 1
    same_operator_hours: Annotated[float, Field(ge=0, le=8784, allow_inf_nan=False)] = 0.0
    """0: no."""
    same_operator_wait_seconds: Annotated[float, Field(ge=0, le=600, allow_inf_nan=False)] = 0.0
    ring_seconds: Annotated[float, Field(gt=0, le=300, allow_inf_nan=False)] = 20.0
    wrap_up_seconds: Annotated[float, Field(ge=0, le=3600, allow_inf_nan=False)] = 60.0
    max_wait_seconds: Annotated[float, Field(gt=0, le=86400, allow_inf_nan=False)] = 1800.0
    answer_within_seconds: Annotated[float, Field(gt=0, le=3600, allow_inf_nan=False)] = 15.0
    sorry: Name = "queue_sorry"
    hours: Name | None = None
    closed: DestinationShape | None = None
    """Where callers go outside `hours`."""
    announce: AnnounceShape | None = None
    callback: CallbackShape | None = None
    survey: Name | None = None
    """Of surveys.yaml; asked when the operator hangs up first."""
    extension: Extension | None = None
    """What an operator keys in to transfer a caller here."""


class QueuesFile(Shape):
    """dialplan/queues.yaml."""

    queues: dict[Name, QueueShape]


class ChoiceShape(DestinationShape):
    """Where one key leads."""

    title: Text


class MenuShape(Shape):
    """A choice by key."""

    prompt: Name
    """Says what can be chosen; a key ends it."""
    choices: Annotated[dict[Key, ChoiceShape], Field(min_length=1)]
    otherwise: DestinationShape
    """For who pressed no right key, however often the prompt was said."""
    seconds: Annotated[float, Field(gt=0, le=30, allow_inf_nan=False)] = 5.0
    repeats: Annotated[int, Field(ge=0, le=9)] = 2
    """How often the prompt is said again."""
    wrong: Name | None = None
    """Said before it after a key that leads nowhere."""
    none: Name | None = None
    """Said before it when no key came in `seconds`."""
    hours: Name | None = None
    closed: DestinationShape | None = None
    """Where callers go outside `hours`."""


class MenusFile(Shape):
    """dialplan/menus.yaml; empty by default."""

    menus: dict[Name, MenuShape] = {}


class CommentShape(Shape):
    """How a comment is spoken after a tone; times in seconds."""

    longest_seconds: Annotated[float, Field(ge=5, le=300, allow_inf_nan=False)] = 60.0
    silence_seconds: Annotated[float, Field(ge=2, le=60, allow_inf_nan=False)] = 5.0
    """So long a silence ends it."""
    least_seconds: Annotated[float, Field(ge=0, le=60, allow_inf_nan=False)] = 1.0
    """Who spoke less has said nothing."""


class QuestionShape(Shape):
    """One question, answered by a key or by speaking; `*` is no answer: it listens again."""

    title: Text
    """What the order says was asked."""
    prompt: Name
    keys: Annotated[dict[OneDigit, Text], Field(min_length=1)] | None = None
    """What each key means."""
    comment: CommentShape | None = None
    """Spoken after the prompt and a tone instead; `#`, silence or hanging up ends it."""

    @model_validator(mode="after")
    def _one_way_to_answer(self) -> Self:
        if (self.keys is None) == (self.comment is None):
            raise ValueError("write one of `keys: {…}` and `comment: {…}`")
        return self


class SurveyShape(Shape):
    """What a caller is asked once the operator has hung up; times in seconds."""

    title: Text
    questions: Annotated[dict[Name, QuestionShape], Field(min_length=1)]
    """Asked in this order."""
    thanks: Name
    wrong_key: Name | None = None
    """Said before a question is asked again because of a wrong key."""
    key_seconds: Annotated[float, Field(gt=0, le=60, allow_inf_nan=False)] = 8.0
    repeats: Annotated[int, Field(ge=0, le=9)] = 2
    """How often a question is asked again after a wrong key or none."""
    unanswered: Unanswered = Unanswered.NEXT
    """Then: the next question, or the end."""
    longest_seconds: Annotated[float, Field(gt=0, le=900, allow_inf_nan=False)] = 180.0
    """The whole survey, listening again included."""


class SurveysFile(Shape):
    """dialplan/surveys.yaml; may be missing."""

    surveys: dict[Name, SurveyShape] = {}


class RateLimitShape(Shape):
    """So many calls of one caller are taken in so many minutes."""

    calls: Annotated[int, Field(ge=1, le=1000)]
    minutes: Annotated[float, Field(gt=0, le=1440, allow_inf_nan=False)]


class NuisanceShape(Shape):
    """Whoever operators marked so often in so many days is blocked by itself."""

    marks: Annotated[int, Field(ge=1, le=100)]
    days: Annotated[float, Field(gt=0, le=366, allow_inf_nan=False)]
    block_hours: Annotated[float, Field(gt=0, le=8784, allow_inf_nan=False)]
    treatment: Treatment = Treatment.ANNOUNCE


class SilentShape(Shape):
    """How an operator releases a caller of whom nothing is heard."""

    prompt: Name
    seconds: Annotated[float, Field(gt=0, le=120, allow_inf_nan=False)] = 15.0
    """From the prompt's beginning to the end of the call."""


def _network(text: str) -> str:
    try:
        return str(IPv4Network(text))
    except ValueError:
        raise ValueError("write an address or a network, such as 10.1.0.0/16") from None


class AttackShape(Shape):
    """Who sends so many wrong SIP passwords or unknown names in so many minutes is refused.

    Trunks and registered softphones never are.
    """

    tries: Annotated[int, Field(ge=3, le=100_000)] = 20
    minutes: Annotated[float, Field(gt=0, le=1440, allow_inf_nan=False)] = 10.0
    ban_minutes: Annotated[float, Field(gt=0, le=1440, allow_inf_nan=False)] = 60.0
    """Each ban of an address is twice as long as its last, a day at the most."""
    never: tuple[Annotated[str, AfterValidator(_network)], ...] = ()
    """Addresses and networks that are not banned either."""


class ProtectionFile(Shape):
    """dialplan/protection.yaml: against callers who keep others from being served; may be missing.

    Emergency numbers, and callers whose number is one of the plan, are never kept out.
    """

    limits: tuple[RateLimitShape, ...] = ()
    """For each caller; every one of them holds."""
    limited: Treatment = Treatment.ANNOUNCE
    limited_prompt: Name | None = None
    """Without one, who is to be told is refused by code."""
    blocked_prompt: Name | None = None
    """The same, for callers of the blocklist."""
    nuisance: NuisanceShape | None = None
    silent: SilentShape | None = None
    sip: AttackShape = AttackShape()


class VoiceBoxShape(Shape):
    """Where callers leave messages; times in seconds."""

    title: Text
    greeting: Name = "voice_mail_greeting"
    thanks: Name = "voice_mail_thanks"
    nothing: Name = "voice_mail_nothing"
    """For who said less than `least_seconds`."""
    longest_seconds: Annotated[float, Field(ge=5, le=900, allow_inf_nan=False)] = 180.0
    silence_seconds: Annotated[float, Field(ge=2, le=60, allow_inf_nan=False)] = 6.0
    """So long a silence ends the message."""
    least_seconds: Annotated[float, Field(ge=0, le=60, allow_inf_nan=False)] = 2.0
    answer_within_hours: Annotated[float, Field(gt=0, le=24, allow_inf_nan=False)] = 24.0
    """GB/T 33358 asks for an answer within 24 h."""
    queue: Name | None = None
    """Whose callers' messages they are."""
    unit: Text | None = None
    """The unit that answers them."""


class VoiceBoxesFile(Shape):
    """dialplan/voice_boxes.yaml."""

    voice_boxes: dict[Name, VoiceBoxShape] = {}


Ranges = tuple[TimeRange, ...]


class WeekShape(Shape):
    """Open times of each day; a day that is left out is closed."""

    monday: Ranges = ()
    tuesday: Ranges = ()
    wednesday: Ranges = ()
    thursday: Ranges = ()
    friday: Ranges = ()
    saturday: Ranges = ()
    sunday: Ranges = ()

    @property
    def days(self) -> tuple[Ranges, ...]:
        """Monday first."""
        return (
            self.monday,
            self.tuesday,
            self.wednesday,
            self.thursday,
            self.friday,
            self.saturday,
            self.sunday,
        )


class HoursShape(Shape):
    """When something is open."""

    title: Text
    weekly: WeekShape
    follows_working_days: bool = False


class OverrideShape(Shape):
    """Days that we decide ourselves, from the key's day to `last`, both included."""

    last: Day | None = None
    working: bool
    title: Text


class HoursFile(Shape):
    """dialplan/hours.yaml: open hours, and holidays that differ from the official calendar."""

    hours: dict[Name, HoursShape]
    holidays: dict[Day, OverrideShape] = {}
    """By their first day."""


class UnitShape(Shape):
    """One member unit."""

    kind: UnitKind
    level: Name
    groups: tuple[OneDigit, ...] = ()
    """Annex 1's groups it is listed in (I18: one unit is in two)."""
    aliases: tuple[Text, ...] = ()


class UnitsFile(Shape):
    """dialplan/units.yaml: the member units (Annex 1)."""

    levels: dict[Name, Text]
    """Highest first."""
    groups: dict[OneDigit, Text]
    """Annex 1's headings."""
    units: dict[Text, UnitShape]


class OperatorShape(Shape):
    """One operator."""

    name: Text
    skills: Skills = {}
    penalties: dict[Name, Annotated[int, Field(ge=0, le=99)]] = {}
    """By queue: who has a lower one is asked first; 0 where none is written."""
    may_dial: tuple[Name, ...] = ()
    """Classes of outside numbers (centre.yaml) that not everyone may dial."""


class OperatorsFile(Shape):
    """agents/operators.yaml. PINs are not here: `callcenter pin` sets them."""

    skills: dict[Name, Text] = {}
    operators: dict[OperatorNumber, OperatorShape]


class SeatShape(Shape):
    """One place with a softphone."""

    title: Text


class RoomShape(Shape):
    """A place that seats can call."""

    title: Text
    extension: Extension
    line: OwnLineShape


class SeatsFile(Shape):
    """agents/seats.yaml. Passwords are not here: they are made into the data folder."""

    seats: dict[Name, SeatShape]
    rooms: dict[Name, RoomShape] = {}


class CodesShape(Shape):
    """What operators dial."""

    sign_in: Code = FeatureCodes().sign_in
    ready: Code = FeatureCodes().ready
    not_ready: Code = FeatureCodes().not_ready
    sign_out: Code = FeatureCodes().sign_out
    emergency: Code = FeatureCodes().emergency
    forward: Code = FeatureCodes().forward
    three_way: Code = FeatureCodes().three_way
    leave: Code = FeatureCodes().leave
    drop_partner: Code = FeatureCodes().drop_partner
    first_dialled: Code = FeatureCodes().first_dialled
    call_citizen: Code = FeatureCodes().call_citizen
    call_order: Code = FeatureCodes().call_order
    silent: Code = FeatureCodes().silent
    nuisance: Code = FeatureCodes().nuisance
    hold: Code = FeatureCodes().hold
    consult: Code = FeatureCodes().consult
    alternate: Code = FeatureCodes().alternate
    join: Code = FeatureCodes().join
    mute: Code = FeatureCodes().mute
    recording: Code = FeatureCodes().recording
    extend_wrap_up: Code = FeatureCodes().extend_wrap_up
    take_seat: Code = FeatureCodes().take_seat


class ReasonShape(Shape):
    """Why an operator takes no calls."""

    code: OneDigit
    title: Text


class FeatureCodesFile(Shape):
    """agents/feature_codes.yaml."""

    feature_codes: CodesShape = CodesShape()
    not_ready_reasons: dict[Name, ReasonShape]


class TrunkFile(Shape):
    """trunks/<name>.yaml: the file's name is the trunk's."""

    title: Text
    kind: TrunkKind
    host: Host
    port: Annotated[int, Field(ge=1, le=65535)] = 5060
    channels: Annotated[int, Field(ge=1, le=10000)]
    reserved: Annotated[int, Field(ge=0)] = 0
    trust: HeaderTrust = HeaderTrust()
    dial_prefix: Annotated[
        str,
        _must_match(re.compile(r"[0-9]{0,8}"), "write at most 8 digits"),
        _schema(re.compile(r"[0-9]{0,8}"), "9"),
    ] = ""
    """Put before every number but emergency ones."""
    reference_header: SipHeader | None = None
    """Tells the partner's reference of a caller whom they send us, and ours of one we send."""


class PromptShape(Shape):
    """One sentence or piece of a sentence."""

    text: Text
    generic: Name | None = None


class CatalogFile(Shape):
    """ivr_prompts/catalog.yaml."""

    prompts: dict[Name, PromptShape]


SHAPES: dict[str, type[Shape]] = {
    "dialplan/centre.yaml": CentreFile,
    "dialplan/numbers.yaml": NumbersFile,
    "dialplan/emergencies.yaml": EmergenciesFile,
    "dialplan/phases.yaml": PhasesFile,
    "dialplan/queues.yaml": QueuesFile,
    "dialplan/menus.yaml": MenusFile,
    "dialplan/surveys.yaml": SurveysFile,
    "dialplan/protection.yaml": ProtectionFile,
    "dialplan/voice_boxes.yaml": VoiceBoxesFile,
    "dialplan/hours.yaml": HoursFile,
    "dialplan/units.yaml": UnitsFile,
    "agents/operators.yaml": OperatorsFile,
    "agents/seats.yaml": SeatsFile,
    "agents/feature_codes.yaml": FeatureCodesFile,
    "ivr_prompts/catalog.yaml": CatalogFile,
}
"""The shape of each file but the trunks'."""
OPTIONAL = frozenset(
    {"dialplan/voice_boxes.yaml", "dialplan/surveys.yaml", "dialplan/protection.yaml"}
)
"""Those that may be missing: then nothing is set in them."""
