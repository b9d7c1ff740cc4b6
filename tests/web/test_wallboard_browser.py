"""The wallboard in a real browser: it moves, it comes back, it fits both screens."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, async_playwright, expect

from callcenter.calls.events import SupervisionMode
from callcenter.calls.wallboard import OperatorLine, OperatorStatus, QueueLine, SupervisionLine
from callcenter.staff.roles import Role
from callcenter.staff.tokens import Origin
from callcenter.web.access import COOKIE
from callcenter.web.app import make_app, serving
from callcenter.web.health import Health, Part
from callcenter.web.wallboard import PART_TITLES
from tests.fakes.centre import QUIET, World
from tests.fakes.orders import MORNING

pytestmark = pytest.mark.browser

SCREENS = Path(__file__).parents[2] / "build" / "screens"
"""Pictures to look at."""
S = OperatorStatus
STATES: list[tuple[str, OperatorStatus, float, str | None]] = [
    *[("芮红", S.TALKING, 108, None), ("陈静", S.TALKING, 312, None), ("张伟", S.READY, 36, None)],
    *[("刘洋", S.NOT_READY, 380, "小休"), ("赵磊", S.TALKING, 1036, None)],
    *[("孙悦", S.WRAP_UP, 122, None), ("王敏", S.TALKING, 211, None), ("周婷", S.RINGING, 6, None)],
    *[("吴昊", S.TALKING, 652, None), ("郑洁", S.NOT_READY, 306, "话机离线")],
    *[("史佳琪", S.TALKING, 58, None), ("彭程", S.WRAP_UP, 41, None)],
    *[("狄文雅", S.OFFLINE, 0, None), ("马晓燕", S.TALKING, 3996, None)],
    ("欧阳春晓", S.OFFLINE, 0, None),
]
CUT_OFF = """() => {
  const boxes = [...document.querySelectorAll("body, .panel, .tile, .alarm, .states li")];
  const lines = [...document.querySelectorAll("h1, h2, p, li, span, b, small")];
  const name = (e) => `${e.className || e.tagName}: ${e.textContent.trim().slice(0, 30)}`;
  const tall = boxes.filter((e) => e.scrollHeight > e.clientHeight + 1);
  const wide = [...boxes, ...lines].filter((e) => e.scrollWidth > e.clientWidth + 1);
  const edge = (e) => e.getBoundingClientRect().right;
  const out = [...document.querySelectorAll(".calls *, .staff *")].filter(
    (e) => edge(e) > edge(e.closest(".calls, .staff")) + 1);
  return [...tall, ...wide.filter((e) => e.clientWidth), ...out].map(name);
}"""
"""What does not fit into its place."""
COLOURS = """() => [...document.querySelectorAll(".swatch")].map(
  (e) => getComputedStyle(e).backgroundColor)"""
BUSY = replace(
    QUIET,
    waiting=6,
    longest_wait_since=MORNING - 72,
    offered=318,
    in_progress=14,
    answered=256,
    answered_in_15s=231,
    abandoned=9,
    timed_out=1,
    forwarded=21,
    forward_failed=2,
    announced=11,
    rejected=1,
    emergency=2,
    interrupted=1,
    operators=tuple(
        OperatorLine(
            f"{n:03}",
            name,
            None if state is S.OFFLINE else f"seat{n:02}",
            state,
            MORNING - seconds,
            reason,
            None,
        )
        for n, (name, state, seconds, reason) in enumerate(STATES, 1)
    ),
)
"""A busy morning with a bit of everything."""
EXTREME = replace(
    BUSY,
    waiting=28,
    longest_wait_since=MORNING - 1799,
    offered=4320,
    in_progress=43,
    answered=4238,
    answered_in_15s=4238,
    abandoned=0,
    timed_out=0,
    interrupted=0,
    operators=tuple(
        replace(BUSY.operators[4 if n <= 20 else 14], number=f"{n:03}") for n in range(1, 31)
    ),
)
"""The longest figures that can be, all seats taken, and twice the operators."""


def _listened_to(line: OperatorLine, by: str, mode: SupervisionMode) -> OperatorLine:
    part = SupervisionLine(by, mode, "seat19", MORNING - 40)
    return replace(line, supervision=part)


SUPERVISED = replace(
    BUSY,
    operators=(
        BUSY.operators[0],
        _listened_to(BUSY.operators[1], "team_leader:1f2e3d4c", SupervisionMode.WHISPER),
        *BUSY.operators[2:10],
        _listened_to(BUSY.operators[10], "001", SupervisionMode.LISTEN),
        *BUSY.operators[11:],
    ),
)
"""Team leaders take part in two talks: 001 in one, and one who is no operator in another."""
QUEUES = replace(
    BUSY,
    queues=tuple(
        QueueLine(name, title, waiting, since, ready=1, signed_in=13)
        for name, title, waiting, since in (
            ("hotline", "12345 综合受理", 6, MORNING - 72),
            ("business", "企业服务专席", 3, MORNING - 12),
            ("social_security", "人力资源和社会保障", 0, None),
            ("housing", "住房公积金", 1, MORNING - 41),
        )
    ),
)
FAILING = {"store": 18, "backup": 93_784}
"""Parts, and for how many seconds."""
BOARDS = {
    "quiet": QUIET,
    "busy": BUSY,
    "extreme": EXTREME,
    "supervised": SUPERVISED,
    "queues": QUEUES,
}


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        opened = await playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"]
        )
        yield opened
        await opened.close()


class Site:
    """The web server, which can be stopped and started again at the same port."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._stack = AsyncExitStack()
        self._port = 0
        self.url = ""

    async def start(self) -> None:
        app = make_app(self._world.services())
        self.url = await self._stack.enter_async_context(serving(app, "127.0.0.1", self._port))
        self._port = int(self.url.rsplit(":", 1)[1])

    async def stop(self) -> None:
        await self._stack.aclose()


