"""Who calls, and what was dialled first: from an INVITE's raw header lines, as far as believed.

Asterisk itself ignores several values joined in one line (the usual IMS form), so the lines are
read here. Whatever they hold, nothing raises.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import unquote

import phonenumbers

from callcenter.calls.events import SipHeaders
from callcenter.numberplan.model import HeaderTrust, Plan

WITHHELD_TITLE = "号码未显示"
_WITHHELD = frozenset(
    ("", "anonymous", "unknown", "unavailable", "restricted", "private", "withheld", "blocked")
)
_WITHHOLDING = frozenset(("id", "user", "header", "session"))
"""Values of Privacy (RFC 3323, 3325) by which a caller asks not to be shown."""
_SEPARATORS = str.maketrans("", "", " -.()\u00a0")
_MOBILE_WITH_ZERO = re.compile(r"01[3-9]\d{9}")
_LOCAL = re.compile(r"[2-9]\d{7}")
_MOBILE = re.compile(r"1[3-9]\d{9}")
_DIGITS = re.compile(r"\+?\d{1,25}")
_INDEX = re.compile(r";\s*index\s*=\s*(\d{1,9}(?:\.\d{1,9})*)", re.IGNORECASE)
_HOST_END = re.compile(r"[;?>]")
_SCHEME = re.compile(r"\s*(sips?|tel):", re.IGNORECASE)
_USUAL = re.compile(r'(?:"[^"\\]*" ?)?<sips?:(\+?[0-9]+)@([a-z0-9.-]+)(?::[0-9]+)?>([^<>]*)')
"""A value as almost all are: read at once, to the same result as any other."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls, and by which way the call came."""

    e164: str | None
    """None where withheld, unreadable, a short service number, or the forwarder's own number."""
    raw: str
    """As it came, withheld or not."""
    withheld: bool
    country_code: str
    """Our own."""
    diverted: tuple[str, ...] = ()
    """Numbers that the call was forwarded from, first one first, as they came."""
    first_dialled: str | None = None
    """What the citizen dialled, as the headers tell: the plan's number where it is one."""

    @property
    def display(self) -> str:
        """What screens show."""
        return WITHHELD_TITLE if self.withheld else shown(self.e164, self.raw, self.country_code)


@dataclass(frozen=True, slots=True)
class _Address:
    user: str
    host: str
    parameters: str


def identify(headers: SipHeaders, plan: Plan, trunk: str, dialled: str = "") -> Caller:
    """Read the headers of a call that arrived on `trunk` for `dialled` (as it came).

    A caller that is itself a number of the plan is the line that forwarded the call, not the
    citizen. With `dialled`, History-Info's last entry is left out where it is that number: it says
    where the call is going now; without, its last entry is always left out (RFC 7044).
    """
    known = plan.trunks.get(trunk)
    trust = known.trust if known else HeaderTrust()
    diverted = _diverted(headers, trust, plan, dialled)
    raw, withheld = _who(headers, trust)
    forwarder = plan.directory.find(raw) if raw else None
    if forwarder is not None:
        diverted = (*diverted, raw)
    first = diverted[0] if diverted else None
    e164 = None
    if not withheld and forwarder is None:
        e164 = normalised(raw, plan.area_code, plan.country_code)
    return Caller(
        e164=e164,
        raw=raw,
        withheld=withheld,
        country_code=plan.country_code,
        diverted=diverted,
        first_dialled=None if first is None else plan.directory.find(first) or first,
    )


def normalised(raw: str, area_code: str, country_code: str) -> str | None:
    """A telephone number as E.164; None where it is none that can be called back so.

    Takes 8-digit local numbers, 0519…, mobiles (with a leading 0 too), +86…, 0086…, 86… and
    00+country.
    """
    digits = raw.translate(_SEPARATORS)
    if country_code == "86" and digits.isascii() and _MOBILE.fullmatch(digits):
        return f"+86{digits}"  # most who call: looking at it more closely takes fifty times as long
    if not _DIGITS.fullmatch(digits) or not digits.isascii():
        return None
    region = phonenumbers.region_code_for_country_code(int(country_code))
    if _MOBILE_WITH_ZERO.fullmatch(digits):
        digits = digits[1:]
    elif _LOCAL.fullmatch(digits):
        digits = area_code + digits
    elif digits.startswith("00"):
        digits = "+" + digits[2:]
    elif digits.startswith(country_code) and len(digits) >= len(country_code) + 10:
        digits = "+" + digits
    try:
        number = phonenumbers.parse(digits, region)
    except phonenumbers.NumberParseException:
        return None
    possible = phonenumbers.is_possible_number_with_reason(number)
    if possible != phonenumbers.ValidationResult.IS_POSSIBLE:
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def shown(e164: str | None, raw: str, country_code: str) -> str:
    """A number as people here read it: 0519-87200000, 138 1234 5678; foreign ones with their +."""
    if e164 is None:
        return raw or WITHHELD_TITLE
    number = phonenumbers.parse(e164)
    home = str(number.country_code) == country_code
    form = phonenumbers.PhoneNumberFormat
    text = phonenumbers.format_number(number, form.NATIONAL if home else form.INTERNATIONAL)
    if home and text.startswith("0"):
        area, _, local = text.partition(" ")
        return f"{area}-{local.replace(' ', '')}"
    return text


