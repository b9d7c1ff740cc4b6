"""A plan can be made again from what the journal keeps of it, and any text can be a plan file."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from callcenter.numberplan.loader import Loaded, load_source, load_texts
from callcenter.numberplan.source import Source
from tests.numberplan.edits import prompts_of
from tests.plans import TEXTS, small_plan

FILES = sorted(TEXTS)


def test_the_journals_copy_makes_the_same_plan() -> None:
    plan = small_plan()
    again = load_source(plan.source_json())
    assert again == plan
    assert again is not None
    assert again.hash == plan.hash
    assert again.source_json() == plan.source_json()


@pytest.mark.parametrize("text", ["", "null", "{}", '{"texts": [], "wavs": []}', "[]", "\ud800"])
def test_a_copy_that_cannot_be_read_makes_no_plan(text: str) -> None:
    assert load_source(text) is None


def test_the_hash_covers_every_file_and_which_prompts_are_recorded() -> None:
    source = small_plan().source
    others = [
        Source({**source.texts, file: text + "#"}, source.wavs) for file, text in TEXTS.items()
    ]
    others.append(Source(source.texts, source.wavs - {"greeting"}))
    assert len({source.hash, *(other.hash for other in others)}) == len(TEXTS) + 2


def test_the_order_of_files_does_not_matter() -> None:
    names = prompts_of(TEXTS)
    turned = dict(reversed(list(TEXTS.items())))
    assert Source(turned, names).hash == Source(TEXTS, names).hash


def is_sound(loaded: Loaded) -> bool:
    places = all(error.line >= 1 and error.column >= 1 for error in loaded.errors)
    return places and (loaded.plan is None) == bool(loaded.errors)


@settings(max_examples=60, deadline=None)
@given(file=st.sampled_from(FILES), text=st.text(max_size=60))
def test_any_text_gives_a_plan_or_errors(file: str, text: str) -> None:
    assert is_sound(load_texts({**TEXTS, file: text}, prompts_of(TEXTS)))


@settings(max_examples=60, deadline=None)
@given(
    file=st.sampled_from(FILES),
    at=st.floats(min_value=0, max_value=1),
    length=st.integers(0, 8),
    new=st.sampled_from(
        ["", " ", "\n", ":", "[", "{", "*a", "&a ", "- ", "x", "~", "110", "\t", "\x00"]
    ),
)
def test_any_slip_of_the_hand_gives_a_plan_or_errors(
    file: str, at: float, length: int, new: str
) -> None:
    text = TEXTS[file]
    start = int(at * len(text))
    edited = text[:start] + new + text[start + length :]
    assert is_sound(load_texts({**TEXTS, file: edited}, prompts_of(TEXTS)))


def keys_of(value: object) -> list[str]:
    if isinstance(value, dict):
        return [*map(str, value), *(key for each in value.values() for key in keys_of(each))]
    return []


KEYS = sorted({key for text in TEXTS.values() for key in keys_of(yaml.safe_load(text))})
VALUES = st.recursive(
    st.none() | st.sampled_from(["", "12345", "110", "telecom", "hotline", "2017-05", "x"]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=3)
    ),
    max_leaves=6,
)


@settings(max_examples=80, deadline=None)
@given(
    file=st.sampled_from(FILES),
    path=st.lists(st.sampled_from(KEYS), min_size=1, max_size=3),
    value=VALUES,
)
def test_any_content_gives_a_plan_or_errors(file: str, path: Sequence[str], value: object) -> None:
    content = yaml.safe_load(TEXTS[file])
    within = content
    for key in path[:-1]:
        within = within.get(key) if isinstance(within.get(key), dict) else within
    within[path[-1]] = value
    text = yaml.safe_dump(content, allow_unicode=True)
    assert is_sound(load_texts({**TEXTS, file: text}, prompts_of(TEXTS)))


@pytest.mark.parametrize("text", ["[" * 5000, "a: " * 3000, "{a: " * 900, "- " * 900, "a:\n" * 9])
def test_deep_and_broken_nesting_is_an_error(text: str) -> None:
    assert load_texts({**TEXTS, FILES[0]: text}, prompts_of(TEXTS)).errors