@pytest.fixture
async def site(world: World) -> AsyncIterator[Site]:
    made = Site(world)
    await made.start()
    yield made
    await made.stop()


async def open_wallboard(
    browser: Browser, site: Site, width: int, height: int, token: str = ""
) -> Page:
    page = await browser.new_page(viewport={"width": width, "height": height})
    if token:
        await page.context.add_cookies([{"name": COOKIE, "value": token, "url": site.url}])
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    await page.goto(site.url)
    assert complaints == []
    return page


async def test_it_moves_ticks_by_the_servers_clock_and_comes_back(
    browser: Browser, site: Site, world: World
) -> None:
    page = await open_wallboard(browser, site, 1366, 768)
    waiting = page.locator("[data-figure=waiting] .value")
    await expect(waiting).to_have_text("0人")

    world.centre.show(
        replace(QUIET, waiting=1, offered=1, in_progress=1, longest_wait_since=MORNING)
    )
    await expect(waiting).to_have_text("1人")
    longest = page.locator("[data-figure=longest_wait] .value")
    await expect(longest).to_have_text("0:00")
    world.centre.clock.moment += 3600
    await expect(longest).to_have_text("1:00:00")
    await expect(page.locator("#clock")).to_have_text("11:31:05")

    world.centre.put("001", S.TALKING, seat="seat01")
    await expect(page.locator("[data-operator='001'] .doing span")).to_have_text("通话")

    await site.stop()
    lost = page.locator("#lost")
    await expect(lost).to_be_visible(timeout=15_000)
    await expect(lost).to_contain_text("连接中断")
    await site.start()
    world.centre.show(replace(world.centre.board, waiting=3))
    await expect(waiting).to_have_text("3人", timeout=15_000)
    await expect(lost).to_be_hidden()


def part(name: str, failing: float | None) -> Part:
    """It has failed for so many seconds, or is well."""
    since = None if failing is None else MORNING - failing
    return Part(name=name, ok=since is None, needed=False, text="as it is", since=since)


@pytest.mark.parametrize("size", [(1366, 768), (1920, 1080)], ids=str)
@pytest.mark.parametrize("name", BOARDS)
async def test_everything_fits_the_screen(
    browser: Browser, site: Site, world: World, name: str, size: tuple[int, int]
) -> None:
    board = BOARDS[name]
    failing = {} if board is QUIET else FAILING
    world.health = Health(parts=tuple(part(name, failing.get(name)) for name in PART_TITLES))
    world.centre.show(board)
    token, _ = world.tokens.create(Role.TEAM_LEADER, None, Origin.COMMAND, now=0.0, seconds=2000.0)
    page = await open_wallboard(browser, site, *size, token)
    await expect(page.locator(".tile")).to_have_count(min(20, len(board.operators)))
    await expect(page.locator(".takes-part")).to_have_count(int(board is SUPERVISED))
    await page.screenshot(path=SCREENS / f"wallboard-{name}-{size[0]}.png")
    assert await page.evaluate(CUT_OFF) == []
    colours = await page.evaluate(COLOURS)
    assert len(set(colours)) == len(colours) > 10, "each outcome has a colour of its own"
    assert "rgba(0, 0, 0, 0)" not in colours
