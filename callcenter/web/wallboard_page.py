"""The wallboard's page and its WebSocket: the server draws, the browser lets the times tick."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from pathlib import Path

from aiohttp import WSCloseCode, web
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from callcenter.orders.times import duration, local
from callcenter.web.services import Services
from callcenter.web.wallboard import AlarmKeeper, BoardView, board_view

HEARTBEAT_SECONDS = 1.0
"""A page that hears nothing for a few of these knows that the connection is lost."""
LEAST_SECONDS = 0.2
"""Between two drawings for one page: a busy centre changes faster than anybody looks."""
FOLDER = Path(__file__).parent
SCRIPT = FOLDER / "static" / "built" / "wallboard.js"
_WEEKDAYS = "一二三四五六日"


class WallboardPage:
    """Draws the wallboard, once for all who look at it, and once for all team leaders."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._keeper = AlarmKeeper()
        self._viewers: set[asyncio.Event] = set()
        self._sockets: set[web.WebSocketResponse] = set()
        self._drawn: dict[bool, tuple[BoardView, str]] = {}
        self._templates = Environment(
            loader=FileSystemLoader(FOLDER / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates.filters["duration"] = duration

    async def running(self, _: web.Application) -> AsyncIterator[None]:
        """Follow the centre's changes while the application runs."""
        follower = asyncio.create_task(self._follow())
        yield
        follower.cancel()
        with suppress(asyncio.CancelledError):
            await follower

    async def close_sockets(self, _: web.Application) -> None:
        """Let the pages know that the server stops; they come back by themselves."""
        closings = (socket.close(code=WSCloseCode.GOING_AWAY) for socket in self._sockets)
        await asyncio.gather(*closings)

    def page(self, *, for_leaders: bool) -> web.Response:
        """The whole page, with the figures of this moment."""
        view, now = self._look(for_leaders)
        text = self._templates.get_template("wallboard.html").render(
            title=self._services.centre.plan.title,
            view=view,
            now=now,
            date=_date(local(now)),
            time=local(now).strftime("%H:%M:%S"),
            live=SCRIPT.is_file(),
        )
        return web.Response(text=text, content_type="text/html")

    def sign_in_page(self, *, wrong: bool = False, status: int = 401) -> web.Response:
        """Asks for a token, where the wallboard is not open to everybody or shows less."""
        text = self._templates.get_template("sign_in.html").render(
            title=self._services.centre.plan.title, wrong=wrong
        )
        return web.Response(text=text, content_type="text/html", status=status)

    async def socket(self, request: web.Request, *, for_leaders: bool) -> web.WebSocketResponse:
        """Sends `{"at", "date"}` every second, with `"html"` whenever something changed."""
        socket = web.WebSocketResponse(timeout=1.0, heartbeat=20, max_msg_size=1024)
        await socket.prepare(request)
        self._sockets.add(socket)
        sender = asyncio.create_task(self._send(socket, for_leaders))
        try:
            async for _ in socket:
                pass  # nothing that a page says is of interest; reading sees it close
        finally:
            self._sockets.discard(socket)
            sender.cancel()
            with suppress(asyncio.CancelledError, ConnectionError):
                await sender
        return socket

    async def _send(self, socket: web.WebSocketResponse, for_leaders: bool) -> None:
        shown: BoardView | None = None
        with suppress(ConnectionError):
            async with self._changed() as changed:
                while not socket.closed:
                    changed.clear()
                    view, now = self._look(for_leaders)
                    message: dict[str, object] = {"at": now, "date": _date(local(now))}
                    if view != shown:
                        message["html"] = self._draw(view, now, for_leaders)
                        shown = view
                    await socket.send_str(json.dumps(message, ensure_ascii=False))
                    await asyncio.sleep(LEAST_SECONDS)
                    with suppress(TimeoutError):
                        await asyncio.wait_for(changed.wait(), HEARTBEAT_SECONDS - LEAST_SECONDS)

    @asynccontextmanager
    async def _changed(self) -> AsyncIterator[asyncio.Event]:
        changed = asyncio.Event()
        self._viewers.add(changed)
        try:
            yield changed
        finally:
            self._viewers.discard(changed)

    async def _follow(self) -> None:
        async for _ in self._services.centre.changes():
            for viewer in self._viewers:
                viewer.set()

    def _look(self, for_leaders: bool) -> tuple[BoardView, float]:
        board, health = self._services.centre.wallboard(), self._services.health()
        return board_view(board, health, self._keeper, for_leaders=for_leaders), board.at

    def _draw(self, view: BoardView, now: float, for_leaders: bool) -> str:
        """The board as HTML. Its times are `now`'s, or somewhat older: the browser sets them."""
        drawn = self._drawn.get(for_leaders)
        if drawn is None or drawn[0] != view:
            template = self._templates.get_template("board.html")
            drawn = self._drawn[for_leaders] = (view, template.render(view=view, now=now))
        return drawn[1]


def _date(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d} 周{_WEEKDAYS[moment.weekday()]}"
