"""Each promise of docs/operations.md has tests, which exist and run where the document says."""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterable, Iterator

import pytest
from _pytest.mark.structures import Mark, MarkDecorator, ParameterSet

from tests.docs import documents

OPERATIONS = "docs/operations.md"
TEST = re.compile(r"`(tests/[\w/]+)\.py::(test_\w+)`( long)?")
SECTIONS = ("Faults", "Attacks", "Keeping it")


def promises(section: str) -> list[tuple[str, str]]:
    """Promise and cell of tests, of that section's table."""
    text = documents.text(OPERATIONS).partition(f"\n### {section}\n")[2].partition("\n#")[0]
    rows = [line.strip("|").split("|") for line in text.splitlines() if line.startswith("|")]
    return [(promise.strip(), tests.strip()) for promise, tests in rows[2:]]


def marks(of: object) -> list[Mark]:
    found = getattr(of, "pytestmark", [])
    listed: Iterable[Mark | MarkDecorator] = found if isinstance(found, list) else [found]
    return [each.mark if isinstance(each, MarkDecorator) else each for each in listed]


def is_long(file: str, name: str) -> bool:
    """Whether script/test leaves all of this test to --long."""
    module = importlib.import_module(file.replace("/", "."))
    of_both = [*marks(module), *marks(getattr(module, name))]
    return any(mark.name == "long" for mark in of_both) or any(
        all(_are_long(each) for each in mark.args[1])
        for mark in of_both
        if mark.name == "parametrize"
    )


def _are_long(case: object) -> bool:
    return isinstance(case, ParameterSet) and any(mark.name == "long" for mark in case.marks)


def named() -> Iterator[tuple[str, str, bool]]:
    """Every test that the tables name, and whether they say that it is long."""
    for section in SECTIONS:
        for _, tests in promises(section):
            for file, name, long in TEST.findall(tests):
                yield file, name, bool(long)


@pytest.mark.parametrize("section", SECTIONS)
def test_every_promise_has_a_test(section: str) -> None:
    found = promises(section)
    assert len(found) >= 4
    for promise, tests in found:
        assert promise
        assert TEST.sub("", tests).replace(",", "").strip() == "", f"{tests} are no tests"
        assert TEST.search(tests), f"nothing shows that {promise}"


def test_every_test_is_there_and_runs_where_it_is_said_to() -> None:
    tests = sorted(set(named()))
    assert len(tests) > 50
    wrong = [f"{file}.py::{name}" for file, name, long in tests if is_long(file, name) is not long]
    assert wrong == [], "long or not?"


def test_what_is_looked_for_is_found() -> None:
    """A look that finds nothing proves nothing."""
    assert is_long("tests/live/test_faults_long", "test_the_controller_dies_fifty_times")
    assert is_long("tests/live/test_faults", "test_the_controller_freezes")
    assert not is_long("tests/live/test_soak", "test_no_call_is_lost_and_nothing_grows")
    with pytest.raises(AttributeError):
        is_long("tests/live/test_faults", "test_that_nobody_wrote")
