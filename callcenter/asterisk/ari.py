"""A typed client for the parts of ARI in use: requests over HTTP, events over one websocket.

It knows no rules of the call centre. Events come out as decoded JSON objects, in order, from one
reader that never waits for a handler (Asterisk closes a websocket that is not read).
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from types import TracebackType
from urllib.parse import quote

import aiohttp

JsonValue = None | bool | int | float | str | list["JsonValue"] | dict[str, "JsonValue"]
JsonObject = dict[str, JsonValue]

REQUEST_SECONDS = 5.0
HEARTBEAT_SECONDS = 10.0


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
    """One ARI connection. Use as an async context manager."""

    def __init__(self, access: Access) -> None:
        self.access = access
        self._base = f"http://{access.host}:{access.port}/ari"
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Ari:
        user = aiohttp.encode_basic_auth(self.access.user, self.access.password)
        self._session = aiohttp.ClientSession(
            headers={"Authorization": user},
            timeout=aiohttp.ClientTimeout(total=REQUEST_SECONDS),
        )
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    # -- requests ----------------------------------------------------------------------------------

    async def request(
        self,
        method: str,
        path: str,
        query: Mapping[str, str | int] | None = None,
        body: JsonObject | None = None,
    ) -> JsonValue:
        """One REST request; `path` begins after `/ari`.

        Raises:
            AriError: Asterisk answered 4xx or 5xx, not in time, or not at all.
        """
        if self._session is None:
            raise AriError(0, "the ARI client is closed")
        try:
            async with self._session.request(
                method, self._base + path, params=query, json=body
            ) as response:
                text = await response.text()
                if response.status >= 400:
                    raise AriError(response.status, text)
                return json.loads(text) if text else None
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            raise AriError(0, f"{type(error).__name__}: {error}") from error

    async def answer(self, channel: str) -> None:
        """Answer an incoming channel."""
        await self.request("POST", f"/channels/{_id(channel)}/answer")

    async def ring(self, channel: str) -> None:
        """Indicate ringing on an unanswered channel."""
        await self.request("POST", f"/channels/{_id(channel)}/ring")

    async def stop_ringing(self, channel: str) -> None:
        """End the indication of ringing."""
        await self.request("DELETE", f"/channels/{_id(channel)}/ring")

    async def set_variable(self, channel: str, variable: str, value: str) -> None:
        """Set a channel variable, or call a dialplan function that can be written to."""
        path = f"/channels/{_id(channel)}/variable"
        await self.request("POST", path, {"variable": variable, "value": value})

    async def go_on(self, channel: str, context: str) -> None:
        """Hand a channel back to the dialplan, at extension `s` of a context."""
        query: dict[str, str | int] = {"context": context, "extension": "s", "priority": 1}
        await self.request("POST", f"/channels/{_id(channel)}/continue", query)

    async def play(self, channel: str, playback: str, media: tuple[str, ...]) -> None:
        """Play media one after the other under a chosen playback id."""
        path = f"/channels/{_id(channel)}/play/{_id(playback)}"
        await self.request("POST", path, {"media": ",".join(media)})

    async def start_music(self, channel: str, music: str) -> None:
        """Start music on hold of a class."""
        await self.request("POST", f"/channels/{_id(channel)}/moh", {"mohClass": music})

    async def stop_music(self, channel: str) -> None:
        """Stop music on hold."""
        await self.request("DELETE", f"/channels/{_id(channel)}/moh")

    async def originate(
        self,
        channel: str,
        endpoint: str,
        *,
        seconds: int,
        caller_id: str,
        originator: str,
        variables: Mapping[str, str],
    ) -> None:
        """Make a channel and ring `endpoint`; its StasisStart (args `leg`) is the answer."""
        await self.request(
            "POST",
            f"/channels/{_id(channel)}",
            {
                "endpoint": endpoint,
                "app": self.access.app,
                "appArgs": "leg",
                "timeout": seconds,
                "callerId": caller_id,
                "originator": originator,
            },
            {"variables": dict(variables)},
        )

    async def hang_up(self, channel: str, cause: int) -> None:
        """End a channel; an unanswered one is refused with the SIP code for the cause."""
        await self.request("DELETE", f"/channels/{_id(channel)}", {"reason_code": cause})

    async def send_digits(self, channel: str, digits: str, before_ms: int) -> None:
        """Send DTMF towards the channel's far end."""
        path = f"/channels/{_id(channel)}/dtmf"
        await self.request("POST", path, {"dtmf": digits, "before": before_ms})

    async def make_bridge(self, bridge: str, kind: str) -> tuple[str, ...]:
        """Make a bridge under a chosen id; one that exists already will do: who is in it."""
        path = f"/bridges/{_id(bridge)}"
        try:
            await self.request("POST", path, {"type": kind})
        except AriError as error:
            if error.status != 409:
                raise
            found = await self.request("GET", path)
            inside = found.get("channels") if isinstance(found, dict) else None
            if isinstance(inside, list):
                return tuple(channel for channel in inside if isinstance(channel, str))
        return ()

    async def add_to_bridge(self, bridge: str, channel: str, *, absorb_dtmf: bool) -> None:
        """Move a channel into the bridge."""
        query: dict[str, str | int] = {"channel": channel}
        if absorb_dtmf:
            query["absorbDTMF"] = "true"
        await self.request("POST", f"/bridges/{_id(bridge)}/addChannel", query)

    async def take_from_bridge(self, bridge: str, channel: str) -> None:
        """Take a channel out of the bridge; it stays up."""
        path = f"/bridges/{_id(bridge)}/removeChannel"
        await self.request("POST", path, {"channel": channel})

    async def remove_bridge(self, bridge: str) -> None:
        """Destroy a bridge; its channels stay up."""
        await self.request("DELETE", f"/bridges/{_id(bridge)}")

    async def channels(self) -> list[JsonObject]:
        """All channels Asterisk has now."""
        found = await self.request("GET", "/channels")
        return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []

    async def bridges(self) -> list[str]:
        """The ids of all bridges Asterisk has now."""
        found = await self.request("GET", "/bridges")
        bridges = found if isinstance(found, list) else []
        return [str(each.get("id")) for each in bridges if isinstance(each, dict)]

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
                f"{self._base}/events",
                params={"app": self.access.app},
                heartbeat=HEARTBEAT_SECONDS,
                max_msg_size=0,
            ) as websocket:
                yield {}
                async for message in websocket:
                    if message.type is aiohttp.WSMsgType.TEXT:
                        event = json.loads(message.data)
                        if isinstance(event, dict):
                            yield event
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            raise AriError(0, f"{type(error).__name__}: {error}") from error


def _id(name: str) -> str:
    return quote(name, safe="")
