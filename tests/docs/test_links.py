"""Every file and page that a document names is there, and every document can be found."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

import callcenter
from callcenter.settings import PROJECT
from callcenter.web.api import PREFIX
from tests.docs import documents

FILE = re.compile(r"[\w.-]*(/[\w.*-]*)+|[\w-]+\.(py|md|yaml|toml|lock|svg|png)|LICENSE|NOTICE")
ELSEWHERE = ("/", "var/", "build/", "DATA/")
"""Pages of the web, and what is made."""
NAMES = {path.name for path in documents.project_files()}
MAP = callcenter.__doc__ or ""


def is_there(name: str) -> bool:
    """Whether the project has it: by its path, its path in the package, or its name alone."""
    if "/" not in name:
        return name in NAMES
    return any((folder / name).exists() for folder in (PROJECT, PROJECT / "callcenter"))


@pytest.mark.parametrize("document", documents.ALL)
def test_links_lead_somewhere(document: str) -> None:
    folder = (PROJECT / document).parent
    for link in documents.links(document):
        assert (folder / link).exists(), f"{document} links to {link}"


@pytest.mark.parametrize("document", documents.ALL)
def test_files_named_are_there(document: str) -> None:
    for span in documents.code(document):
        name = span.split()[0]
        if FILE.fullmatch(name) and not name.startswith(ELSEWHERE):
            assert is_there(name), f"{document} names {name}"


def test_the_map_of_the_program_is_right() -> None:
    spans = re.findall(r"`([^`\n]+)`", MAP)
    files = [span for span in spans if FILE.fullmatch(span)]
    assert len(files) > 15
    for name in files:
        assert is_there(name), f"callcenter/__init__.py names {name}"
    source = "".join(path.read_text() for path in (PROJECT / "callcenter/calls").glob("*.py"))
    for name in set(spans) - set(files) - {"callcenter orders"}:
        assert re.search(rf"(def|class) {name}\b", source), f"callcenter/__init__.py names {name}"


def test_the_readme_leads_to_every_document() -> None:
    for readme in documents.READMES:
        reached = {readme, *documents.links(readme)}
        for document in sorted(reached & set(documents.ALL)):
            folder = Path(document).parent
            reached |= {(folder / link).as_posix() for link in documents.links(document)}
        assert set(documents.ALL) - {"README.zh-CN.md", "README.md"} <= reached


def test_the_api_is_described_where_the_readme_says() -> None:
    for readme in documents.READMES:
        assert f"`{PREFIX}/openapi.json`" in documents.text(readme)


def test_pictures_are_small_and_readable_everywhere() -> None:
    for picture in (PROJECT / "docs").glob("*.png"):
        assert picture.stat().st_size < 150_000
    drawing = ET.parse(PROJECT / "docs/call.svg").getroot()
    space = "{http://www.w3.org/2000/svg}"
    assert drawing.find(f"{space}title") is not None
    sheet = drawing.find(f"{space}rect")
    assert sheet is not None and sheet.get("class") == "sheet", "a sheet of its own lies under it"
    assert not drawing.findall(f".//{space}image")


def test_documents_speak_of_no_machine_of_ours() -> None:
    for document in (*documents.ALL, "NOTICE"):
        found = re.findall(r"(?<![\w.])/(?:work|tmp|home|root)/\S*", documents.text(document))
        assert not found, f"{document} names {found}"
