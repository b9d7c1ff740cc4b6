"""Prompts: named ones must be in the catalogue; one without WAV plays its stand-in."""

from __future__ import annotations

from collections.abc import Iterable

from callcenter.numberplan.checks.destinations import destinations
from callcenter.numberplan.destination import To
from callcenter.numberplan.files import PromptShape, ProtectionFile, SurveysFile
from callcenter.numberplan.model import ForwardFailures, Mode
from callcenter.numberplan.parsed import (
    CATALOG,
    CENTRE,
    MENUS,
    NUMBERS,
    PROTECTION,
    QUEUES,
    SURVEYS,
    VOICE_BOXES,
    Parsed,
)
from callcenter.numberplan.yamltree import Path

FORWARDED = "forwarded"
ANNOUNCED = "announced"


def playable(
    name: str, catalog: dict[str, PromptShape], wavs: frozenset[str], generic: str | None = None
) -> str | None:
    """The prompt whose WAV is played for `name`; None where there is none at all."""
    tried: set[str] = set()
    current: str | None = name
    while current is not None and current not in tried:
        if current in catalog and current in wavs:
            return current
        tried.add(current)
        entry = catalog.get(current)
        current = (entry.generic if entry else None) or (generic if current != generic else None)
    return None


def announcement(kind: str, number: str, override: str | None) -> str:
    """The name of a number's own announcement: `forwarded_87222160`, or what the plan says."""
    return override or f"{kind}_{number}"


def check(parsed: Parsed) -> None:
    """Every prompt that the plan names exists and can be heard."""
    catalog = parsed.catalog
    names = parsed.names(CATALOG, "prompts")
    if catalog is None or names is None:
        return
    for file, path, name in _named(parsed):
        if parsed.refer(file, path, name, names, "prompt") and name in catalog.prompts:
            _audible(parsed, file, path, name)
    for name, entry in catalog.prompts.items():
        here: Path = ("prompts", name)
        if entry.generic is not None:
            parsed.refer(CATALOG, (*here, "generic"), entry.generic, names, "prompt")
        if name not in parsed.source.wavs:
            plays = playable(name, catalog.prompts, parsed.source.wavs)
            what = f"{plays} is played instead" if plays else "nothing can be played for it"
            parsed.warning(
                CATALOG,
                here,
                f"prompt {name} has no WAV, {what}; run script/render-prompts",
                at_key=True,
            )
    _announcements(parsed)


def _named(parsed: Parsed) -> Iterable[tuple[str, Path, str]]:
    if parsed.queues:
        for name, queue in parsed.queues.queues.items():
            for key in ("greeting", "sorry"):
                prompt = getattr(queue, key)
                if prompt is not None:
                    yield QUEUES, ("queues", name, key), prompt
            if queue.announce is not None and queue.announce.also is not None:
                yield QUEUES, ("queues", name, "announce", "also"), queue.announce.also
    if parsed.menus:
        for name, menu in parsed.menus.menus.items():
            for key in ("prompt", "wrong", "none"):
                prompt = getattr(menu, key)
                if prompt is not None:
                    yield MENUS, ("menus", name, key), prompt
    if parsed.voice_boxes:
        for name, box in parsed.voice_boxes.voice_boxes.items():
            for key in ("greeting", "thanks", "nothing"):
                yield VOICE_BOXES, ("voice_boxes", name, key), getattr(box, key)
    for file, path, to in destinations(parsed):
        if to.announce is not None:
            yield file, (*path, To.ANNOUNCE), to.announce
        if to.prompt is not None:
            yield file, (*path, "prompt"), to.prompt
    if parsed.protection:
        yield from _of_protection(parsed.protection)
    if parsed.surveys:
        yield from _of_surveys(parsed.surveys)
    if parsed.centre:
        for key in ForwardFailures.model_fields:
            prompt = getattr(parsed.centre.forward_failures, key)
            yield CENTRE, ("forward_failures", key), prompt
    if parsed.numbers:
        yield NUMBERS, ("announcements", FORWARDED), parsed.numbers.announcements.forwarded
        yield NUMBERS, ("announcements", ANNOUNCED), parsed.numbers.announcements.announced
        for number, entry in parsed.numbers.numbers.items():
            if entry.greeting is not None:
                yield NUMBERS, ("numbers", number, "greeting"), entry.greeting
            for kind in (FORWARDED, ANNOUNCED):
                prompt = getattr(entry, f"{kind}_announcement")
                if prompt is not None:
                    yield NUMBERS, ("numbers", number, f"{kind}_announcement"), prompt


def _of_surveys(file: SurveysFile) -> Iterable[tuple[str, Path, str]]:
    for name, survey in file.surveys.items():
        for key in ("thanks", "wrong_key"):
            prompt = getattr(survey, key)
            if prompt is not None:
                yield SURVEYS, ("surveys", name, key), prompt
        for question, each in survey.questions.items():
            yield SURVEYS, ("surveys", name, "questions", question, "prompt"), each.prompt


def _of_protection(file: ProtectionFile) -> Iterable[tuple[str, Path, str]]:
    for key in ("limited_prompt", "blocked_prompt"):
        prompt = getattr(file, key)
        if prompt is not None:
            yield PROTECTION, (key,), prompt
    if file.silent is not None:
        yield PROTECTION, ("silent", "prompt"), file.silent.prompt


def _audible(parsed: Parsed, file: str, path: Path, name: str) -> None:
    if parsed.catalog is None:
        return
    if playable(name, parsed.catalog.prompts, parsed.source.wavs) is None:
        parsed.error(
            file,
            path,
            f"prompt {name} has no WAV and no stand-in that has one; add "
            f"ivr_prompts/{name}.wav by script/render-prompts, or name another prompt",
        )


def _announcements(parsed: Parsed) -> None:
    """A retiring number without an announcement of its own plays the one for all."""
    if not parsed.numbers or not parsed.catalog:
        return
    for number, entry in parsed.numbers.numbers.items():
        if entry.mode is not Mode.DIRECT_RETIRE:
            continue
        for kind in (FORWARDED, ANNOUNCED):
            name = announcement(kind, number, getattr(entry, f"{kind}_announcement"))
            if name not in parsed.catalog.prompts:
                parsed.warning(
                    NUMBERS,
                    ("numbers", number),
                    f"there is no prompt {name}, so {number} plays "
                    f"{getattr(parsed.numbers.announcements, kind)}; "
                    f"add {name} to {CATALOG} if it is to have its own",
                    at_key=True,
                )
