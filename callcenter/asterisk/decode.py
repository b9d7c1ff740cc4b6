"""ARI's events as the core's facts: pure, tolerant of what it does not know.

Channel ids are leg names: the caller's leg is named by Asterisk (the call's id), all others by us.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import unquote

from callcenter.asterisk.ari import JsonObject, JsonValue
from callcenter.asterisk.causes import ending
from callcenter.calls.commands import Role
from callcenter.calls.events import (
    CallArrived,
    CallLeft,
    CallReturned,
    DigitPressed,
    Ending,
    Event,
    Handled,
    LegAnswered,
    LegEnded,
    PlaybackFinished,
    RecordingFailed,
    RecordingFinished,
    SipHeaders,
)

NO_MEDIA = 1
"""Cause of a hang-up that Asterisk asks for itself (`soft`): no audio came for `rtp_timeout`."""
IGNORED = (
    "ChannelVarset",
    "ChannelDialplan",
    "ChannelCallerId",
    "ChannelConnectedLine",
    "ChannelCreated",
    "ChannelStateChange",
    "ChannelEnteredBridge",
    "ChannelLeftBridge",
    "PlaybackStarted",
    "PlaybackContinuing",
    "RecordingStarted",
    "BridgeCreated",
    "BridgeDestroyed",
    "Dial",
)
"""Events that nothing here looks at: Asterisk is asked not to send them."""

LONGEST_NUMBER = 12
"""Digits; a time that has more is none."""
_LONGEST = 10**LONGEST_NUMBER
_SNOOP = "Snoop/"
"""Begins the name of a channel that hears another one: only we make these."""


class Decoder:
    """Turns ARI events into facts; remembers what asked each leg to end.

    `ahead` tells how many seconds our clock is ahead of the machine's at the moment.
    """

    def __init__(self, ahead: Callable[[], float] = lambda: 0.0) -> None:
        self._ahead = ahead
        self._hung_up: dict[str, int | None] = {}
        """By leg: the SIP code that its far end really sent, if any."""
        self._silent: set[str] = set()
        """Legs that Asterisk ends because no audio came from them."""

    def decode(self, event: JsonObject) -> Event | None:
        """The fact in one ARI event; None where there is none for us."""
        match event.get("type"):
            case "StasisStart":
                return self._started(event)
            case "ChannelHangupRequest":
                # Only what comes with a hang-up request was sent by the far end; the tech_cause of
                # ChannelDestroyed alone is made up.
                leg, code = _channel(event, "id"), event.get("tech_cause")
                sent = code if isinstance(code, int) else None
                if event.get("soft") is True and event.get("cause") == NO_MEDIA:
                    self._silent.add(leg)
                self._hung_up[leg] = sent or self._hung_up.get(leg)
                return None
            case "StasisEnd" if not _dialled(_object(event.get("channel"))):
                # A caller's (or a feature code's) leg: the last we hear of it. Nobody hung up: the
                # dialplan goes on with it.
                leg = _channel(event, "id")
                if leg not in self._hung_up:
                    return CallLeft(leg)
                del self._hung_up[leg]
                silent = leg in self._silent
                self._silent.discard(leg)
                return LegEnded(leg, Ending.LOST if silent else Ending.NORMAL)
            case "StasisEnd" if _channel(event, "name").startswith(_SNOOP):
                return LegEnded(_channel(event, "id"))  # it is the last of a snoop, too
            case "ChannelDestroyed":
                leg = _channel(event, "id")
                cause = event.get("cause")
                code = self._hung_up.pop(leg, None)
                self._silent.discard(leg)
                return LegEnded(leg, ending(cause if isinstance(cause, int) else 0, code))
            case "PlaybackFinished":
                playback = _object(event.get("playback"))
                leg = _text(playback.get("target_uri")).removeprefix("channel:")
                return PlaybackFinished(leg, _text(playback.get("id")))
            case "RecordingFinished":
                recording = _object(event.get("recording"))
                spoken = recording.get("talking_duration")
                return RecordingFinished(
                    _recorded_leg(recording),
                    _text(recording.get("name")),
                    float(spoken) if isinstance(spoken, int) and abs(spoken) < _LONGEST else None,
                )
            case "RecordingFailed":
                recording = _object(event.get("recording"))
                return RecordingFailed(
                    _recorded_leg(recording),
                    _text(recording.get("name")),
                    _text(recording.get("cause")),
                )
            case "ChannelDtmfReceived":
                return DigitPressed(_channel(event, "id"), _text(event.get("digit")))
            case _:
                return None

    def _started(self, event: JsonObject) -> Event | None:
        leg = _channel(event, "id")
        match _texts(event.get("args")):
            case ["leg"]:
                return LegAnswered(leg)
            case ["arrived", trunk, dialled, *headers]:
                return CallArrived(leg, trunk, dialled, header_lines(headers))
            case ["returned", trunk, dialled, *headers, began, queued]:
                ahead = self._ahead()
                return CallReturned(
                    leg,
                    trunk,
                    dialled,
                    header_lines(headers),
                    began=_seconds(began) + ahead,
                    queued=_seconds(queued) + ahead,
                )
            case _:
                return None


def feature_call(event: JsonObject) -> tuple[str, str, str, str] | None:
    """Leg, seat, code and PIN of a seat's call to a feature code, if the event is one."""
    if event.get("type") != "StasisStart":
        return None
    match _texts(event.get("args")):
        case ["feature", seat, code]:
            return _channel(event, "id"), seat, code, ""
        case ["feature", seat, code, pin]:
            return _channel(event, "id"), seat, code, pin
        case _:
            return None


