"""Requests on one connection: sent at once, answered in order, and given up together."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from callcenter.asterisk import ari as ari_module
from callcenter.asterisk.ari import Access, Ari, AriError
from tests.fakes.waiting import until


class Exchange:
    """An HTTP server that notes request lines by connection and answers when a test says so."""

    def __init__(self) -> None:
        self.asked: list[list[str]] = []
        self.writers: list[asyncio.StreamWriter] = []
        self.reading: list[asyncio.Task[None]] = []

    async def connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        mine: list[str] = []
        self.asked.append(mine)
        self.writers.append(writer)
        while line := await reader.readline():
            mine.append(line.decode().removesuffix(" HTTP/1.1\r\n"))
            length = 0
            while (header := await reader.readline()).strip():
                if header.startswith(b"Content-Length:"):
                    length = int(header.split()[1])
            await reader.readexactly(length)
        writer.close()

    async def until_asked(self, number: int) -> None:
        await until(lambda: sum(len(each) for each in self.asked) == number)

    def answer(self, connection: int, status: int = 200, body: str = "") -> None:
        head = f"HTTP/1.1 {status} Word\r\nServer: Asterisk\r\nContent-Length: {len(body)}\r\n\r\n"
        self.writers[connection].write(f"{head}{body}".encode())


@asynccontextmanager
async def exchange() -> AsyncIterator[tuple[Exchange, Ari]]:
    there = Exchange()
    server = await asyncio.start_server(there.connected, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with Ari(Access("127.0.0.1", port, "user", "secret")) as ari:
        yield there, ari
    server.close()


async def test_requests_about_one_call_share_a_connection_and_do_not_wait_for_answers() -> None:
    async with exchange() as (there, ari):
        first = ari.request("POST", "/channels/15.1/answer")
        second = ari.request("POST", "/bridges/15.1_b", {"type": "a b"})
        third = ari.request("GET", "/channels/15.1_1", body={"a": 1})
        await until(lambda: bool(there.asked) and len(there.asked[0]) == 3)
        assert there.asked == [
            [
                "POST /ari/channels/15.1/answer",
                "POST /ari/bridges/15.1_b?type=a%20b",
                "GET /ari/channels/15.1_1",
            ]
        ]
        there.answer(0, 204)
        there.answer(0, 409, "exists")
        there.answer(0, 200, '{"id": "15.1_1"}')
        assert await first is None
        with pytest.raises(AriError, match="409 exists"):
            await second
        assert await third == {"id": "15.1_1"}


async def test_a_citizen_is_rung_before_asterisk_is_asked_to_tell_of_their_end() -> None:
    async with exchange() as (there, ari):
        both = ari.call_back("15.1_1", "PJSIP/1@t", seconds=30, caller_id="", variables={})
        await there.until_asked(2)
        assert [[line.split("?")[0] for line in connection] for connection in there.asked] == [
            [
                "POST /ari/channels/15.1_1_c",
                "POST /ari/applications/callcenter/subscription",
            ]
        ]
        for asked in both:
            there.answer(0)
            await asked


async def test_other_calls_have_other_connections_which_are_used_again() -> None:
    async with exchange() as (there, ari):
        held = ari.request("POST", "/channels/15.1/answer")
        await until(lambda: there.asked == [["POST /ari/channels/15.1/answer"]])
        for done in range(2):
            other = ari.request("DELETE", f"/channels/15.{2 + done}")
            await there.until_asked(2 + done)
            there.answer(1, 204)
            await other
        assert not held.done()
        assert there.asked[1] == ["DELETE /ari/channels/15.2", "DELETE /ari/channels/15.3"]
        there.answer(0)
        await held


async def test_a_connection_that_is_idle_for_long_is_closed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(ari_module, "IDLE_SECONDS", 0.05)
    async with exchange() as (there, ari):
        for again in range(2):
            asked = [ari.request("POST", f"/channels/15.{call}/answer") for call in (1, 2)]
            await there.until_asked(2 * again + 2)
            for number in (2 * again, 2 * again + 1):
                there.answer(number, 204)
            await asyncio.gather(*asked)
            await until(lambda: all(each.is_closing() for each in there.writers))
        assert len(there.writers) == 4, "a closed one is not used again"


async def test_a_connection_that_ends_fails_what_was_sent_and_the_next_request_has_a_new_one() -> (
    None
):
    async with exchange() as (there, ari):
        lost = [ari.request("POST", f"/channels/15.1/{verb}") for verb in ("answer", "ring")]
        await until(lambda: bool(there.asked) and len(there.asked[0]) == 2)
        there.writers[0].close()
        for each in lost:
            with pytest.raises(AriError) as failure:
                await each
            assert failure.value.status == 0
        again = ari.request("POST", "/channels/15.1/ring")
        await until(lambda: len(there.asked) == 2 and bool(there.asked[1]))
        there.answer(1, 204)
        await again


async def test_no_answer_in_time_is_an_error_and_nothing_more_is_sent_behind_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(ari_module, "REQUEST_SECONDS", 0.05)
    async with exchange() as (there, ari):
        with pytest.raises(AriError, match="in time"):
            await ari.request("POST", "/channels/15.1/answer")
        with pytest.raises(AriError, match="in time"):
            await ari.request("DELETE", "/channels/15.1")
        assert there.asked == [["POST /ari/channels/15.1/answer"], ["DELETE /ari/channels/15.1"]]


async def test_what_is_not_http_is_an_error() -> None:
    async with exchange() as (there, ari):
        asked = ari.request("GET", "/channels")
        await until(lambda: bool(there.asked))
        there.writers[0].write(b"220 mail\r\n\r\n")
        with pytest.raises(AriError, match="not HTTP"):
            await asked


async def test_nobody_there_is_an_error() -> None:
    async with exchange() as (_, ari):
        pass
    async with Ari(ari.access) as closed:
        with pytest.raises(AriError) as failure:
            await closed.request("GET", "/channels")
        assert failure.value.status == 0


async def test_where_all_connections_are_in_use_calls_share_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(ari_module, "LINES", 2)
    async with exchange() as (there, ari):
        asked = [ari.request("POST", f"/channels/15.{n}/ring") for n in range(3)]
        await until(lambda: sum(len(each) for each in there.asked) == 3)
        assert len(there.asked) == 2
        for connection, requests in enumerate(there.asked):
            for _ in requests:
                there.answer(connection, 204)
        await asyncio.gather(*asked)
