"""What reads texts from outside, each given any bytes: nothing may raise, nothing may hang.

What comes out is looked at, too: it can be kept in the journal and in the order store.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Mapping

from panoramisk import Manager

from callcenter.asterisk import decode, queue_log
from callcenter.asterisk.ami import Ami, OnceEach, listed
from callcenter.asterisk.ari import read_json
from callcenter.asterisk.called_back import CalledBack
from callcenter.asterisk.security import Messages, sighting
from callcenter.attacks.bans import Bans, Kept, acl
from callcenter.calls.centre import step
from callcenter.calls.codec import decode_event, encode_centre, encode_event
from callcenter.calls.events import CallArrived, Event
from callcenter.calls.state import Centre
from callcenter.numberplan.loader import load_texts
from callcenter.numberplan.model import AttackRule
from callcenter.numberplan.yamltree import parse
from callcenter.store.filing import storable
from tests.plans import TEXTS, plan_of

NOW = 1_511_317_865.0
FILES = sorted(TEXTS)
WAVS = frozenset(re.findall(r"(?m)^  (\w+):", TEXTS["ivr_prompts/catalog.yaml"]))
PLAN = plan_of(TEXTS)
AT_ONCE = AttackRule(tries=1)
LOOP = asyncio.new_event_loop()
"""Never run: panoramisk's futures want one."""


def yaml(data: bytes) -> None:
    """A text that is no YAML, or strange YAML, gives problems at places that are in it."""
    text = data.decode("utf-8", "ignore")
    tree = parse("dialplan/numbers.yaml", text)
    lines = text.count("\n") + text.count("\r") + text.count("\x85") + 2
    lines += text.count("\u2028") + text.count("\u2029")
    for problem in tree.problems:
        assert 1 <= problem.line <= lines and problem.column >= 1
        str(problem).encode()


def plan_file(data: bytes) -> None:
    """Any text in place of any of the plan's files: the first byte says which."""
    if not data:
        return
    name = FILES[data[0] % len(FILES)]
    loaded = load_texts({**TEXTS, name: data[1:].decode("utf-8", "ignore")}, WAVS)
    assert (loaded.plan is None) == bool(loaded.errors)
    for problem in (*loaded.errors, *loaded.warnings):
        assert problem.line >= 1 and problem.column >= 1
        str(problem).encode()


def headers(data: bytes) -> None:
    """A carrier's INVITE, as the dialplan hands its headers over: one part a line."""
    parts = data.decode("utf-8", "replace").split("\n")
    trunk, dialled, lines = parts[0], (parts[1:2] or [""])[0], parts[2:]
    arrived = CallArrived("1511317865.7", trunk, dialled, decode.header_lines(lines))
    keepable(arrived)
    centre = Centre()
    result = step(centre, arrived, PLAN, NOW)
    encode_centre(centre)
    for record in result.records:
        for each in (record.caller, record.caller_raw, record.dialled, record.reference):
            assert "\0" not in str(storable(each))
            str(each).encode()


def ari(data: bytes) -> None:
    """Lines of JSON, as they come over the websocket."""
    decoder = decode.Decoder()
    for line in data.decode("utf-8", "ignore").split("\n"):
        try:
            event = read_json(line, CalledBack())
        except ValueError:
            continue
        if not isinstance(event, dict):
            continue
        decode.feature_call(event)
        fact = decoder.decode(event)
        if fact is not None:
            keepable(fact)
        for look in (decode.our_leg, decode.answered_leg, decode.caller_here):
            look(event)
        decode.caller_outside(event)
        decode.queue_leg(event)
        decode.waits_outside(event)


class Nowhere(asyncio.Transport):
    """Where a manager connection's actions go."""

    def write(self, data: bytes | bytearray | memoryview) -> None:
        pass

    def close(self) -> None:
        pass


def ami(data: bytes) -> None:
    """What a manager connection sends, cut in two; the actions with the ids 1 and 2 are ours."""
    asyncio.set_event_loop(LOOP)  # whoever had one before may have taken it away
    manager = Manager(loop=LOOP, encoding="utf8")
    Ami(manager)  # hears of softphones and seats
    manager.protocol = protocol = OnceEach()
    protocol.connection_made(Nowhere())
    protocol.factory = manager
    futures = [
        manager.send_action({"Action": action, "ActionID": number})
        for number, action in (("1", "PJSIPShowContacts"), ("2", "Ping"))
    ]
    cut = len(data) // 2
    protocol.data_received(data[:cut])
    protocol.data_received(data[cut:])
    for future in futures:
        if future.done():
            found = future.result()
            messages = found if isinstance(found, list) else [found]
            messages[0].get("Message", "").encode()
            for seat, uri in listed(messages):
                f"{seat}{uri}".encode()


def attacks(data: bytes) -> None:
    """Security events, cut in two: whatever they say, Asterisk can read the list they lead to."""
    bans, messages, cut = Bans(Kept(), lambda address: False), Messages(), len(data) // 2
    for message in (*messages.cut(data[:cut]), *messages.cut(data[cut:])):
        seen = sighting(message)
        if seen is not None:
            bans.note(seen, AT_ONCE, NOW)
    for line in acl(bans.active(AT_ONCE, NOW)).splitlines():
        assert re.fullmatch(r"deny = [0-9]+(\.[0-9]+){3}", line)


def call_records(data: bytes) -> None:
    """Lines of Asterisk's queue_log; callers' headers are in them."""
    for line in data.decode("utf-8", "replace").split("\n"):
        record = queue_log.parse(line)
        if record is not None:
            keepable(record.as_event(ahead=0.5))


def keepable(event: Event) -> None:
    """The journal gives back what was put into it."""
    kind, body = encode_event(event)
    assert decode_event(kind, body) == event


TARGETS: Mapping[str, Callable[[bytes], None]] = {
    "ami": ami,
    "ari": ari,
    "attacks": attacks,
    "call_records": call_records,
    "headers": headers,
    "plan_file": plan_file,
    "yaml": yaml,
}
