"""PINs are kept as hashes, limited in guesses, and changed by a command while the server runs."""

from __future__ import annotations

import asyncio
import stat
from pathlib import Path

import pytest

from callcenter.asterisk.secrets import seat_password
from callcenter.settings import Settings
from callcenter.staff.pins import (
    FAILURES,
    LOCK_SECONDS,
    SEAT_FAILURES,
    SEAT_LOCK_SECONDS,
    PinCheck,
    Pins,
)


async def test_a_new_pin_opens_and_another_does_not(tmp_path: Path) -> None:
    pins = Pins(tmp_path)
    pin = pins.reset("001")
    assert len(pin) == 6
    assert pin.isdigit()
    assert await pins.verify("001", pin, 0.0) == PinCheck(ok=True)
    wrong = "111111" if pin != "111111" else "222222"
    assert await pins.verify("001", wrong, 0.0) == PinCheck(ok=False)
    assert await pins.verify("002", pin, 0.0) == PinCheck(ok=False)


async def test_the_pin_itself_is_kept_nowhere(tmp_path: Path) -> None:
    folder = tmp_path / "secrets"
    pins = Pins(folder)
    pins.set("001", "48151623")
    file = folder / "pins.json"
    assert "48151623" not in file.read_text()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


async def test_a_pin_that_a_command_sets_holds_at_once_in_the_server(tmp_path: Path) -> None:
    server, command = Pins(tmp_path), Pins(tmp_path)
    command.set("001", "1111")
    assert (await server.verify("001", "1111", 0.0)).ok
    command.set("001", "2222")
    assert not (await server.verify("001", "1111", 0.0)).ok
    assert (await server.verify("001", "2222", 0.0)).ok


async def test_five_wrong_ones_lock_for_a_minute_even_against_the_right_one(tmp_path: Path) -> None:
    pins = Pins(tmp_path)
    pins.set("001", "1234")
    pins.set("002", "1234")
    for _ in range(FAILURES):
        assert await pins.verify("001", "0000", 100.0) == PinCheck(ok=False)
    locked = PinCheck(ok=False, locked_until=100.0 + LOCK_SECONDS)
    assert await pins.verify("001", "1234", 101.0) == locked
    assert (await pins.verify("002", "1234", 101.0)).ok
    assert (await pins.verify("001", "1234", 100.0 + LOCK_SECONDS)).ok


async def test_guesses_at_the_same_time_are_limited_too(tmp_path: Path) -> None:
    pins = Pins(tmp_path)
    pins.set("001", "0019")
    guesses = [f"{n:04}" for n in range(20)]
    checks = await asyncio.gather(*(pins.verify("001", guess, 0.0) for guess in guesses))
    assert not any(check.ok for check in checks)
    assert sum(check.locked_until is None for check in checks) == FAILURES


async def test_the_right_one_forgives_earlier_mistakes(tmp_path: Path) -> None:
    pins = Pins(tmp_path)
    pins.set("001", "1234")
    for _ in range(3):
        for _ in range(FAILURES - 1):
            assert not (await pins.verify("001", "0000", 0.0)).ok
        assert (await pins.verify("001", "1234", 0.0)).ok


@pytest.mark.parametrize("pin", ["", "123", "12a4", "1234567890123", "１２３４"])
def test_what_a_telephone_cannot_key_in_is_no_pin(tmp_path: Path, pin: str) -> None:
    with pytest.raises(ValueError, match="4 to 12 digits"):
        Pins(tmp_path).set("001", pin)


async def test_wrong_ones_at_a_seat_lock_the_seat_whomever_they_are_tried_on(
    tmp_path: Path,
) -> None:
    pins = Pins(tmp_path)
    pins.set("001", "1234")
    for guess in range(SEAT_FAILURES):
        assert not (await pins.verify(f"{guess:03}", "0000", 0.0, "seat01")).ok
    locked = PinCheck(ok=False, locked_until=SEAT_LOCK_SECONDS)
    assert await pins.verify("001", "1234", 1.0, "seat01") == locked
    assert (await pins.verify("001", "1234", 1.0, "seat02")).ok
    assert (await pins.verify("001", "1234", 1.0)).ok
    assert (await pins.verify("001", "1234", SEAT_LOCK_SECONDS, "seat01")).ok


async def test_a_right_one_at_a_seat_begins_anew(tmp_path: Path) -> None:
    pins = Pins(tmp_path)
    pins.set("001", "1234")
    for _ in range(3):
        for guess in range(SEAT_FAILURES - 1):
            await pins.verify(f"{guess + 2:03}", "0000", 0.0, "seat01")
        assert (await pins.verify("001", "1234", 0.0, "seat01")).ok


async def test_a_lock_is_released_by_hand_or_by_a_new_pin(tmp_path: Path) -> None:
    pins = Pins(tmp_path)
    pins.set("001", "1234")
    for _ in range(SEAT_FAILURES):
        await pins.verify("001", "0000", 0.0, "seat01")
    pins.release("001")
    assert (await pins.verify("001", "1234", 1.0)).ok
    for _ in range(FAILURES):
        await pins.verify("001", "0000", 2.0)
    Pins(tmp_path).set("001", "5678")
    assert (await pins.verify("001", "5678", 3.0)).ok


async def test_a_lock_of_a_seat_is_released_by_hand(tmp_path: Path) -> None:
    pins = Pins(tmp_path)
    pins.set("001", "1234")
    for guess in range(SEAT_FAILURES):
        await pins.verify(f"{guess + 2:03}", "0000", 0.0, "seat01")
    pins.release_seat("seat01")
    assert (await pins.verify("001", "1234", 1.0, "seat01")).ok


async def test_a_seats_password_is_no_pin_and_a_pin_no_seats_password(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path)
    pins = Pins(settings.secrets)
    pin = pins.reset("001")
    password = seat_password(settings, "seat01")
    assert pin != password
    assert not (await pins.verify("001", password, 0.0)).ok
    with pytest.raises(ValueError, match="4 to 12 digits"):
        pins.set("001", password)
    assert pin not in (settings.secrets / "seats" / "seat01").read_text()
