"""ARI's events as the core's facts: pure, tolerant of what it does not know.

Channel ids are leg names: the caller's leg is named by Asterisk (the call's id), all others by us.
"""

from __future__ import annotations

from urllib.parse import unquote

from callcenter.asterisk.ari import JsonObject, JsonValue
from callcenter.asterisk.causes import ending
from callcenter.calls.events import (
    CallArrived,
    DigitPressed,
    Event,
    LegAnswered,
    LegEnded,
    LegRinging,
    PlaybackFinished,
    SipHeaders,
)

IGNORED = (
    "ChannelVarset",
    "ChannelDialplan",
    "ChannelCallerId",
    "ChannelConnectedLine",
    "ChannelCreated",
    "ChannelEnteredBridge",
    "ChannelLeftBridge",
    "PlaybackStarted",
    "PlaybackContinuing",
    "BridgeCreated",
    "BridgeDestroyed",
    "Dial",
)
"""Events that nothing here looks at: Asterisk is asked not to send them."""


class Decoder:
    """Turns ARI events into facts; remembers the SIP code that each leg's far end really sent."""

    def __init__(self) -> None:
        self._sip_codes: dict[str, int] = {}

    def decode(self, event: JsonObject) -> Event | None:
        """The fact in one ARI event; None where there is none for us."""
        match event.get("type"):
            case "StasisStart":
                return self._started(event)
            case "ChannelStateChange" if _channel(event, "state") == "Ringing":
                return LegRinging(_channel(event, "id"))
            case "ChannelHangupRequest":
                # Only what comes with a hang-up request was sent by the far end; the tech_cause of
                # ChannelDestroyed alone is made up.
                code = event.get("tech_cause")
                if isinstance(code, int):
                    self._sip_codes[_channel(event, "id")] = code
                return None
            case "StasisEnd" if "_" not in _channel(event, "id"):
                # A caller's (or a feature code's) leg: the last we hear of it.
                leg = _channel(event, "id")
                self._sip_codes.pop(leg, None)
                return LegEnded(leg)
            case "ChannelDestroyed":
                leg = _channel(event, "id")
                cause = event.get("cause")
                code = self._sip_codes.pop(leg, None)
                return LegEnded(leg, ending(cause if isinstance(cause, int) else 0, code))
            case "PlaybackFinished":
                playback = _object(event.get("playback"))
                leg = _text(playback.get("target_uri")).removeprefix("channel:")
                return PlaybackFinished(leg, _text(playback.get("id")))
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
                return CallArrived(leg, trunk, dialled, _headers(headers))
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
    if not _text(variables.get("ROLE")):
        return None
    application = _text(dialplan.get("app_name"))
    in_stasis = application in ("Stasis", "")  # a leg still ringing is in no application yet
    return _text(channel.get("id")) if in_stasis or "_" in _text(channel.get("id")) else None


def _headers(parts: list[str]) -> SipHeaders:
    lines = [tuple(unquote(line) for line in part.split("|") if line) for part in parts]
    lines += [()] * (5 - len(lines))
    from_, asserted, privacy, diversion, history = lines[:5]
    return SipHeaders(
        from_=from_[0] if from_ else "",
        asserted_identity=asserted,
        privacy=privacy,
        diversion=diversion,
        history_info=history,
    )


def _channel(event: JsonObject, key: str) -> str:
    return _text(_object(event.get("channel")).get(key))


def _object(value: JsonValue) -> JsonObject:
    return value if isinstance(value, dict) else {}


def _text(value: JsonValue) -> str:
    return value if isinstance(value, str) else ""


def _texts(value: JsonValue) -> list[str]:
    return [_text(each) for each in value] if isinstance(value, list) else []
