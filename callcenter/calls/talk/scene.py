"""Who hears whom in a talk: one picture, which follows from the parties alone.

There are two rooms. In the talk is the caller, always; in private the operator speaks without the
caller. Who is alone hears music; the operator, while somebody rings, the ringing tone. What the
switch is told is the difference between the picture that it was told last and the one that is
wanted.
"""

from __future__ import annotations

from callcenter.calls.commands import (
    Connect,
    Disconnect,
    Guard,
    Mute,
    MuteRecording,
    RecordAside,
    Ring,
    Separate,
    StartMusic,
    StopMusic,
    StopRecordingAside,
    StopRinging,
    Unguard,
    Unmute,
)
from callcenter.calls.party import NOBODY, Room, Scene
from callcenter.calls.state import Call, Phase, Transfer
from callcenter.calls.turn import AT_SEAT, Turn
from callcenter.values import replace

_MIXED = "_mb"
"""Ends the name of a bridge for a second far end, or for three."""


def go_on(turn: Turn, call: Call) -> Call:
    """The talk is now as its parties are: its phase and deadline, and who hears whom."""
    phase = _phase(call)
    call = _show(turn, replace(call, phase=phase))
    if phase is Phase.TRANSFERRING:
        return call
    limits = turn.plan.limits
    alone = phase in (Phase.HELD, Phase.CONSULTING) and not call.scene.talk
    seconds = limits.hold_seconds if alone else limits.talk_seconds
    return turn.put(replace(call, deadline=turn.now + seconds))


def wanted(call: Call) -> Scene:
    """The picture that follows from the parties."""
    talk: list[str] = [call.id]
    private: list[str] = []
    if call.leg is not None:
        (private if call.aside else talk).append(call.leg)
    for party in call.parties:
        if call.has_live(party.leg) and not call.rings(party.leg):
            (talk if party.room is Room.TALK else private).append(party.leg)
    music, ringing = [], []
    for leg in (room[0] for room in (talk, private) if len(room) == 1):
        if leg == call.id:
            ringing += [leg] if call.transfer is Transfer.EMERGENCY else []
        elif leg == call.leg and _is_led(call):
            ringing += [leg] if call.ringing() is not None else []
        else:
            music.append(leg)
    return Scene(
        talk=tuple(talk) if len(talk) > 1 else (),
        private=tuple(private) if len(private) > 1 else (),
        music=tuple(music),
        ringing=tuple(ringing),
        recorded=(call.leg or "") if call.aside and len(private) > 1 else "",
    )


def over(turn: Turn, call: Call) -> Call:
    """The talk is no more; the caller stays."""
    if call.id in call.scene.ringing:
        turn.send(StopRinging(call.id))
    if call.scene.private:
        turn.send(Disconnect(_bridge(call.scene)))
    if call.scene is NOBODY and not (call.parties or call.aside or call.muted or call.transfer):
        return call  # there was none
    return replace(call, parties=(), aside=False, muted=False, transfer=None, scene=NOBODY)


def bridges(call: Call) -> tuple[str, ...]:
    """The bridges that the call uses."""
    talk = () if call.bridge is None else (call.bridge,)
    return (*talk, _bridge(call.scene)) if call.scene.private else talk


def show_again(turn: Turn, call: Call) -> None:
    """After a restart of ours, which may have left anything of the picture undone."""
    scene = call.scene
    for leg in (*scene.music, *scene.ringing):
        if call.bridge is not None:
            turn.send(Separate(call.bridge, leg))
        turn.send(StartMusic(leg, _music(turn, call)) if leg in scene.music else Ring(leg))
    if call.leg is not None and _is_led(call) and call.bridge is not None:
        turn.send(Mute(call.leg) if call.muted else Unmute(call.leg))
    parties = tuple(party.leg for party in call.parties)
    for leg in (*scene.talk, *scene.private):
        if leg == (call.leg if _is_led(call) else call.id):
            turn.send(StopRinging(leg))
        if leg in parties:
            turn.send(StopMusic(leg))
    if scene.talk and call.bridge is not None:
        _connect(turn, call, call.bridge, scene.talk, new=False)
    if scene.private:
        _connect(turn, call, _bridge(scene), scene.private, new=False)
    if scene.recording:
        turn.send(RecordAside(scene.recorded, scene.recording))
    elif call.leg is not None and _is_led(call):
        turn.send(StopRecordingAside(call.leg))


