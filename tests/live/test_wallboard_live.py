"""The wallboard in a real browser beside a real server: it moves while a real call moves."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, async_playwright, expect

from callcenter.simulator.behaviour import NO_ANSWER, Behaviour
from tests.support.city import City, new_caller

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]
GREETING = False

SCREENS = Path(__file__).parents[2] / "build" / "screens"
"""Pictures to look at."""
SIZES = ((1366, 768), (1920, 1080))
RINGS_FOR_A_WHILE = Behaviour(ring_seconds=1.5)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        opened = await playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"]
        )
        yield opened
        await opened.close()


class Board:
    """The page as people see it, never loaded again."""

    def __init__(self, page: Page) -> None:
        self.page = page

    @classmethod
    async def open(cls, browser: Browser, city: City) -> Board:
        page = await browser.new_page(viewport={"width": 1366, "height": 768})
        await page.goto(city.server.settings.web_url)
        await page.evaluate("() => { window.loadedOnce = true; }")
        return cls(page)

    async def shows(self, figure: str, text: str) -> None:
        value = self.page.locator(f"[data-figure={figure}] .value")
        await expect(value).to_have_text(text, timeout=15_000)

    async def shows_operator(self, number: str, doing: str) -> None:
        tile = self.page.locator(f"[data-operator='{number}'] .doing span")
        await expect(tile).to_have_text(doing, timeout=15_000)

    async def shows_operators(self, state: str, count: int) -> None:
        shown = self.page.locator(f"[data-state={state}] b")
        await expect(shown).to_have_text(str(count), timeout=15_000)

    async def picture(self, name: str) -> None:
        for width, height in SIZES:
            await self.page.set_viewport_size({"width": width, "height": height})
            await self.page.screenshot(path=SCREENS / f"live-{name}-{width}.png")

    async def was_never_loaded_again(self) -> None:
        assert await self.page.evaluate("() => window.loadedOnce") is True
        await expect(self.page.locator("#lost")).to_be_hidden()
        await self.page.close()


async def test_it_moves_while_a_call_moves(city: City, browser: Browser) -> None:
    board = await Board.open(browser, city)
    await board.shows("waiting", "0人")
    await board.shows("offered", "0")
    await board.shows_operators("offline", 15)

    call = await city.waiting_call(new_caller())
    await board.shows("waiting", "1人")
    await board.shows("offered", "1")
    await expect(board.page.locator("[data-figure=longest_wait] .value")).not_to_have_text("0:00")
    await expect(board.page.locator(".alarm.red b")).to_have_text("接听 无人示闲")
    rate = board.page.locator("[data-figure=connect_rate]")
    await expect(rate).to_contain_text("尚无结果")
    await board.picture("waiting")

    async with city.operator("001", "seat01", RINGS_FOR_A_WHILE) as phone:
        await phone.next_call()
        await board.shows_operator("001", "振铃")
        await board.picture("ringing")
        await board.shows_operator("001", "通话")
        await board.shows("waiting", "0人")
        await board.shows("in_progress", "1")
        await board.shows_operators("talking", 1)
        await board.picture("talking")
        await call.hang_up()
        await board.shows_operator("001", "整理")
        await board.shows("in_progress", "0")
        await board.shows("answered", "1")
        await expect(rate).to_contain_text("1 / 1")
        await board.picture("wrap-up")
        await board.shows_operator("001", "示闲")
        await board.shows_operators("ready", 1)
    await board.shows_operators("offline", 15)
    await board.shows("offered", "1")
    await board.was_never_loaded_again()


async def test_it_shows_who_did_not_answer_and_who_gave_up(city: City, browser: Browser) -> None:
    board = await Board.open(browser, city)
    call = await city.waiting_call(new_caller())
    async with city.operator("002", "seat02", NO_ANSWER) as phone:
        seat = await phone.next_call()
        await board.shows_operator("002", "振铃")
        await seat.until_ended()
        await board.shows_operators("not_ready", 1)
        await board.shows("waiting", "1人")
        await board.picture("not-answered")
        await call.hang_up()
        await board.shows("waiting", "0人")
        await board.shows("abandoned", "1")
    await board.was_never_loaded_again()
