"""The controller is killed after each commit and after each command of every story, and restarted.

One undisturbed life of a story tells where it can die, and what each death leaves behind: the
journal's file and the world. From each of them the world goes on for a while without anybody, a new
controller starts, and the story goes on as far as it can.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from callcenter import runtime
from callcenter.calls import call as calls
from callcenter.calls.commands import Command, Hangup, Role
from callcenter.calls.events import Event
from callcenter.calls.state import Call
from callcenter.calls.turn import Turn
from callcenter.numberplan.model import Plan
from tests.crashes import promises
from tests.crashes.lives import Death, Life
from tests.crashes.stories import BESIDE_A_BUG, RUNG_TOGETHER, STORIES, SURVEYED
from tests.crashes.world import GoneError, Step, World
from tests.plans import after_and_against, edited, with_everything

MANY = 1000


class Gap(StrEnum):
    """What happens between the death and the next start."""

    NOTHING = "nothing"
    NEXT_STEP = "the story goes on by a step of which nobody hears"
    LONG = "the dead man's switch takes whom nobody serves"
    DEAD_AGAIN = "the next controller dies once it has stored what it found"


@dataclass(frozen=True)
class Point:
    """A death, and how far the story had come."""

    death: Death
    rest: tuple[Step, ...]
    lines_first: bool
    """Whether the next controller reads Asterisk's own lines before it compares legs."""
    plan: Plan


@pytest.fixture(autouse=True)
def silence() -> Iterator[None]:
    """A thousand lives log too much to be printed."""
    with capture_logs():
        yield


@pytest.fixture(autouse=True)
def slow_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is sent before it is stored, however long that takes here."""
    monkeypatch.setattr(runtime, "COMMIT_SECONDS", 60.0)


@pytest.mark.parametrize("story", STORIES)
async def test_whenever_the_controller_dies(story: str, tmp_path: Path) -> None:
    points = await _points(STORIES[story], tmp_path)
    assert len(points) > len(STORIES[story])
    wrong = await _wrong(points, tmp_path)
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("story", RUNG_TOGETHER)
async def test_whenever_the_controller_dies_where_several_are_rung(
    story: str, tmp_path: Path
) -> None:
    ring_all = "    ring_seconds: 20\n    strategy: ring_all\n"
    plan = edited("dialplan/queues.yaml", "    ring_seconds: 20\n", ring_all)
    points = await _points(RUNG_TOGETHER[story], tmp_path, plan)
    wrong = await _wrong(points, tmp_path)
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("story", SURVEYED)
async def test_whenever_the_controller_dies_where_callers_are_asked(
    story: str, tmp_path: Path
) -> None:
    points = await _points(SURVEYED[story], tmp_path, after_and_against())
    wrong = await _wrong(points, tmp_path)
    assert not wrong, "\n".join(wrong)


async def test_whenever_the_controller_dies_beside_a_bug(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A call on which the core raises is the dialplan's, before and after the death."""
    right = calls.wait

    def buggy(turn: Turn, call: Call) -> None:
        if call.id.endswith(".1"):
            raise ZeroDivisionError("planted")
        right(turn, call)

    monkeypatch.setattr(calls, "wait", buggy)
    points = await _points(BESIDE_A_BUG, tmp_path)
    assert any("Detour" in point.death.point for point in points)
    wrong = await _wrong(points, tmp_path)
    assert [each for each in wrong if "were rejected" not in each] == []


async def _wrong(points: Sequence[Point], folder: Path) -> list[str]:
    """Everything that is wrong after any of these deaths, and any gap."""
    wrong = []
    for number, point in enumerate(points):
        for gap in Gap:
            found = await _after(point, gap, folder / f"{number}.{gap.name}")
            wrong += [f"killed after {point.death.point}; {gap}: {each}" for each in found]
    return wrong


async def _points(story: Sequence[Step], folder: Path, plan: Plan | None = None) -> list[Point]:
    """Every point of the story at which a controller can die."""
    plan = plan or with_everything()
    points: list[Point] = []
    world = World()
    async with Life(world, folder / "journal.db", notes=MANY).lived(plan) as life:
        for number, step in enumerate(story):
            await life.hears(*step(world))
            rest = tuple(story[number + 1 :])
            points += [Point(death, rest, n % 2 == 0, plan) for n, death in enumerate(life.deaths)]
            life.deaths.clear()
        wrong = [*promises.broken(world, life.centre, settled=True)]
        assert not wrong, f"undisturbed: {wrong}"
    return points


async def _after(point: Point, gap: Gap, file: Path) -> list[str]:
    """What is wrong after that death and the gap."""
    death, rest = point.death, point.rest
    world = death.world.copy()
    world.switch.heard = False
    world.switch.lose_events()
    if gap is Gap.NEXT_STEP and rest:
        _done(world, rest[0])
        rest = rest[1:]
    world.goes_on_without_us(10.0 if gap is Gap.LONG else 1.0)
    world.switch.lose_events()
    wrong: list[str] = []
    notes = 1 if gap is Gap.DEAD_AGAIN else 0
    async with Life(world, file, death.journal, notes).lived(point.plan) as life:
        talks = promises.conversations(world, life.centre)

        def look(command: Command) -> None:
            wrong.extend(f"{each} by {command}" for each in promises.cut(world, talks))
            wrong.extend(_turned_away(life, command))

        life.sent = look
        await life.finds_what_is_left(lines_first=point.lines_first)
        if gap is Gap.DEAD_AGAIN:
            again = replace(point, death=life.deaths[0], rest=rest)
            return await _after(again, Gap.NOTHING, file.with_suffix(".again"))
        wrong += promises.broken(world, life.centre, settled=False)
        await life.time_passes(5.0)
        wrong += promises.cut(world, talks)
        wrong += promises.broken(world, life.centre, settled=True)
        life.sent = lambda _: None
        for step in rest:
            await life.hears(*_done(world, step))
        wrong += promises.broken(world, life.centre, settled=False)
        await _everybody_goes(life)
        wrong += promises.left_over(world, life.centre)
        wrong += promises.wrong_orders(world, await life.orders())
        wrong += promises.wrong_outcomes(await life.made())
        wrong += promises.untold(life.centre, await life.changes())
        wrong += [f"{life.rejected} events were rejected"] if life.rejected else []
        if not await life.replays(point.plan):
            wrong.append("the journal gives another state")
    return list(_once(wrong))


def _done(world: World, step: Step) -> tuple[Event, ...]:
    try:
        return step(world)
    except GoneError:
        return ()


async def _everybody_goes(life: Life) -> None:
    legs = life.world.switch.legs
    for _ in range(40):
        for leg in list(legs.values()):
            citizen = leg.dial is not None and leg.dial.role is Role.CITIZEN
            if (leg.dial is None or citizen) and leg.name in legs:
                life.world.switch.far_end_goes(leg.name)
        await life.hears()
        if not life.centre.calls and not legs:
            return
        await life.time_passes(5.1 if legs else 3600.0)


def _turned_away(life: Life, command: Command) -> Iterator[str]:
    """A caller of whom nobody knows anything is not hung up on."""
    match command:
        case Hangup(leg) if leg in life.world.callers and leg not in life.centre.calls:
            yield f"{leg} was turned away"
        case _:
            pass


def _once(found: list[str]) -> Iterator[str]:
    yield from dict.fromkeys(found)
