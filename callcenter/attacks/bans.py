"""Which addresses are refused, until when, and which never are. No I/O; times come in.

An address in a UDP packet can be forged. So nobody may be able to have an address banned that the
service needs: trunks, softphones, and whatever address has shown a right password of late are only
told of. A password is right only in answer to a challenge that was received there.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from enum import StrEnum
from ipaddress import AddressValueError, IPv4Address, IPv4Network
from typing import TypeVar

from callcenter.numberplan.model import AttackRule

LONGEST_SECONDS = 86400.0
"""Each ban of an address is twice as long as its last, up to this."""
MEMORY_SECONDS = 86400.0
"""So long after its end a ban counts as the last one."""
KNOWN_SECONDS = 30 * 86400.0
"""An address from which a right password came is not banned for so long."""
ALARM_SECONDS = 600.0
"""An alarm goes on so long after what it tells of."""
MOST_COUNTED = 10_000
"""Addresses that are counted at a time; those seen longest ago make room."""
MOST_BANS = 1_000
"""Asterisk compares every packet with each of them; those that end first make room."""
MOST_KNOWN = 1_000
MOST_CHANGES = 200
MOST_TOLD = 5

Value = TypeVar("Value")

RULE = "rule"
"""Who bans, where no person does."""


class Sign(StrEnum):
    """What Asterisk tells of an address."""

    WRONG_PASSWORD = "wrong_password"
    UNKNOWN = "unknown"
    """No trunk's address, and no seat's name."""
    RIGHT_PASSWORD = "right_password"


@dataclass(frozen=True)
class Sighting:
    """One message that Asterisk refused or, by its password, took."""

    address: str
    """IPv4: SIP is taken by nothing else."""
    sign: Sign


@dataclass(frozen=True)
class Ban:
    """An address that is refused, or was. Times in seconds since 1970 UTC."""

    address: str
    since: float
    until: float
    why: Sign
    times: int = 1
    """The how manieth ban in a row."""


@dataclass(frozen=True)
class Spared:
    """An address that has begun to do enough to be banned, and is not."""

    address: str


@dataclass(frozen=True)
class Change:
    """A ban begun, or lifted before its time."""

    at: float
    by: str
    address: str
    until: float | None
    """None: lifted."""


@dataclass(frozen=True)
class Kept:
    """What outlives a restart."""

    bans: tuple[Ban, ...] = ()
    known: dict[str, float] = field(default_factory=dict)
    """When a right password last came from an address."""
    changes: tuple[Change, ...] = ()


@dataclass(frozen=True)
class Attack:
    """What goes on, for the alarm."""

    since: float
    banned: int
    """Addresses that are refused now."""
    spared: tuple[str, ...]
    """Addresses that do enough to be banned, but are never banned."""

    def told(self) -> str:
        """In words."""
        text = f"{self.banned} addresses are refused"
        if self.spared:
            text += f"; too many tries, but not banned: {', '.join(self.spared[:MOST_TOLD])}"
        return text


class Bans:
    """Counts what addresses do, and bans. `needed` tells of trunks' and softphones' addresses."""

    def __init__(self, kept: Kept, needed: Callable[[str], bool]) -> None:
        self._needed = needed
        self._bans = {ban.address: ban for ban in kept.bans if _is_address(ban.address)}
        self._known = OrderedDict(sorted(kept.known.items(), key=lambda each: each[1]))
        self._changes = list(kept.changes)
        self._counts: OrderedDict[str, tuple[float, float]] = OrderedDict()
        """By address: how many tries count now, and the moment of that; they leak away evenly."""
        self._spared: dict[str, float] = {}
        self._first: float | None = None
        self._last = 0.0

    def note(self, sighting: Sighting, rule: AttackRule, now: float) -> Ban | Spared | None:
        """Count it; what it led to, if anything."""
        address = sighting.address
        if sighting.sign is Sign.RIGHT_PASSWORD:
            self._known[address] = now
            self._known.move_to_end(address)
            _shorten(self._known, MOST_KNOWN)
            return None
        if self.is_banned(address, now):  # sent before Asterisk knew
            return None
        if self._counted(address, rule, now) <= rule.tries - 1:
            return None
        del self._counts[address]
        if self.is_spared(address, rule, now):
            new = now - self._spared.get(address, -ALARM_SECONDS) >= ALARM_SECONDS
            self._spared[address] = now
            self._alarm(now)
            return Spared(address) if new else None
        return self._ban(address, sighting.sign, rule, now)

    def lift(self, address: str, by: str, now: float) -> bool:
        """Let an address in again, as if nothing had been; whether it was banned."""
        if not self.is_banned(address, now):
            return False
        del self._bans[address]
        self._counts.pop(address, None)
        self._changed(Change(now, by, address, None))
        return True

    def expire(self, now: float) -> None:
        """Forget what is long over; a clock that went back keeps nobody out for longer."""
        self._bans = {
            ban.address: replace(ban, until=min(ban.until, now + LONGEST_SECONDS))
            for ban in self._bans.values()
            if ban.until + MEMORY_SECONDS > now
        }
        for known in list(self._known):
            if self._known[known] + KNOWN_SECONDS < now:
                del self._known[known]
        self._spared = {
            address: at for address, at in self._spared.items() if now - at < ALARM_SECONDS
        }

    def next_end(self, now: float) -> float | None:
        """When the next ban ends, if one holds."""
        return min((ban.until for ban in self._bans.values() if ban.until > now), default=None)

    def is_banned(self, address: str, now: float) -> bool:
        """Whether the address is refused."""
        ban = self._bans.get(address)
        return ban is not None and ban.until > now

    def is_spared(self, address: str, rule: AttackRule, now: float) -> bool:
        """Whether the address is never banned."""
        known = self._known.get(address)
        if (known is not None and now - known < KNOWN_SECONDS) or self._needed(address):
            return True
        return any(IPv4Address(address) in IPv4Network(network) for network in rule.never)

    def active(self, rule: AttackRule, now: float) -> tuple[Ban, ...]:
        """The bans that hold, those that end first in front; none of an address needed since."""
        holding = (ban for ban in self._bans.values() if ban.until > now)
        return tuple(
            sorted(
                (ban for ban in holding if not self.is_spared(ban.address, rule, now)),
                key=lambda ban: (ban.until, ban.address),
            )
        )

    @property
    def changes(self) -> tuple[Change, ...]:
        """The latest, oldest first."""
        return tuple(self._changes)

    def attack(self, rule: AttackRule, now: float) -> Attack | None:
        """What goes on, or did until a short while ago."""
        if self._first is None or not 0 <= now - self._last < ALARM_SECONDS:
            return None
        spared = (address for address, at in self._spared.items() if now - at < ALARM_SECONDS)
        return Attack(self._first, len(self.active(rule, now)), tuple(spared))

    def kept(self) -> Kept:
        """What is to be written down."""
        return Kept(tuple(self._bans.values()), dict(self._known), self.changes)

    def _counted(self, address: str, rule: AttackRule, now: float) -> float:
        count, at = self._counts.get(address, (0.0, now))
        leaked = max(0.0, now - at) * rule.tries / (rule.minutes * 60)
        count = max(0.0, count - leaked) + 1
        self._counts[address] = (count, now)
        self._counts.move_to_end(address)
        _shorten(self._counts, MOST_COUNTED)
        return count

    def _ban(self, address: str, why: Sign, rule: AttackRule, now: float) -> Ban:
        last = self._bans.get(address)
        times = 1 if last is None or last.until + MEMORY_SECONDS < now else last.times + 1
        seconds = min(rule.ban_minutes * 60 * 2.0 ** min(times - 1, 20), LONGEST_SECONDS)
        ban = Ban(address, now, now + seconds, why, times)
        self._bans[address] = ban
        if len(self._bans) > MOST_BANS:
            del self._bans[min(self._bans.values(), key=lambda each: each.until).address]
        self._changed(Change(now, RULE, address, ban.until))
        self._alarm(now)
        return ban

    def _alarm(self, now: float) -> None:
        if self._first is None or now - self._last >= ALARM_SECONDS:
            self._first = now
        self._last = now

    def _changed(self, change: Change) -> None:
        self._changes = [*self._changes, change][-MOST_CHANGES:]


def _shorten(entries: OrderedDict[str, Value], most: int) -> None:
    while len(entries) > most:
        entries.popitem(last=False)


def _is_address(text: str) -> bool:
    try:
        return str(IPv4Address(text)) == text
    except AddressValueError:
        return False


def acl(bans: Iterable[Ban]) -> str:
    """The lines of Asterisk's access list. One that it cannot read would have it refuse everybody.

    Raises ValueError instead of writing one.
    """
    return "".join(f"deny = {IPv4Address(ban.address)}\n" for ban in bans)
