"""`callcenter call` and `callcenter outside`: a newcomer's telephone, and the world outside."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import json
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from callcenter.settings import SettingsError, load_settings
from callcenter.simulator.audio import AudioError, read_wav, write_wav
from callcenter.simulator.behaviour import BUSY, DECLINE, NO_ANSWER, UNAVAILABLE, Behaviour
from callcenter.simulator.citizen import CallReport, Citizen, Wishes, converse
from callcenter.simulator.heard import Catalog
from callcenter.simulator.outside import Outside
from callcenter.simulator.rtp import DTMF
from callcenter.simulator.running import NotRunningError, Server, find_server, find_trunks
from callcenter.simulator.sip import SipError

_FIRST_CHOICE = "telecom"

Rehearsal = Annotated[
    bool, typer.Option("--rehearsal", help="The rehearsal (--at), where both run.")
]
Numbers = Annotated[list[str] | None, typer.Option(metavar="NUMBER", help="Repeatable.")]


def call(
    number: Annotated[str, typer.Argument(help="What to dial, such as 12345.")],
    *,
    caller: Annotated[
        str, typer.Option("--from", help="The caller's number; empty: withheld.")
    ] = "13912345678",
    say: Annotated[
        Path | None, typer.Option(help="A 16-bit WAV file, spoken over and over.")
    ] = None,
    press: Annotated[
        str, typer.Option(help="Keys pressed after the answer; a comma pauses half a second.")
    ] = "",
    seconds: Annotated[
        float, typer.Option("--for", min=0, help="Hang up so many seconds after the answer.")
    ] = 20.0,
    patience: Annotated[
        float, typer.Option("--wait", min=0, help="Give up after so many seconds unanswered.")
    ] = 60.0,
    header: Annotated[
        list[str] | None,
        typer.Option(help="A further SIP header, such as 'Diversion: <sip:12319@x>'. Repeatable."),
    ] = None,
    trunk: Annotated[
        str | None, typer.Option(help="The trunk to call on; telecom if the plan has it.")
    ] = None,
    record: Annotated[
        Path | None, typer.Option(help="Write what was heard to this WAV file.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object, nothing else.")] = False,
    rehearsal: Rehearsal = False,
) -> None:
    """Call the running server as a citizen would, over SIP, and tell what was heard."""
    try:
        headers = tuple(_header(line) for line in header or ())
        _check_keys(press)
        wishes = Wishes(read_wav(say) if say else None, press, seconds, patience)
        server = _server(rehearsal)
        host = _trunk_host(server, trunk)
        catalog = Catalog.load(server.plan / "ivr_prompts")
        if record is not None and not record.absolute().parent.is_dir():
            _refuse(f"{record}: there is no folder to write it to")
        result = asyncio.run(
            _call(
                number,
                caller=caller,
                headers=headers,
                wishes=wishes,
                server=server,
                host=host,
                catalog=catalog,
                record=record,
                quiet=as_json,
            )
        )
    except (AudioError, NotRunningError, SipError, OSError) as error:
        _refuse(str(error))
    if as_json:
        typer.echo(json.dumps(_as_json(result), ensure_ascii=False))
    else:
        for line in _summary(result):
            typer.echo(line)


def outside(
    *,
    busy: Numbers = None,
    decline: Numbers = None,
    no_answer: Numbers = None,
    unavailable: Numbers = None,
    hang_up_after: Annotated[
        list[str] | None,
        typer.Option(metavar="NUMBER=SECONDS", help="Answers, then hangs up. Repeatable."),
    ] = None,
    rehearsal: Rehearsal = False,
) -> None:
    """Answer what the running server dials on its trunks, until Ctrl-C."""
    behaviours = {
        **dict.fromkeys(busy or (), BUSY),
        **dict.fromkeys(decline or (), DECLINE),
        **dict.fromkeys(no_answer or (), NO_ANSWER),
        **dict.fromkeys(unavailable or (), UNAVAILABLE),
        **dict(_hanging_up(entry) for entry in hang_up_after or ()),
    }
    try:
        asyncio.run(_outside(_server(rehearsal), behaviours))
    except (NotRunningError, OSError) as error:
        _refuse(str(error))


async def _call(
    number: str,
    *,
    caller: str,
    headers: tuple[tuple[str, str], ...],
    wishes: Wishes,
    server: Server,
    host: str,
    catalog: Catalog,
    record: Path | None,
    quiet: bool,
) -> CallReport:
    citizen = await Citizen.on(host, server.place)
    try:
        with _interrupted() as stop:
            dialled = await citizen.dial(number, caller=caller, headers=headers)
            result = await converse(
                dialled,
                wishes,
                catalog=catalog,
                tell=None if quiet else typer.echo,
                stop=stop,
            )
        if record is not None:
            write_wav(record, dialled.heard())
        return result
    finally:
        await citizen.close()


async def _outside(server: Server, behaviours: dict[str, Behaviour]) -> None:
    places = {name: trunk.place for name, trunk in find_trunks(server.plan).items()}
    with _interrupted() as stop:
        world = await Outside.listen(places, tell=typer.echo, forgetful=True)
        for number, behaviour in behaviours.items():
            world.behave(number, behaviour)
        for name, (host, port) in places.items():
            typer.echo(f"{name}: listening on {host}:{port}")
        typer.echo("Ctrl-C ends it.")
        try:
            await stop.wait()
        finally:
            await world.close()


@contextlib.contextmanager
def _interrupted() -> Iterator[asyncio.Event]:
    """An event that Ctrl-C (or a TERM signal) sets, so that calls are ended politely."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    signals = (signal.SIGINT, signal.SIGTERM)
    for number in signals:
        loop.add_signal_handler(number, stop.set)
    try:
        yield stop
    finally:
        for number in signals:
            loop.remove_signal_handler(number)


