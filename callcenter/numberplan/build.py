"""Checked files → `Plan`. Runs only where no error was found, so every name can be looked up."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import time

from callcenter.numberplan.checks.dates import cutover_of
from callcenter.numberplan.checks.prompts import ANNOUNCED, FORWARDED, announcement, playable
from callcenter.numberplan.destination import Destination, To
from callcenter.numberplan.dialled import short_form
from callcenter.numberplan.files import (
    CatalogFile,
    CentreFile,
    DestinationShape,
    EmergenciesFile,
    FeatureCodesFile,
    HoursFile,
    MenusFile,
    NumbersFile,
    NumberShape,
    OperatorsFile,
    OutsideShape,
    OwnLineShape,
    PhasesFile,
    ProtectionFile,
    QueuesFile,
    SeatsFile,
    Shape,
    SurveysFile,
    UnitsFile,
    VoiceBoxesFile,
)
from callcenter.numberplan.model import (
    Citizens,
    Comment,
    DialTarget,
    Emergency,
    FeatureCodes,
    ForwardFailures,
    HolidayOverride,
    Hours,
    Menu,
    MenuChoice,
    Mode,
    NotReadyReason,
    Number,
    NumberClass,
    OpenHours,
    Operator,
    Outside,
    Phase,
    Place,
    Plan,
    Prompt,
    Protection,
    Question,
    Queue,
    Room,
    Seat,
    Survey,
    Trunk,
    Unit,
    VoiceBox,
)
from callcenter.numberplan.parsed import EMERGENCIES, NUMBERS, PHASES, Parsed
from callcenter.numberplan.source import Source


@dataclass(frozen=True)
class _Files:
    """As `Parsed`, and everything is there."""

    source: Source
    centre: CentreFile
    numbers: NumbersFile
    emergencies: EmergenciesFile
    phases: PhasesFile
    queues: QueuesFile
    menus: MenusFile
    surveys: SurveysFile
    protection: ProtectionFile
    voice_boxes: VoiceBoxesFile
    hours: HoursFile
    units: UnitsFile
    operators: OperatorsFile
    seats: SeatsFile
    codes: FeatureCodesFile
    catalog: CatalogFile


def build(parsed: Parsed) -> Plan | None:
    """The plan; None where a file is missing."""
    files = _complete(parsed)
    if files is None:
        return None
    trunks = {name: Trunk(name=name, **trunk.model_dump()) for name, trunk in parsed.trunks.items()}
    return Plan(
        source=files.source,
        area_code=files.centre.area_code,
        country_code=files.centre.country_code,
        order_area=files.centre.order_area,
        title=files.centre.title,
        numbers={
            number: _number(parsed, files, trunks, number, entry)
            for number, entry in files.numbers.numbers.items()
        },
        queues={name: _queue(files, name) for name in files.queues.queues},
        menus={name: _menu(files, name) for name in files.menus.menus},
        surveys={name: _survey(files, name) for name in files.surveys.surveys},
        protection=_protection(files),
        voice_boxes={name: _voice_box(files, name) for name in files.voice_boxes.voice_boxes},
        operators={
            number: Operator(number=number, **operator.model_dump())
            for number, operator in files.operators.operators.items()
        },
        skills=files.operators.skills,
        seats={name: Seat(name=name, title=seat.title) for name, seat in files.seats.seats.items()},
        rooms={
            name: Room(
                name=name,
                title=room.title,
                extension=room.extension,
                targets=_targets(trunks, room.line),
            )
            for name, room in files.seats.rooms.items()
        },
        feature_codes=FeatureCodes(**files.codes.feature_codes.model_dump()),
        not_ready_reasons={
            name: NotReadyReason(code=reason.code, name=name, title=reason.title)
            for name, reason in files.codes.not_ready_reasons.items()
        },
        trunks=trunks,
        units={
            name: Unit(name=name, **unit.model_dump()) for name, unit in files.units.units.items()
        },
        unit_levels=files.units.levels,
        phases=tuple(sorted(_phases(parsed, files), key=lambda phase: phase.first)),
        hours={name: _hours(files, name) for name in files.hours.hours},
        holiday_overrides=tuple(
            HolidayOverride(
                first=first,
                last=override.last or first,
                working=override.working,
                title=override.title,
            )
            for first, override in sorted(files.hours.holidays.items())
        ),
        emergencies={
            number: Emergency(
                number=number,
                service=emergency.service,
                targets=tuple(
                    DialTarget(trunk=trunk, digits=number) for trunk in files.emergencies.trunks
                ),
                place=_place(parsed, EMERGENCIES, "emergencies", number),
            )
            for number, emergency in files.emergencies.emergencies.items()
        },
        prompts={
            name: Prompt(name=name, text=entry.text, plays=_plays(files, name))
            for name, entry in files.catalog.prompts.items()
        },
        outside=_outside(trunks, files.centre.outside),
        limits=files.centre.limits,
        forward_failures=ForwardFailures(
            **{
                name: _plays(files, prompt)
                for name, prompt in files.centre.forward_failures.model_dump().items()
            }
        ),
        citizens=None
        if files.centre.citizens is None
        else Citizens(**files.centre.citizens.model_dump()),
    )


def _complete(parsed: Parsed) -> _Files | None:
    if (
        parsed.centre is None
        or parsed.numbers is None
        or parsed.emergencies is None
        or parsed.phases is None
        or parsed.queues is None
        or parsed.menus is None
        or parsed.surveys is None
        or parsed.protection is None
        or parsed.voice_boxes is None
        or parsed.hours is None
        or parsed.units is None
        or parsed.operators is None
        or parsed.seats is None
        or parsed.codes is None
        or parsed.catalog is None
    ):
        return None
    return _Files(
        parsed.source,
        parsed.centre,
        parsed.numbers,
        parsed.emergencies,
        parsed.phases,
        parsed.queues,
        parsed.menus,
        parsed.surveys,
        parsed.protection,
        parsed.voice_boxes,
        parsed.hours,
        parsed.units,
        parsed.operators,
        parsed.seats,
        parsed.codes,
        parsed.catalog,
    )


def _plays(files: _Files, name: str, generic: str | None = None) -> str:
    """Checked before: there is one for every prompt that the plan names."""
    return playable(name, files.catalog.prompts, files.source.wavs, generic) or name


def _place(parsed: Parsed, file: str, *path: str) -> Place:
    return Place(file=file, line=parsed.line(file, path))


def _targets(trunks: Mapping[str, Trunk], line: OwnLineShape) -> tuple[DialTarget, ...]:
    return tuple(
        DialTarget(trunk=name, digits=trunks[name].dial_prefix + line.digits) for name in line.via
    )


def _outside(trunks: Mapping[str, Trunk], shape: OutsideShape | None) -> Outside:
    if shape is None:
        return Outside()
    return Outside(
        ways=tuple(DialTarget(trunk=name, digits=trunks[name].dial_prefix) for name in shape.via),
        classes={name: NumberClass(**each.model_dump()) for name, each in shape.classes.items()},
    )


def _number(
    parsed: Parsed, files: _Files, trunks: Mapping[str, Trunk], number: str, entry: NumberShape
) -> Number:
    shared = files.numbers
    retiring = entry.mode is Mode.DIRECT_RETIRE
    keys = parsed.trees[NUMBERS].keys
    places = {
        path[2]: Place(file=NUMBERS, line=mark.line)
        for path, mark in keys.items()
        if len(path) == 3 and path[:2] == ("numbers", number) and isinstance(path[2], str)
    }
    for key in ("queue", "announced_then", "retired_from"):
        if key not in places and (key,) in keys:
            places[key] = _place(parsed, NUMBERS, key)
    digits = number.partition("-")[0]
    platform = () if entry.trunk is None else (entry.trunk,)
    return Number(
        number=number,
        mode=entry.mode,
        owner=entry.owner,
        service=entry.service,
        aliases=entry.aliases,
        dids=tuple(
            short_form(did, files.centre.area_code, files.centre.country_code) for did in entry.dids
        ),
        queue=entry.queue or shared.queue,
        menu=entry.menu,
        greeting=None if entry.greeting is None else _plays(files, entry.greeting),
        hours=entry.hours,
        closed=_destination(files, entry.closed),
        priority=entry.priority,
        cutover=None if entry.month is None else cutover_of(entry.month),
        retired_from=(entry.retired_from or shared.retired_from) if retiring else None,
        own_line=_targets(trunks, entry.own_line) if entry.own_line else (),
        resident_targets=tuple(
            DialTarget(trunk=name, digits=trunks[name].dial_prefix + digits) for name in platform
        ),
        after_answer_digits=entry.after_answer.digits if entry.after_answer else None,
        after_answer_pause=entry.after_answer.pause if entry.after_answer else 0.0,
        forwarded_announcement=_announcement(files, FORWARDED, number, entry) if retiring else None,
        announced_announcement=_announcement(files, ANNOUNCED, number, entry) if retiring else None,
        announced_then=entry.announced_then or shared.announced_then,
        places={**places, "number": _place(parsed, NUMBERS, "numbers", number)},
    )


def _announcement(files: _Files, kind: str, number: str, entry: NumberShape) -> str:
    override: str | None = getattr(entry, f"{kind}_announcement")
    generic: str = getattr(files.numbers.announcements, kind)
    return _plays(files, announcement(kind, number, override), generic)


def _queue(files: _Files, name: str) -> Queue:
    shape = files.queues.queues[name]
    closed = _destination(files, shape.closed)
    prompts = _prompts(files, shape, "greeting", "sorry")
    overflow = tuple(
        {**rule.model_dump(), "to": _destination(files, rule.to)} for rule in shape.overflow
    )
    more = {**prompts, "closed": closed, "overflow": overflow}
    queue = Queue(name=name, **{**shape.model_dump(), **more})
    announce = queue.announce
    if announce is None or announce.also is None:
        return queue
    also = announce.model_copy(update={"also": _plays(files, announce.also)})
    return queue.model_copy(update={"announce": also})


def _menu(files: _Files, name: str) -> Menu:
    shape = files.menus.menus[name]
    return Menu(
        name=name,
        choices={
            key: MenuChoice(key=key, title=choice.title, destination=_to(files, choice.destination))
            for key, choice in sorted(shape.choices.items())
        },
        otherwise=_to(files, shape.otherwise.destination),
        seconds=shape.seconds,
        repeats=shape.repeats,
        hours=shape.hours,
        closed=_destination(files, shape.closed),
        **_prompts(files, shape, "prompt", "wrong", "none"),
    )


def _survey(files: _Files, name: str) -> Survey:
    shape = files.surveys.surveys[name]
    questions = tuple(
        Question(
            name=key,
            title=each.title,
            prompt=_plays(files, each.prompt),
            keys=each.keys or {},
            comment=None if each.comment is None else Comment(**each.comment.model_dump()),
        )
        for key, each in shape.questions.items()
    )
    prompts = {
        key: _plays(files, prompt)
        for key in ("thanks", "wrong_key")
        if (prompt := getattr(shape, key)) is not None
    }
    return Survey(name=name, **{**shape.model_dump(), **prompts, "questions": questions})


def _protection(files: _Files) -> Protection:
    shape = files.protection
    values = shape.model_dump()
    for key in ("limited_prompt", "blocked_prompt"):
        values[key] = None if values[key] is None else _plays(files, values[key])
    if shape.silent is not None:
        values["silent"]["prompt"] = _plays(files, shape.silent.prompt)
    return Protection(**values)


def _voice_box(files: _Files, name: str) -> VoiceBox:
    shape = files.voice_boxes.voice_boxes[name]
    prompts = _prompts(files, shape, "greeting", "thanks", "nothing")
    return VoiceBox(name=name, **{**shape.model_dump(), **prompts})


def _prompts(files: _Files, shape: Shape, *keys: str) -> dict[str, str]:
    """What is played for these keys of the shape, as far as they name a prompt."""
    return {
        key: _plays(files, prompt) for key in keys if (prompt := getattr(shape, key)) is not None
    }


def _destination(files: _Files, shape: DestinationShape | None) -> Destination | None:
    return None if shape is None else _to(files, shape.destination)


def _to(files: _Files, to: Destination) -> Destination:
    prompt = None if to.prompt is None else _plays(files, to.prompt)
    return Destination(to.to, _plays(files, to.name) if to.to is To.ANNOUNCE else to.name, prompt)


def _phases(parsed: Parsed, files: _Files) -> Iterable[Phase]:
    for name, shape in files.phases.phases.items():
        yield Phase(
            name=name,
            title=shape.title,
            first=shape.first,
            last=shape.last,
            place=_place(parsed, PHASES, "phases", name),
        )


def _hours(files: _Files, name: str) -> Hours:
    shape = files.hours.hours[name]
    return Hours(
        name=name,
        title=shape.title,
        weekly=tuple(tuple(_open(each) for each in ranges) for ranges in shape.weekly.days),
        follows_working_days=shape.follows_working_days,
    )


def _open(written: str) -> OpenHours:
    start, _, end = written.partition("-")
    return OpenHours(
        start=time.fromisoformat(start), end=None if end == "24:00" else time.fromisoformat(end)
    )
