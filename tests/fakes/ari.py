"""An ARI that answers from memory: notes every request, refuses where a test says so."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass

from callcenter.asterisk.ari import Access, Ari, AriError, JsonObject, JsonValue


@dataclass(frozen=True)
class Asked:
    """One request."""

    method: str
    path: str
    query: Mapping[str, str | int]
    body: JsonObject | None
    about: str = ""


class FakeAri(Ari):
    """Speaks to nobody."""

    def __init__(self) -> None:
        super().__init__(Access("127.0.0.1", 1, "user", "secret"))
        self.asked: list[Asked] = []
        self.refusals: dict[str, AriError] = {}
        """By `METHOD /path`."""
        self.answers: dict[str, JsonValue] = {}
        """By `METHOD /path`; nothing where there is none."""
        self.held: dict[str, asyncio.Event] = {}
        """Requests by path that are answered only once their event is set."""
        self.listed: list[JsonObject] = []
        """What GET /channels says."""
        self.bridged: list[str] = []
        """Ids of bridges that GET /bridges lists."""
        self.connections: asyncio.Queue[asyncio.Queue[JsonObject | None]] = asyncio.Queue()
        """Websockets opened; a test puts events in, None closes."""

    def request(
        self,
        method: str,
        path: str,
        query: Mapping[str, str | int] | None = None,
        body: JsonObject | None = None,
        about: str = "",
    ) -> asyncio.Future[JsonValue]:
        self.asked.append(Asked(method, path, query or {}, body, about))
        return asyncio.ensure_future(self._answer(method, path))

    async def _answer(self, method: str, path: str) -> JsonValue:
        if path in self.held:
            await self.held[path].wait()
        refusal = self.refusals.get(f"{method} {path}")
        if refusal is not None:
            raise refusal
        await asyncio.sleep(0)
        if (method, path) == ("GET", "/channels"):
            return list(self.listed)
        if (method, path) == ("GET", "/bridges"):
            return [{"id": bridge} for bridge in self.bridged]
        return self.answers.get(f"{method} {path}")

    async def events(self) -> AsyncIterator[JsonObject]:
        events: asyncio.Queue[JsonObject | None] = asyncio.Queue()
        self.connections.put_nowait(events)
        yield {}
        while (event := await events.get()) is not None:
            yield event

    def paths(self) -> list[str]:
        """What was asked, as `METHOD /path`, in order."""
        return [f"{each.method} {each.path}" for each in self.asked]
