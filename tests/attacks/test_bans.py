"""Who is refused, for how long, and who never is."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from callcenter.attacks import bans as module
from callcenter.attacks.bans import Attack, Ban, Bans, Kept, Sighting, Sign, Spared, acl
from callcenter.numberplan.model import AttackRule

NOW = 1511317865.0
HOUR = 3600.0
RULE = AttackRule(tries=5, minutes=10, ban_minutes=60)
STRANGER, TRUNK, SEAT = "203.0.113.7", "192.0.2.1", "10.0.0.21"


@pytest.fixture
def bans() -> Bans:
    return Bans(Kept(), lambda address: address == TRUNK)


def tries(
    bans: Bans,
    times: int,
    address: str = STRANGER,
    *,
    at: float = NOW,
    every: float = 0.0,
    sign: Sign = Sign.UNKNOWN,
) -> Ban | Spared | None:
    """What the last of so many tries leads to."""
    last = None
    for number in range(times):
        last = bans.note(Sighting(address, sign), RULE, at + number * every)
    return last


def refused(bans: Bans, at: float = NOW) -> list[str]:
    return [ban.address for ban in bans.active(RULE, at)]


@pytest.mark.parametrize("sign", [Sign.UNKNOWN, Sign.WRONG_PASSWORD])
def test_so_many_tries_are_too_many(bans: Bans, sign: Sign) -> None:
    assert tries(bans, 4, sign=sign) is None
    assert refused(bans) == []
    assert tries(bans, 1, sign=sign) == Ban(STRANGER, NOW, NOW + HOUR, sign)
    assert refused(bans) == [STRANGER]


def test_tries_within_seconds_count_whole(bans: Bans) -> None:
    assert tries(bans, 4, every=1.0) is None
    assert isinstance(tries(bans, 1, at=NOW + 4), Ban)


def test_who_tries_seldom_is_let_be(bans: Bans) -> None:
    assert tries(bans, 100, every=121.0) is None
    assert refused(bans, NOW + 12100) == []
    tries(bans, 20, at=NOW + 20000, every=60.0)
    assert refused(bans, NOW + 21200) == [STRANGER]


def test_a_ban_ends_by_itself(bans: Bans) -> None:
    tries(bans, 5)
    assert refused(bans, NOW + HOUR - 1) == [STRANGER]
    assert bans.next_end(NOW) == NOW + HOUR
    assert refused(bans, NOW + HOUR) == []
    assert bans.next_end(NOW + HOUR) is None


def test_each_ban_is_twice_as_long_as_the_last_and_a_day_at_the_most(bans: Bans) -> None:
    at = NOW
    hours = []
    for _ in range(7):
        ban = tries(bans, 5, at=at)
        assert isinstance(ban, Ban)
        hours.append((ban.until - ban.since) / HOUR)
        at = ban.until + 60
    assert hours == [1, 2, 4, 8, 16, 24, 24]
    bans.expire(at + 2 * module.MEMORY_SECONDS)
    after = tries(bans, 5, at=at + 2 * module.MEMORY_SECONDS)
    assert isinstance(after, Ban)
    assert after.times == 1


def test_nobody_can_have_a_trunk_banned(bans: Bans) -> None:
    assert tries(bans, 4, TRUNK) is None
    assert tries(bans, 1, TRUNK) == Spared(TRUNK)
    assert refused(bans) == []
    assert bans.attack(RULE, NOW) == Attack(NOW, 0, (TRUNK,))


def test_nor_the_address_of_a_softphone_that_had_the_right_password(bans: Bans) -> None:
    bans.note(Sighting(SEAT, Sign.RIGHT_PASSWORD), RULE, NOW)
    assert tries(bans, 5, SEAT, at=NOW + 29 * 86400) == Spared(SEAT)
    assert isinstance(tries(bans, 5, SEAT, at=NOW + 31 * 86400), Ban)


def test_nor_one_of_the_networks_that_the_rule_spares(bans: Bans) -> None:
    rule = RULE.model_copy(update={"never": ("203.0.113.0/24",)})
    found = [bans.note(Sighting(STRANGER, Sign.UNKNOWN), rule, NOW) for _ in range(5)]
    assert found[-1] == Spared(STRANGER)


def test_what_is_spared_is_told_once_while_it_goes_on(bans: Bans) -> None:
    found = [tries(bans, 5, TRUNK, at=NOW + minute * 60) for minute in range(9)]
    assert found == [Spared(TRUNK)] + [None] * 8
    assert bans.attack(RULE, NOW + 480) == Attack(NOW, 0, (TRUNK,))


def test_an_address_that_is_needed_since_is_refused_no_more() -> None:
    needed: set[str] = set()
    bans = Bans(Kept(), needed.__contains__)
    tries(bans, 5)
    needed.add(STRANGER)
    assert refused(bans) == []


def test_a_ban_can_be_lifted_and_what_was_before_counts_no_more(bans: Bans) -> None:
    tries(bans, 5)
    assert bans.lift(STRANGER, "administrator:1f2e", NOW + 1)
    assert refused(bans, NOW + 1) == []
    assert not bans.lift(STRANGER, "administrator:1f2e", NOW + 1)
    assert tries(bans, 4, at=NOW + 2) is None
    again = tries(bans, 1, at=NOW + 2)
    assert isinstance(again, Ban)
    assert again.times == 1
    told = [(change.by, change.until) for change in bans.changes]
    assert told == [
        ("rule", NOW + HOUR),
        ("administrator:1f2e", None),
        ("rule", NOW + 2 + HOUR),
    ]


def test_an_alarm_goes_on_for_a_while_after_the_last_ban(bans: Bans) -> None:
    assert bans.attack(RULE, NOW) is None
    tries(bans, 5)
    tries(bans, 5, "203.0.113.8", at=NOW + 300)
    attack = bans.attack(RULE, NOW + 899)
    assert attack == Attack(NOW, 2, ())
    assert attack.told() == "2 addresses are refused"
    assert bans.attack(RULE, NOW + 900) is None


def test_what_a_banned_address_still_sends_does_not_count(bans: Bans) -> None:
    ban = tries(bans, 5)
    assert tries(bans, 100) is None
    assert isinstance(ban, Ban)
    assert bans.active(RULE, NOW) == (ban,)


def test_a_flood_from_forged_addresses_takes_no_more_room_than_this(
    bans: Bans, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_COUNTED", 50)
    monkeypatch.setattr(module, "MOST_BANS", 20)
    monkeypatch.setattr(module, "MOST_CHANGES", 30)
    for number in range(200):
        tries(bans, 5, f"198.51.100.{number}", at=NOW + number)
    for number in range(200):
        tries(bans, 1, f"203.0.113.{number}", at=NOW)
    newest = [f"198.51.100.{number}" for number in range(180, 200)]
    assert refused(bans, NOW + 200) == newest
    assert len(bans.changes) == 30
    assert tries(bans, 4, "203.0.113.0") is None, "its first try was forgotten"
    assert isinstance(tries(bans, 4, "203.0.113.199"), Ban)


def test_it_outlives_a_restart(bans: Bans) -> None:
    tries(bans, 5)
    bans.note(Sighting(SEAT, Sign.RIGHT_PASSWORD), RULE, NOW)
    kept = TypeAdapter(Kept)
    again = Bans(kept.validate_json(kept.dump_json(bans.kept())), lambda address: False)
    assert again.active(RULE, NOW) == bans.active(RULE, NOW)
    assert again.changes == bans.changes
    assert tries(again, 5, SEAT) == Spared(SEAT)


def test_a_clock_set_back_keeps_nobody_out_for_years(bans: Bans) -> None:
    tries(bans, 5, at=NOW + 1e8)
    bans.expire(NOW)
    assert refused(bans, NOW + module.LONGEST_SECONDS) == []


def test_asterisk_is_given_nothing_but_addresses(bans: Bans) -> None:
    tries(bans, 5)
    assert acl(bans.active(RULE, NOW)) == f"deny = {STRANGER}\n"
    with pytest.raises(ValueError, match="permit"):
        acl([Ban("1.2.3.4\npermit = 0.0.0.0/0", NOW, NOW, Sign.UNKNOWN)])


STRANGE = st.one_of(
    st.text(),
    st.ip_addresses().map(str),
    st.ip_addresses(v=4).map(lambda address: f"{address}/0"),
    st.ip_addresses(v=6).map(lambda address: f"{address}%x\npermit = 0.0.0.0"),
)


@given(st.lists(STRANGE))
def test_whatever_was_kept_asterisk_can_read_each_line(addresses: list[str]) -> None:
    """One line that it cannot read has it refuse all SIP."""
    kept = Kept(tuple(Ban(each, NOW, NOW + HOUR, Sign.UNKNOWN) for each in addresses))
    for line in acl(Bans(kept, lambda address: False).active(RULE, NOW)).splitlines():
        word, _, address = line.partition(" = ")
        assert word == "deny" and address in addresses
        assert re.fullmatch(r"(\d{1,3}\.){3}\d{1,3}", address, re.ASCII)
