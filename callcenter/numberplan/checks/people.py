"""What operators dial, and where they sit."""

from __future__ import annotations

from callcenter.numberplan.parsed import CODES, QUEUES, SEATS, Parsed

_FOLLOWED = {
    "sign_in": "an operator's number",
    "take_seat": "an operator's number",
    "not_ready": "a reason's code",
    "forward": "a number",
    "three_way": "a number",
    "first_dialled": "a number",
    "call_order": "an order's number",
    "consult": "a number",
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
    _extensions(parsed)


def _extensions(parsed: Parsed) -> None:
    """What operators key in for a queue is not a room's or another queue's."""
    if not parsed.queues:
        return
    rooms = parsed.seats.rooms if parsed.seats else {}
    taken = {
        room.extension: f"room {name} ({parsed.where(SEATS, ('rooms', name))})"
        for name, room in rooms.items()
    }
    for name, queue in parsed.queues.queues.items():
        if queue.extension is None:
            continue
        other = taken.get(queue.extension)
        if other is not None:
            parsed.error(
                QUEUES,
                ("queues", name, "extension"),
                f"{queue.extension} already means {other}; write another number",
            )
        where = parsed.where(QUEUES, ("queues", name))
        taken.setdefault(queue.extension, f"queue {name} ({where})")


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
