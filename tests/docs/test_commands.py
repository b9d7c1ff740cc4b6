"""What a reader is told to type exists, and does what is said as far as it is harmless."""

from __future__ import annotations

import asyncio
import json
import re
from pathlib import Path

import pytest
import typer
from typer.core import TyperCommand, TyperGroup
from typer.testing import CliRunner

from callcenter.cli import app
from callcenter.settings import PROJECT
from callcenter.store.orders import OrderStore
from tests.docs import documents
from tests.fakes.orders import ENDED

PROGRAM = ".venv/bin/callcenter"
BEHIND_SCRIPTS = {"script/server": "serve", "script/call": "call", "script/outside": "outside"}
"""Scripts that hand all their arguments to a command of the program."""
NEW_PIN = "246813\n246813\n"
"""For a command that asks for it, twice."""
HARMLESS = re.compile(r"check|route|schema|orders|report|recordings|pin|seat|token (create|list)")
EXAMPLES = sorted({tuple(words) for each in documents.ALL for words in documents.commands(each)})
OURS = [words for words in EXAMPLES if words[0] == PROGRAM or words[0] in BEHIND_SCRIPTS]
TO_RUN = [words for words in OURS if HARMLESS.match(" ".join(words[1:])) and words[0] == PROGRAM]


def find(words: list[str]) -> tuple[TyperCommand | TyperGroup, list[str]]:
    """The command that the words name, and its arguments."""
    command = typer.main.get_command(app)
    while words and isinstance(command, TyperGroup) and words[0] in command.commands:
        command, words = command.commands[words[0]], words[1:]
    assert isinstance(command, TyperCommand | TyperGroup)
    return command, words


def arguments(words: tuple[str, ...] | list[str]) -> list[str]:
    """What the program gets."""
    script = BEHIND_SCRIPTS.get(words[0])
    return [*([script] if script else []), *words[1:]]


def test_both_readmes_have_the_same_commands_in_the_same_order() -> None:
    english, chinese = (documents.commands(readme) for readme in documents.READMES)
    assert english == chinese
    assert len(english) > 10


@pytest.mark.parametrize("words", OURS, ids=" ".join)
def test_an_example_is_understood(words: tuple[str, ...]) -> None:
    command, rest = find(arguments(words))
    with CliRunner().isolation(input=NEW_PIN), command.make_context("example", rest) as context:
        assert not context.args


@pytest.mark.parametrize("words", TO_RUN, ids=" ".join)
def test_a_harmless_example_succeeds(
    words: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CALLCENTER_DATA", str(tmp_path / "var"))
    monkeypatch.chdir(tmp_path)
    if {"orders", "report", "recordings"} & {*words}:
        data = "var/rehearsal" if "--rehearsal" in words else "var"
        (tmp_path / data).mkdir(parents=True)
        asyncio.run(prepare_orders(tmp_path / data))
    done = CliRunner().invoke(app, arguments(words), input=NEW_PIN)
    assert done.exit_code == 0, done.output
    if "--json" in words:
        found = json.loads(done.stdout)
        assert "rows" in found if "report" in words else len(found) == 67


async def prepare_orders(data: Path) -> None:
    store = OrderStore.in_folder(data)
    await store.prepare()
    await store.file([ENDED], 1)
    await store.close()


def test_other_examples_use_scripts_and_options_that_exist() -> None:
    rest = [words for words in EXAMPLES if words[0].startswith("script/") and words not in OURS]
    scripts = {words[0] for words in rest}
    assert scripts == {"script/test", "script/bootstrap", "script/install-service"}
    test_script = documents.text("script/test")
    for words in rest:
        if words[0] == "script/test" and len(words) > 1 and words[1] != "-k":
            assert f"{words[1]})" in test_script


def test_the_units_named_are_there() -> None:
    units = {file.stem for file in (PROJECT / "script" / "systemd").glob("*.service")}
    operations = documents.text("docs/operations.md")
    assert set(re.findall(r"systemctl restart (\S+)", operations)) == units
    told = {row[0].strip("`") for row in documents.rows("docs/operations.md", "unit")}
    assert told == units


def test_every_script_is_a_program() -> None:
    scripts = {span.split()[0] for each in documents.ALL for span in documents.code(each)}
    for script in sorted(each for each in scripts if each.startswith("script/")):
        assert (PROJECT / script).stat().st_mode & 0o111, f"{script} cannot be run"


def test_commands_named_in_passing_exist() -> None:
    spans = {tuple(span.split()) for each in documents.ALL for span in documents.code(each)}
    named = [words for words in spans if words[0] == "callcenter"]
    assert named
    for words in named:
        command, rest = find(list(words[1:]))
        known = {option for each in command.params for option in each.opts}
        assert set(rest) <= known, words
