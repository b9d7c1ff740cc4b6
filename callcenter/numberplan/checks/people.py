"""What operators dial, and where they sit."""

from __future__ import annotations

from callcenter.numberplan.parsed import CODES, SEATS, Parsed

_FOLLOWED = {
    "sign_in": "an operator's number",
    "not_ready": "a reason's code",
    "forward": "a number",
    "three_way": "a number",
    "first_dialled": "a number",
    "call_order": "an order's number",
}


def check(parsed: Parsed) -> None:
    """Feature codes and reasons that cannot be told apart; a seat and a room of one name."""
    _codes(parsed)
    _reasons(parsed)
    if parsed.seats:
        for name in parsed.seats.rooms:
            if name in parsed.seats.seats:
                parsed.error(
                    SEATS,
                    ("rooms", name),
                    f"{name} is also a seat ({parsed.where(SEATS, ('seats', name))}); "
                    "rename one of the two",
                    at_key=True,
                )


def _codes(parsed: Parsed) -> None:
    if not parsed.codes:
        return
    codes: dict[str, str] = parsed.codes.feature_codes.model_dump()
    seen: dict[str, str] = {}
    for name, code in codes.items():
        for other, taken in seen.items():
            swallowed = (other in _FOLLOWED and code.startswith(taken)) or (
                name in _FOLLOWED and taken.startswith(code)
            )
            if code != taken and not swallowed:
                continue
            what = (
                "both would be the same"
                if code == taken
                else f"one begins with the other, and digits follow "
                f"({_FOLLOWED[other if code.startswith(taken) else name]})"
            )
            parsed.error(
                CODES,
                ("feature_codes", name),
                f"{name} {code} cannot be told from {other} {taken}: {what}; write another code",
            )
        seen[name] = code


def _reasons(parsed: Parsed) -> None:
    if not parsed.codes:
        return
    seen: dict[str, str] = {}
    for name, reason in parsed.codes.not_ready_reasons.items():
        other = seen.setdefault(reason.code, name)
        if other != name:
            parsed.error(
                CODES,
                ("not_ready_reasons", name, "code"),
                f"{reason.code} already means {other} "
                f"({parsed.where(CODES, ('not_ready_reasons', other))}); write another digit",
            )
