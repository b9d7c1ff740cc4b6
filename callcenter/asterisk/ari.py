"""A typed client for the parts of ARI in use: requests over HTTP, events over one websocket.

It knows no rules of the call centre. Events come out as decoded JSON objects, in order, from one
reader that never waits for a handler (Asterisk closes a websocket that is not read).

Requests about one call are carried out in the order in which they are made, though none waits for
the answer of the one before: they share a connection (line.py). Other calls have other connections,
as Asterisk answers some requests only when a channel has time for them. That is also why they do
not go over the websocket, where one such channel would hold up every call.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from types import TracebackType
from urllib.parse import quote, urlencode

import aiohttp

from callcenter.asterisk.called_back import CalledBack
from callcenter.asterisk.line import NO_ANSWER, Line

JsonValue = None | bool | int | float | str | list["JsonValue"] | dict[str, "JsonValue"]
JsonObject = dict[str, JsonValue]
Asked = asyncio.Future[JsonValue]
"""A request that is sent: its answer, or AriError. It must be awaited."""

REQUEST_SECONDS = 5.0
HEARTBEAT_SECONDS = 10.0
CITIZEN = "citizen"
"""The dialplan's context for citizens whom we call, from their answer on."""
_NOT_FOUND = 404
IDLE_SECONDS = 5.0
"""A line that was idle for so long is closed: Asterisk may be about to do so itself."""
LINES = 100
"""At the most; then calls share them. Asterisk's own limit (http.conf) is higher."""