def our_leg(channel: JsonObject) -> str | None:
    """The leg's name, if the channel is one that the controller looks after (not the dialplan)."""
    variables = _object(channel.get("channelvars"))
    dialplan = _object(channel.get("dialplan"))
    if _text(channel.get("name")).startswith(_SNOOP):
        return _text(channel.get("id"))
    if not _text(variables.get("ROLE")):
        return None
    application = _text(dialplan.get("app_name"))
    in_stasis = application in ("Stasis", "")  # a leg still ringing is in no application yet
    return _text(channel.get("id")) if in_stasis or _dialled(channel) else None


def answered_leg(channel: JsonObject) -> str | None:
    """The leg's name, if it is one that we dialled and its far end has answered."""
    leg = our_leg(channel)
    in_stasis = _text(_object(channel.get("dialplan")).get("app_name")) == "Stasis"
    up = in_stasis and _text(channel.get("state")) == "Up"
    return leg if leg is not None and _dialled(channel) and up else None


def caller_here(channel: JsonObject) -> str | None:
    """The call's id, if the channel is a caller's leg that the controller looks after."""
    return our_leg(channel) if _is_caller(channel) else None


def caller_outside(channel: JsonObject) -> str | None:
    """The call's id, if the channel is a caller's leg that the dialplan has."""
    if not _is_caller(channel) or our_leg(channel) is not None:
        return None
    return _text(channel.get("id"))


def our_bridge(bridge: str) -> bool:
    """Whether the bridge is one that the controller made: it is named after a call."""
    return bridge.endswith(("_b", "_mb"))


def _dialled(channel: JsonObject) -> bool:
    """Whether it is a leg that we dialled; a citizen's who is called back has the caller's name."""
    role = _text(_object(channel.get("channelvars")).get("ROLE"))
    return "_" in _text(channel.get("id")) or role == Role.CITIZEN


def _is_caller(channel: JsonObject) -> bool:
    return _text(_object(channel.get("channelvars")).get("ROLE")) == "caller"


@dataclass(frozen=True, slots=True)
class QueueLeg:
    """A seat's leg that Asterisk's own queue made."""

    seat: str
    call: str
    answered: bool


def queue_leg(channel: JsonObject) -> QueueLeg | None:
    """What the channel is to Asterisk's own queue, if it is a seat's leg of one."""
    if _text(_object(channel.get("dialplan")).get("app_name")) != "AppQueue":
        return None
    return QueueLeg(
        seat=_text(channel.get("name")).removeprefix("PJSIP/").rpartition("-")[0],
        call=_text(_object(channel.get("channelvars")).get("CALLID")),
        answered=_text(channel.get("state")) == "Up",
    )


def waits_outside(channel: JsonObject) -> bool:
    """Whether the channel is a caller in Asterisk's own queue, or hearing what comes before it."""
    variables = _object(channel.get("channelvars"))
    in_queue = _text(_object(channel.get("dialplan")).get("app_name")) == "Queue"
    return (
        caller_outside(channel) is not None
        and _text(variables.get("HANDLED")) == Handled.QUEUE
        and (in_queue or not _text(variables.get("QUEUED")))
    )


def header_lines(parts: list[str]) -> SipHeaders:
    """The headers as the dialplan hands them over: lines URI-encoded, joined by ^."""
    lines = [tuple(unquote(line) for line in part.split("^") if line) for part in parts]
    lines += [()] * (6 - len(lines))
    from_, asserted, privacy, diversion, history, reference = lines[:6]
    return SipHeaders(
        from_=from_[0] if from_ else "",
        asserted_identity=asserted,
        privacy=privacy,
        diversion=diversion,
        history_info=history,
        reference=reference,
    )


def _recorded_leg(recording: JsonObject) -> str:
    return _text(recording.get("target_uri")).removeprefix("channel:")


def _seconds(text: str) -> float:
    plain = text.isascii() and text.isdigit() and len(text) <= LONGEST_NUMBER
    return float(text) if plain else 0.0


def _channel(event: JsonObject, key: str) -> str:
    return _text(_object(event.get("channel")).get(key))


def _object(value: JsonValue) -> JsonObject:
    return value if isinstance(value, dict) else {}


def _text(value: JsonValue) -> str:
    if not isinstance(value, str):
        return ""
    # JSON can hold halves of characters, which nothing can be written with.
    return value if value.isascii() else value.encode("utf-8", "replace").decode()


def _texts(value: JsonValue) -> list[str]:
    return [_text(each) for each in value] if isinstance(value, list) else []
