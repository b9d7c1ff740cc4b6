"""The city's plan as this project ships it, with the edits that a story needs."""

from __future__ import annotations

from functools import cache

from callcenter.numberplan.loader import load_texts
from callcenter.numberplan.model import Plan
from callcenter.numberplan.source import Source, read_source
from callcenter.settings import PROJECT

QUEUES = "dialplan/queues.yaml"
NUMBERS = "dialplan/numbers.yaml"
OPERATORS = "agents/operators.yaml"

Edit = tuple[str, str, str]
"""A file, a text in it, and what is written there instead."""


@cache
def city(*edits: Edit) -> Plan:
    """The plan after these edits, one after the other; it is checked as any other is."""
    source = _shipped()
    texts = dict(source.texts)
    for file, old, new in edits:
        assert old in texts[file], f"{file} has no {old!r} any more: the story must follow it"
        texts[file] = texts[file].replace(old, new)
    loaded = load_texts(texts, source.wavs)
    assert loaded.plan is not None, "\n".join(str(error) for error in loaded.errors)
    return loaded.plan


def hotline(*lines: str) -> Edit:
    """The hotline's queue with these lines instead of its own of the same name, or beside them."""
    own = _shipped().texts[QUEUES]
    begins = own.index("  hotline:\n")
    text = own[begins:]
    for line in lines:
        name = line.partition(":")[0]
        kept = [each for each in text.splitlines(True) if not each.startswith(f"    {name}:")]
        text = "".join((kept[0], f"    {line}\n", *kept[1:]))
    return (QUEUES, own[begins:], text)


def queue(name: str, *lines: str) -> Edit:
    """One more queue."""
    rows = "".join(f"    {line}\n" for line in (f"title: {name}", *lines))
    return (QUEUES, "\nqueues:\n", f"\nqueues:\n  {name}:\n{rows}")


def menus(*lines: str) -> Edit:
    """The menus that the plan does not have yet."""
    rows = "".join(f"{line}\n" for line in lines)
    return ("dialplan/menus.yaml", "\nmenus: {}\n", f"\nmenus:\n{rows}")


def leads(number: str, *lines: str) -> Edit:
    """A number of the plan with these lines."""
    rows = "".join(f"    {line}\n" for line in lines)
    return (NUMBERS, f'  "{number}":\n', f'  "{number}":\n{rows}')


@cache
def _shipped() -> Source:
    source, problems = read_source(PROJECT)
    assert not problems
    return source