def split_values(lines: Iterable[str]) -> tuple[str, ...]:
    """Header lines → single values: commas divide them, but not in quotes or angle brackets."""
    values: list[str] = []
    for line in lines:
        if "," not in line:
            values.append(line)
            continue
        value: list[str] = []
        quoted = escaped = angled = False
        for character in line:
            if character == "," and not quoted and not angled:
                values.append("".join(value))
                value = []
                continue
            value.append(character)
            if escaped:
                escaped = False
            elif quoted and character == "\\":
                escaped = True
            elif character == '"' and not angled:
                quoted = not quoted
            elif character == "<" and not quoted:
                angled = True
            elif character == ">" and not quoted:
                angled = False
        values.append("".join(value))
    return tuple(value.strip() for value in values if value.strip())


def _address(value: str) -> _Address | None:
    """`"Name" <sip:user;param@host;param?header>;param`, with or without name and brackets."""
    usual = _USUAL.fullmatch(value)
    if usual is not None:
        return _Address(*usual.groups())
    rest = _after_name(value)
    if rest.startswith("<"):
        uri, _, parameters = rest[1:].partition(">")
    else:
        # Without brackets all parameters are the header's, but those of the user part.
        end = rest.find(";", max(rest.find("@"), 0))
        uri, parameters = (rest, "") if end < 0 else (rest[:end], rest[end:])
    scheme = _SCHEME.match(uri)
    if scheme is None:
        return None
    uri = uri[scheme.end() :].strip()
    if scheme.group(1).lower() == "tel":
        return _Address(unquote(uri.partition(";")[0].partition("?")[0]).strip(), "", parameters)
    user, at, host = uri.rpartition("@")
    host = _HOST_END.split(host if at else uri, maxsplit=1)[0].strip()
    user = unquote(user.partition(";")[0].partition(":")[0]).strip()
    return _Address(user, host.partition(":")[0].lower(), parameters)


def _after_name(value: str) -> str:
    """The value from its URI on: without the display name, which may hold anything in quotes."""
    text = value.strip()
    if text.startswith('"'):
        name = re.match(r'"(?:\\.|[^"\\])*"', text, re.DOTALL)
        text = text[name.end() :].strip() if name else text[1:]
    bracket = text.find("<")
    return text[bracket:] if bracket >= 0 else text


def _who(headers: SipHeaders, trust: HeaderTrust) -> tuple[str, bool]:
    """The caller's number as it came, and whether it is not to be shown."""
    asserted = headers.asserted_identity if trust.asserted_identity else ()
    read = [address for value in split_values(asserted) if (address := _address(value))]
    best = next((each for each in read if _DIGITS.fullmatch(_compact(each.user))), None)
    found = best or (read[0] if read else None) or _from(headers.from_)
    if found is None:
        return "", True
    wishes = re.split(r"[;,\s]+", ";".join(headers.privacy).lower()) if headers.privacy else ()
    anonymous = found.host.endswith("anonymous.invalid")
    return found.user, anonymous or _is_withheld(found.user) or not _WITHHOLDING.isdisjoint(wishes)


def _from(line: str) -> _Address | None:
    values = split_values((line,))
    return _address(values[0]) if values else None


def _is_withheld(user: str) -> bool:
    compact = _compact(user).lower()
    return compact in _WITHHELD or not compact.strip("0+")


def _compact(user: str) -> str:
    return user.translate(_SEPARATORS)


def _diverted(headers: SipHeaders, trust: HeaderTrust, plan: Plan, dialled: str) -> tuple[str, ...]:
    """First forwarder first. Diversion wins where both headers are there."""
    if not headers.diversion and not headers.history_info:
        return ()
    if trust.diversion:
        # Each forwarder puts its value before those that are there (RFC 5806).
        users = _users(split_values(headers.diversion))[::-1]
        if users:
            return users
    if trust.history_info:
        users = _users(_by_index(split_values(headers.history_info)))
        if users and (not dialled or _same(plan, users[-1], dialled)):
            users = users[:-1]
        return users
    return ()


def _users(values: Iterable[str]) -> tuple[str, ...]:
    addresses = (_address(value) for value in values)
    return tuple(each.user for each in addresses if each and not _is_withheld(each.user))


def _by_index(values: Sequence[str]) -> tuple[str, ...]:
    """In the order of `index=1`, `1.1`, `1.1.1`; values without an index stay where they are."""

    def key(numbered: tuple[int, str]) -> tuple[int, ...]:
        found = _INDEX.search(_parameters(numbered[1]))
        return (
            tuple(int(part) for part in found.group(1).split(".")) if found else (numbered[0] + 1,)
        )

    return tuple(value for _, value in sorted(enumerate(values), key=key))


def _parameters(value: str) -> str:
    return value.rpartition(">")[2] if ">" in value else value


def _same(plan: Plan, one: str, other: str) -> bool:
    found = plan.directory.find(one)
    return one == other or (found is not None and found == plan.directory.find(other))