def _server(rehearsal: bool) -> Server:
    try:
        data = load_settings().data
    except SettingsError as error:
        raise NotRunningError(str(error)) from error
    return find_server(data, rehearsal=rehearsal)


def _trunk_host(server: Server, name: str | None) -> str:
    trunks = find_trunks(server.plan)
    if name is None:
        name = _FIRST_CHOICE if _FIRST_CHOICE in trunks else next(iter(trunks))
    if name not in trunks:
        raise NotRunningError(f"--trunk {name}: the plan has no such trunk, only {_list(trunks)}")
    return trunks[name].host


def _header(line: str) -> tuple[str, str]:
    name, colon, value = line.partition(":")
    name, value = name.strip(), value.strip()
    if not colon or not value or not name.replace("-", "").isalnum() or not line.isprintable():
        _refuse(f"--header {line!r}: write it as 'Name: value', such as 'Privacy: id'")
    return name, value


def _check_keys(press: str) -> None:
    wrong = sorted(set(press.upper()) - set(DTMF) - {","})
    if wrong:
        _refuse(f"--press {press!r}: {_list(wrong)} is on no keypad; use 0-9 * # A-D and ,")


def _hanging_up(entry: str) -> tuple[str, Behaviour]:
    number, equals, seconds = entry.partition("=")
    try:
        talk = float(seconds)
    except ValueError:
        talk = -1.0
    if not number or not equals or talk < 0:
        _refuse(f"--hang-up-after {entry!r}: write it as NUMBER=SECONDS, such as 12319=5")
    return number, Behaviour(talk_seconds=talk)


def _list(names: object) -> str:
    return ", ".join(names) if isinstance(names, list | dict) else str(names)


def _refuse(message: str) -> NoReturn:
    typer.echo(message, err=True)
    raise typer.Exit(2)


def _as_json(result: CallReport) -> dict[str, object]:
    fields = dataclasses.asdict(result)
    return {"from" if name == "caller" else name: value for name, value in fields.items()}


def _summary(result: CallReport) -> Iterator[str]:
    if result.trouble:
        yield f"        trouble: {result.trouble}"
    if result.music:
        yield "        heard music"
    if not result.answered:
        yield f"{result.duration_s:6.2f} s  not answered: {result.sip_code} {result.reason}"
        return
    who = {"caller": "we hung up", "callee": "the other side hung up"}
    cause = f", cause {result.cause}" if result.cause is not None else ""
    ended = who.get(result.hung_up_by, f"the connection was lost: {result.reason}")
    yield f"{result.duration_s:6.2f} s  {ended}{cause}"