class AriError(Exception):
    """Asterisk refused a request, or could not be reached (`status` 0)."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(f"{status} {message}")
        self.status = status
        self.message = message


@dataclass(frozen=True, slots=True)
class Access:
    """Where ARI is and who we are there."""

    host: str
    port: int
    user: str
    password: str
    app: str = "callcenter"


class Ari:
    """One Asterisk. Use as an async context manager."""

    def __init__(self, access: Access) -> None:
        self.access = access
        self.called_back = CalledBack()
        self._user = aiohttp.encode_basic_auth(access.user, access.password)
        self._headers = f"Host: {access.host}:{access.port}\r\nAuthorization: {self._user}\r\n"
        self._session: aiohttp.ClientSession | None = None
        self._busy: dict[str, Line] = {}
        """By what the requests are about: the line that it uses now."""
        self._idle: list[tuple[float, Line]] = []
        """Since when, the last used one last."""
        self._closing: asyncio.TimerHandle | None = None

    async def __aenter__(self) -> Ari:
        self._session = aiohttp.ClientSession(
            headers={"Authorization": self._user},
            timeout=aiohttp.ClientTimeout(total=REQUEST_SECONDS),
        )
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._closing is not None:
            self._closing.cancel()
        for line in {*self._busy.values(), *(line for _, line in self._idle)}:
            line.close()
        if self._session is not None:
            await self._session.close()
            self._session = None

    # -- requests ----------------------------------------------------------------------------------

    def _channel(self, leg: str) -> str:
        return _id(self.called_back.channel(leg))

    def request(
        self,
        method: str,
        path: str,
        query: Mapping[str, str | int] | None = None,
        body: JsonObject | None = None,
        about: str = "",
    ) -> Asked:
        """Send one REST request now; `path` begins after `/ari`.

        Requests about the same call are carried out in the order of sending: the call whose name
        the path has, unless `about` is that name.
        The answer raises AriError where Asterisk answered 4xx or 5xx, not in time, or not at all.
        """
        asked: Asked = asyncio.get_running_loop().create_future()
        if self._session is None:
            asked.set_exception(AriError(NO_ANSWER, "the ARI client is closed"))
            return asked
        about = about or _about(path)
        line = self._line(about)

        def settle(status: int, text: bytes) -> None:
            self._done_with(about, line)
            if not asked.done():  # else who asked waits no more
                _settle(asked, status, text, self.called_back)

        line.send(self._encode(method, path, query, body), settle)
        return asked

    def _line(self, about: str) -> Line:
        line = self._busy.get(about)
        if line is not None and not line.closed:
            return line
        while self._idle:
            _, line = self._idle.pop()
            if not line.closed:
                break
        else:
            busy = self._busy.values()
            new = len(busy) < LINES
            host, port = self.access.host, self.access.port
            line = (
                Line(host, port, REQUEST_SECONDS) if new else min(busy, key=lambda each: each.load)
            )
        self._busy[about] = line
        return line

    def _done_with(self, about: str, line: Line) -> None:
        if line.load or self._busy.get(about) is not line:
            return
        for each in [each for each, used in self._busy.items() if used is line]:
            del self._busy[each]
        if not line.closed:
            self._idle.append((asyncio.get_running_loop().time(), line))
            self._close_idle()

    def _close_idle(self) -> None:
        """Close lines that have been idle for long, now and as long as there are any."""
        loop = asyncio.get_running_loop()
        if self._closing is not None and self._closing.when() > loop.time():
            return
        while self._idle and self._idle[0][0] + IDLE_SECONDS <= loop.time():
            _, line = self._idle.pop(0)
            line.close()
        self._closing = None
        if self._idle:
            self._closing = loop.call_at(self._idle[0][0] + IDLE_SECONDS, self._close_idle)

    def _encode(
        self,
        method: str,
        path: str,
        query: Mapping[str, str | int] | None,
        body: JsonObject | None,
    ) -> bytes:
        target = f"{path}?{urlencode(query, quote_via=quote)}" if query else path
        head = f"{method} /ari{target} HTTP/1.1\r\n{self._headers}"
        if body is None:
            return f"{head}\r\n".encode()
        text = json.dumps(body).encode()
        kind = f"Content-Type: application/json\r\nContent-Length: {len(text)}\r\n"
        return f"{head}{kind}\r\n".encode() + text

    def answer(self, channel: str) -> Asked:
        """Answer an incoming channel."""
        return self.request("POST", f"/channels/{self._channel(channel)}/answer")

    def ring(self, channel: str) -> Asked:
        """Indicate ringing on an unanswered channel."""
        return self.request("POST", f"/channels/{self._channel(channel)}/ring")

    def stop_ringing(self, channel: str) -> Asked:
        """End the indication of ringing."""
        return self.request("DELETE", f"/channels/{self._channel(channel)}/ring")

    def set_variable(self, channel: str, variable: str, value: str) -> Asked:
        """Set a channel variable, or call a dialplan function that can be written to."""
        path = f"/channels/{self._channel(channel)}/variable"
        return self.request("POST", path, {"variable": variable, "value": value})

    def go_on(self, channel: str, context: str, extension: str = "s") -> Asked:
        """Hand a channel back to the dialplan, at the first priority of an extension."""
        query: dict[str, str | int] = {"context": context, "extension": extension, "priority": 1}
        return self.request("POST", f"/channels/{self._channel(channel)}/continue", query)

    def play(self, channel: str, playback: str, media: tuple[str, ...]) -> Asked:
        """Play media one after the other under a chosen playback id."""
        path = f"/channels/{self._channel(channel)}/play/{_id(playback)}"
        return self.request("POST", path, {"media": ",".join(media)})

    def stop_playing(self, playback: str) -> Asked:
        """End a playback; 404 says that it is over already."""
        return self.request("DELETE", f"/playbacks/{_id(playback)}")

    def record(self, channel: str, recording: str, *, seconds: int, silence: int) -> Asked:
        """Record a channel into a WAV file of that name, until `#`.

        409 says that there is such a recording, or that the channel is not ours.
        """
        return self.request(
            "POST",
            f"/channels/{_id(channel)}/record",
            {
                "name": recording,
                "format": "wav",
                "maxDurationSeconds": seconds,
                "maxSilenceSeconds": silence,
                "ifExists": "fail",
                "terminateOn": "#",
            },
        )

    def stop_recording(self, recording: str) -> Asked:
        """End a recording and keep its file."""
        return self.request("POST", f"/recordings/live/{_id(recording)}/stop")

    async def is_recording(self, recording: str) -> bool:
        """Whether it is going on. Raises AriError."""
        return await self._is_there(f"/recordings/live/{_id(recording)}")

    async def has_recorded(self, recording: str) -> bool:
        """Whether its file is there. Raises AriError."""
        return await self._is_there(f"/recordings/stored/{_id(recording)}")

    async def _is_there(self, path: str) -> bool:
        try:
            await self.request("GET", path)
        except AriError as error:
            if error.status != _NOT_FOUND:
                raise
            return False
        return True

    def start_music(self, channel: str, music: str) -> Asked:
        """Start music on hold of a class."""
        return self.request("POST", f"/channels/{self._channel(channel)}/moh", {"mohClass": music})

    def stop_music(self, channel: str) -> Asked:
        """Stop music on hold."""
        return self.request("DELETE", f"/channels/{self._channel(channel)}/moh")

    def mute(self, channel: str) -> Asked:
        """Let nobody hear what comes from the channel."""
        return self.request("POST", f"/channels/{_id(channel)}/mute", {"direction": "in"})

    def unmute(self, channel: str) -> Asked:
        """Let it be heard again."""
        return self.request("DELETE", f"/channels/{_id(channel)}/mute", {"direction": "in"})

    def originate(
        self,
        channel: str,
        endpoint: str,
        *,
        seconds: int,
        caller_id: str,
        originator: str | None,
        variables: Mapping[str, str],
    ) -> Asked:
        """Make a channel and ring `endpoint`; its StasisStart (args `leg`) is the answer."""
        query: dict[str, str | int] = {
            "endpoint": endpoint,
            "app": self.access.app,
            "appArgs": "leg",
            "timeout": seconds,
            "callerId": caller_id,
        }
        if originator is not None:
            query["originator"] = originator
        return self._make(channel, query, variables)

    def call_back(
        self,
        channel: str,
        endpoint: str,
        *,
        seconds: int,
        caller_id: str,
        variables: Mapping[str, str],
    ) -> tuple[Asked, Asked]:
        """The same for a citizen, who goes on in the dialplan where no controller is there at the
        answer: Asterisk would end a channel of an app's. Its end is told by the second request."""
        self.called_back.made(channel)
        query: dict[str, str | int] = {
            "endpoint": endpoint,
            "context": CITIZEN,
            "extension": "s",
            "priority": 1,
            "timeout": seconds,
            "callerId": caller_id,
        }
        made = self._make(channel, query, variables)
        path = f"/applications/{self.access.app}/subscription"
        source = {"eventSource": f"channel:{self.called_back.channel(channel)}"}
        return made, self.request("POST", path, source, about=_call(channel))

    def _make(
        self, channel: str, query: Mapping[str, str | int], variables: Mapping[str, str]
    ) -> Asked:
        path = f"/channels/{self._channel(channel)}"
        return self.request("POST", path, query, {"variables": dict(variables)})

    def snoop(self, snoop: str, channel: str, *, whisper: bool) -> Asked:
        """Make a channel that hears both directions of another one, and may speak to its far end;
        its StasisStart (args `leg`) says that it is there."""
        return self.request(
            "POST",
            f"/channels/{self._channel(channel)}/snoop/{_id(snoop)}",
            {
                "app": self.access.app,
                "appArgs": "leg",
                "spy": "both",
                "whisper": "out" if whisper else "none",
            },
        )

    def hang_up(self, channel: str, cause: int) -> Asked:
        """End a channel; an unanswered one is refused with the SIP code for the cause."""
        return self.request("DELETE", f"/channels/{self._channel(channel)}", {"reason_code": cause})

    async def received(self, channel: str) -> int | None:
        """How many audio packets came from a channel's far end so far; they are counted from 0
        again where that begins a new stream. None: there is no such channel. Raises AriError."""
        path = f"/channels/{self._channel(channel)}/rtp_statistics"
        try:
            found = await self.request("GET", path)
        except AriError as error:
            if error.status != _NOT_FOUND:
                raise
            return None
        count = found.get("rxcount") if isinstance(found, dict) else None
        return count if isinstance(count, int) else None

    def send_digits(self, channel: str, digits: str, before_ms: int) -> Asked:
        """Send DTMF towards the channel's far end."""
        path = f"/channels/{self._channel(channel)}/dtmf"
        return self.request("POST", path, {"dtmf": digits, "before": before_ms})

    def make_bridge(self, bridge: str, kind: str) -> Asked:
        """Make a bridge under a chosen id; 409 says that it is there already."""
        return self.request("POST", f"/bridges/{_id(bridge)}", {"type": kind})

    async def in_bridge(self, bridge: str) -> tuple[str, ...]:
        """Who is in a bridge. Raises AriError."""
        found = await self.request("GET", f"/bridges/{_id(bridge)}")
        inside = found.get("channels") if isinstance(found, dict) else None
        channels = inside if isinstance(inside, list) else []
        return tuple(self.called_back.leg(each) for each in channels if isinstance(each, str))

    def add_to_bridge(self, bridge: str, channel: str, *, absorb_dtmf: bool) -> Asked:
        """Move a channel into the bridge."""
        query: dict[str, str | int] = {"channel": self.called_back.channel(channel)}
        if absorb_dtmf:
            query["absorbDTMF"] = "true"
        return self.request("POST", f"/bridges/{_id(bridge)}/addChannel", query)

    def take_from_bridge(self, bridge: str, channel: str) -> Asked:
        """Take a channel out of the bridge; it stays up."""
        path = f"/bridges/{_id(bridge)}/removeChannel"
        return self.request("POST", path, {"channel": self.called_back.channel(channel)})

    def remove_bridge(self, bridge: str) -> Asked:
        """Destroy a bridge; its channels stay up."""
        return self.request("DELETE", f"/bridges/{_id(bridge)}")

    async def channels(self) -> list[JsonObject]:
        """All channels Asterisk has now."""
        found = await self.request("GET", "/channels")
        return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []

    async def bridges(self) -> list[str]:
        """The ids of all bridges Asterisk has now."""
        found = await self.request("GET", "/bridges")
        bridges = found if isinstance(found, list) else []
        return [str(each.get("id")) for each in bridges if isinstance(each, dict)]

    async def run(self) -> str:
        """Names the run of Asterisk that answers: another one has another name."""
        found = await self.request("GET", "/asterisk/info", {"only": "status"})
        status = found.get("status") if isinstance(found, dict) else None
        began = status.get("startup_time") if isinstance(status, dict) else None
        return began if isinstance(began, str) else ""

    async def ignore_events(self, *kinds: str) -> None:
        """Have Asterisk leave out events of these kinds for our app."""
        await self.request(
            "PUT",
            f"/applications/{self.access.app}/eventFilter",
            body={"disallowed": [{"type": kind} for kind in kinds]},
        )

    # -- events ------------------------------------------------------------------------------------

    async def events(self) -> AsyncIterator[JsonObject]:
        """The events of our app from now on, until the websocket ends. The first item, an empty
        object, says that the websocket is up.

        Raises:
            AriError: no websocket could be had.
        """
        if self._session is None:
            raise AriError(0, "the ARI client is closed")
        try:
            async with self._session.ws_connect(
                f"http://{self.access.host}:{self.access.port}/ari/events",
                params={"app": self.access.app},
                heartbeat=HEARTBEAT_SECONDS,
                max_msg_size=0,
            ) as websocket:
                yield {}
                async for message in websocket:
                    if message.type is aiohttp.WSMsgType.TEXT:
                        event = read_json(message.data, self.called_back)
                        if isinstance(event, dict):
                            yield event
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            raise AriError(0, f"{type(error).__name__}: {error}") from error


def read_json(text: str | bytes, names: CalledBack) -> JsonValue:
    """What Asterisk sent, with legs' names for channels' ids. Raises ValueError."""
    try:
        value: JsonValue = json.loads(text, object_hook=names.named)
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error
    return value


def _settle(asked: Asked, status: int, text: bytes, names: CalledBack) -> None:
    if status == NO_ANSWER or status >= 400:
        asked.set_exception(AriError(status, text.decode("utf-8", "replace")))
        return
    try:
        asked.set_result(read_json(text, names) if text else None)
    except ValueError as error:
        asked.set_exception(AriError(NO_ANSWER, f"{type(error).__name__}: {error}"))


def _about(path: str) -> str:
    """Whose requests keep their order: names of channels and bridges begin with their call's."""
    parts = path.split("/")
    if parts[1] == "recordings" and len(parts) > 3:
        return _call(parts[3])
    return _call(parts[2]) if len(parts) > 2 else path


def _call(name: str) -> str:
    return name.partition("_")[0]


def _id(name: str) -> str:
    return quote(name, safe="")
