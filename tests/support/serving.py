"""Asterisk's own queues, as they are once Asterisk has read who answers there."""

from __future__ import annotations

from callcenter.asterisk.render import members_file
from tests.support.city import City, until


async def until_serving(city: City, *seats: str) -> None:
    """Wait until Asterisk's own queue knows exactly these seats."""
    file = city.server.settings.asterisk / "etc" / members_file("hotline")

    def is_so() -> bool:
        lines = file.read_text().splitlines() if file.exists() else []
        return [line.split(",")[0] for line in lines] == [f"member => PJSIP/{s}" for s in seats]

    await until(is_so, lambda: f"{seats} do not serve")
    await until_read(city)


async def until_read(city: City) -> None:
    """Wait until Asterisk has read what was written: it has none of our reloads left to do."""

    async def is_well() -> bool:
        return bool((await city.health())["plan"]["ok"])

    await until(is_well, lambda: "Asterisk has not read its configuration again")