def _phase(call: Call) -> Phase:
    if call.ringing() is not None:
        return Phase.TRANSFERRING
    if not _is_led(call):
        return Phase.FORWARDED
    if any(party.room is Room.PRIVATE for party in call.parties):
        return Phase.CONSULTING
    if call.aside:
        return Phase.HELD
    return Phase.THREE_WAY if call.parties else Phase.TALKING


def _is_led(call: Call) -> bool:
    """Whether somebody at a seat of ours is in the talk, rather than partners alone."""
    return any(leg.leg == call.leg and leg.role in AT_SEAT for leg in call.legs)


def _show(turn: Turn, call: Call) -> Call:
    had, want = call.scene, wanted(call)
    if want.private:
        new = "" if had.private else f"{call.id}_r{call.names + 1}"
        call = replace(call, names=call.names + 1) if new else call
        want = replace(want, aside=new or had.aside)
    together = {*want.talk, *want.private}
    for bridge, legs in ((call.bridge or "", had.talk), (_bridge(had), had.private)):
        for leg in legs:
            if leg in call.in_use() and call.has_live(leg) and leg not in together:
                turn.send(Separate(bridge, leg))
    if not want.talk:
        call = _caller_waits(turn, call, music=call.id not in want.ringing)
    for leg in want.music:
        if leg not in had.music:
            turn.send(StartMusic(leg, _music(turn, call)))
    for leg in want.ringing:
        if leg not in had.ringing:
            turn.send(Ring(leg))
    for leg in had.music:
        if leg not in want.music and call.has_live(leg):
            turn.send(StopMusic(leg))
    for leg in had.ringing:
        if leg not in want.ringing and call.has_live(leg):
            turn.send(StopRinging(leg))
    if want.talk:
        call = _caller_talks(turn, call, had, want)
    if set(want.private) - set(had.private):
        _connect(turn, call, _bridge(want), want.private, new=not had.private)
    if want.recorded != had.recorded:
        call, recording = _record_aside(turn, call, had.recorded, want.recorded)
        want = replace(want, recording=recording)
    elif had.recording:
        want = replace(want, recording=had.recording)
    if had.private and not want.private:
        turn.send(Disconnect(_bridge(had)))
    return turn.put(replace(call, scene=want))


def _caller_waits(turn: Turn, call: Call, *, music: bool) -> Call:
    """Alone, so the dead man's switch is armed."""
    if not call.guarded:
        turn.send(Guard(call.id, call.is_in_talk))
    if music and not call.hears_music:
        turn.send(StartMusic(call.id, _music(turn, call)))
    elif call.hears_music and not music:
        turn.send(StopMusic(call.id))
    return replace(call, guarded=True, hears_music=music)


def _caller_talks(turn: Turn, call: Call, had: Scene, want: Scene) -> Call:
    """From now on nothing may cut them off."""
    if call.hears_music:
        turn.send(StopMusic(call.id))
    if call.guarded:
        turn.send(Unguard(call.id))
    if set(want.talk) <= set(had.talk):
        return replace(call, hears_music=False, guarded=False)
    far_ends = [leg for leg in call.legs if leg.leg != call.id and leg.answered is not None]
    bridge = f"{call.id}{_MIXED}" if len(far_ends) > 1 else call.bridge or f"{call.id}_b"
    _connect(turn, call, bridge, want.talk, new=bridge != call.bridge)
    if call.bridge is not None and call.bridge != bridge:
        turn.send(Disconnect(call.bridge))
    return replace(call, hears_music=False, guarded=False, bridge=bridge)


def _record_aside(turn: Turn, call: Call, before: str, now: str) -> tuple[Call, str]:
    """What is said without the caller is not in the caller's recording; the name of its own."""
    if before in call.in_use() and call.has_live(before):
        turn.send(StopRecordingAside(before))
    if not now:
        return call, ""
    recording = f"{call.id}_a{call.names + 1}"
    turn.send(RecordAside(now, recording))
    if call.recording_paused():
        turn.send(MuteRecording(now))
    return replace(call, names=call.names + 1), recording


def _connect(turn: Turn, call: Call, bridge: str, legs: tuple[str, ...], *, new: bool) -> None:
    operators = {leg.leg for leg in call.live() if leg.role in AT_SEAT}
    turn.send(
        Connect(
            call.id,
            bridge,
            legs,
            own_digits=tuple(leg for leg in legs if leg in operators),
            mixed=bridge.endswith(_MIXED),
            new=new,
        )
    )


def _bridge(scene: Scene) -> str:
    """The bridge of those who are together without the caller."""
    return f"{scene.aside}_b"


def _music(turn: Turn, call: Call) -> str:
    return turn.queue(call.queue).music
