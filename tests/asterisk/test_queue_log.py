"""Asterisk's own records: read whole, each once, whatever else is in the file."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable
from contextlib import aclosing
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.asterisk.queue_log import CallEntered, CallRecord, LoggedCall, follow, parse
from callcenter.calls.events import (
    CallEndedOutside,
    CallTakenOutside,
    Ending,
    Handled,
    SipHeaders,
)

LINE = (
    "1511920800|1511920700.7|callcenter|NONE|CALLRECORD|"
    "mobile|110|%2B8613800000000|1511920700|1511920705|1511920800|1|telecom|16|ANSWER||"
)
ENTERED = (
    "1511920800|1511920700.7|callcenter|NONE|CALLENTERED|mobile|12366-2|1511920700|"
    "%3Csip%3A1%40y%3E|%3Ctel%3A%2B861%3E^%3Csip%3A2%40y%3E|id||%3Csip%3A3%40y%3E%3Bindex%3D1"
)
Calls = AsyncGenerator[LoggedCall, None]
TIME = st.integers(0, 2**33)
WORD = st.from_regex(r"[a-z0-9-]{1,12}", fullmatch=True)


def text(record: CallRecord) -> str:
    """The line that the dialplan writes for this record."""
    answered = "" if record.answered is None else str(int(record.answered))
    fields = (
        *(str(int(record.ended)), record.call, "callcenter", "NONE", "CALLRECORD", record.origin),
        *(quote(record.dialled, safe=""), quote(record.caller, safe=""), str(int(record.began))),
        *(answered, str(int(record.ended)), str(int(record.emergency)), record.target),
        *(str(record.cause), record.dial_status, record.handled, record.seat),
    )
    return "|".join(fields)


RECORDS = st.builds(
    CallRecord,
    call=st.from_regex(r"[0-9]{1,10}\.[0-9]{1,5}", fullmatch=True),
    origin=WORD,
    dialled=st.text(max_size=20),
    caller=st.text(max_size=20),
    began=TIME,
    answered=st.none() | TIME,
    ended=TIME,
    emergency=st.booleans(),
    target=st.just("") | WORD,
    cause=st.integers(0, 127),
    dial_status=st.sampled_from(["", "ANSWER", "BUSY", "CANCEL"]),
    handled=st.sampled_from(Handled),
    seat=st.just("") | WORD,
)


def recorded(line: str) -> CallRecord:
    record = parse(line)
    assert isinstance(record, CallRecord)
    return record


def test_a_record_says_what_became_of_a_call() -> None:
    record = recorded(LINE)
    assert record.as_event() == CallEndedOutside(
        call="1511920700.7",
        trunk="mobile",
        dialled="110",
        caller="+8613800000000",
        emergency=True,
        began=1511920700.0,
        answered=1511920705.0,
        ended=1511920800.0,
        ending=Ending.NORMAL,
        target="telecom",
    )


def test_a_rehearsals_clock_is_ahead_of_asterisks() -> None:
    record = recorded(LINE)
    event = record.as_event(ahead=1000.5)
    assert (event.began, event.answered, event.ended) == (
        1511921700.5,
        1511921705.5,
        1511921800.5,
    )


@pytest.mark.parametrize(
    ("cause", "status", "ending"),
    [
        ("17", "BUSY", Ending.BUSY),
        ("0", "NOANSWER", Ending.NO_ANSWER),
        ("16", "CANCEL", Ending.NORMAL),
        ("20", "CHANUNAVAIL", Ending.UNREACHABLE),
        ("44", "ANSWER", Ending.LOST),
        ("16", "", Ending.NORMAL),
        ("41", "", Ending.UNREACHABLE),
    ],
)
def test_how_it_ended(cause: str, status: str, ending: Ending) -> None:
    record = recorded(LINE.replace("16|ANSWER", f"{cause}|{status}"))
    assert record.as_event().ending is ending


def test_what_the_fallback_did_is_in_the_record() -> None:
    event = recorded(LINE.replace("|ANSWER||", "||queue|seat07")).as_event()
    assert (event.handled, event.seat) == (Handled.QUEUE, "seat07")
    assert parse(LINE.replace("|ANSWER||", "||nonsense|")) is None


def test_a_record_from_before_the_fallback_is_read() -> None:
    assert recorded(LINE.removesuffix("||")) == recorded(LINE)


def test_the_partners_reference_is_among_the_headers() -> None:
    entered = parse(f"{ENTERED}|CG-2017/0815")
    assert isinstance(entered, CallEntered)
    assert entered.headers.reference == ("CG-2017/0815",)
    assert parse(f"{ENTERED}|CG-2017/0815|") is None


def test_a_call_that_the_fallback_takes_is_told_with_its_headers() -> None:
    entered = parse(ENTERED)
    assert isinstance(entered, CallEntered)
    assert entered.as_event(ahead=0.5) == CallTakenOutside(
        call="1511920700.7",
        trunk="mobile",
        dialled="12366-2",
        headers=SipHeaders(
            from_="<sip:1@y>",
            asserted_identity=("<tel:+861>", "<sip:2@y>"),
            privacy=("id",),
            history_info=("<sip:3@y>;index=1",),
        ),
        began=1511920700.5,
    )


@given(RECORDS)
def test_any_call_is_read_as_it_was_written(record: CallRecord) -> None:
    assert parse(text(record)) == record


@given(st.text() | st.text(alphabet="|0aCALRECORD", max_size=60))
def test_no_line_is_too_strange(line: str) -> None:
    assert parse(line) is None or "|CALLRECORD|" in line


@given(st.integers(1, len(LINE) - len("ANSWER||") - 1))
def test_half_a_line_is_no_record(cut: int) -> None:
    assert parse(LINE[:cut]) is None


async def soon(waiting: Awaitable[LoggedCall]) -> str:
    """The call of the next record."""
    return (await asyncio.wait_for(waiting, 5)).record.call


def record(call: str) -> str:
    return LINE.replace("1511920700.7", call) + "\n"


def put(file: Path, content: str) -> None:
    file.write_text(content)


def add(file: Path, content: str) -> None:
    with file.open("a") as log:
        log.write(content)


def rotate(file: Path, content: str) -> None:
    file.rename(file.with_suffix(".0"))
    file.write_text(content)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "queue_log"


@pytest.fixture
async def calls(file: Path) -> AsyncIterator[Calls]:
    async with aclosing(follow(file)) as following:
        yield following


async def test_records_come_as_they_are_written(file: Path, calls: Calls) -> None:
    waiting = asyncio.ensure_future(anext(calls))  # there is no file yet
    put(file, "1|NONE|NONE|NONE|QUEUESTART|\n" + record("1.1"))
    assert await soon(waiting) == "1.1"
    add(file, record("1.2"))
    assert await soon(anext(calls)) == "1.2"


async def test_a_line_without_its_end_is_waited_for(file: Path, calls: Calls) -> None:
    put(file, record("1.1") + record("1.2")[:40])
    assert await soon(anext(calls)) == "1.1"
    waiting = asyncio.ensure_future(anext(calls))
    await asyncio.wait({waiting}, timeout=0.5)
    assert not waiting.done()
    add(file, record("1.2")[40:])
    assert await soon(waiting) == "1.2"


async def test_rotation_loses_nothing(file: Path, calls: Calls) -> None:
    put(file, record("1.1"))
    assert await soon(anext(calls)) == "1.1"
    add(file, record("1.2"))
    rotate(file, record("1.3"))
    assert await soon(anext(calls)) == "1.2"
    assert await soon(anext(calls)) == "1.3"


async def test_a_file_cut_off_is_read_from_its_beginning(file: Path, calls: Calls) -> None:
    put(file, record("1.1") + record("1.2"))
    assert [await soon(anext(calls)), await soon(anext(calls))] == ["1.1", "1.2"]
    put(file, record("1.3"))
    assert await soon(anext(calls)) == "1.3"


async def test_it_goes_on_where_it_was(file: Path, calls: Calls) -> None:
    put(file, record("1.1") + record("1.2"))
    first = await asyncio.wait_for(anext(calls), 5)
    async with aclosing(follow(file, first.offset)) as later:
        assert await soon(anext(later)) == "1.2"


async def test_an_offset_beyond_the_end_means_another_file(file: Path) -> None:
    put(file, record("1.1"))
    async with aclosing(follow(file, 10_000)) as calls:
        assert await soon(anext(calls)) == "1.1"
