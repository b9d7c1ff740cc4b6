"""Every package is pinned, known by its hashes, and may be passed on."""

from __future__ import annotations

import json
import re
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import pytest

from callcenter.settings import PROJECT

LOCK = (PROJECT / "requirements.lock").read_text(encoding="utf-8")
ENTRIES = re.split(r"\n(?=\S)", LOCK.strip())
NAMES = [entry.partition("==")[0] for entry in ENTRIES]
NPM_LOCK = PROJECT / "callcenter" / "web" / "ui" / "package-lock.json"
FREE = re.compile(
    r"\b(Apache|MIT|BSD|0BSD|ISC|PSF|Python Software Foundation|Mozilla Public|MPL-2\.0|OFL-1\.1"
    r"|Zlib)\b|Permission is hereby granted, free of charge"
)
ONLY_ELSEWHERE = {"colorama"}
"""For systems that this program does not run on."""
HEADING = 400
"""Signs at the beginning of a licence that say which one it is."""


@pytest.mark.parametrize("entry", ENTRIES, ids=NAMES)
def test_it_is_pinned_by_version_and_hash(entry: str) -> None:
    first, *hashes = entry.split(" \\\n")
    assert re.fullmatch(r"[a-z0-9-]+==[\w.]+( ; .+)?", first), "a version, and no address"
    assert hashes
    for each in hashes:
        assert re.fullmatch(r"    --hash=sha256:[0-9a-f]{64}", each)


@pytest.mark.parametrize("name", sorted(set(NAMES) - ONLY_ELSEWHERE))
def test_its_licence_lets_us_pass_it_on(name: str) -> None:
    try:
        package = distribution(name)
    except PackageNotFoundError:
        entry = ENTRIES[NAMES.index(name)]
        assert "platform_" in entry, "it is not installed"
        return
    fields = ("License-Expression", "License", "Classifier")
    told = [str(line) for field in fields for line in package.metadata.get_all(field, [])]
    files = [file for file in package.files or () if "LICEN" in file.name.upper()]
    told += [Path(str(file.locate())).read_text(encoding="utf-8")[:HEADING] for file in files]
    assert any(FREE.search(text[:HEADING]) for text in told), told


def test_the_pages_packages_are_pinned_by_hash_and_free() -> None:
    packages = json.loads(NPM_LOCK.read_text(encoding="utf-8"))["packages"]
    found = {name: each for name, each in packages.items() if name}
    assert found
    for name, each in found.items():
        assert re.fullmatch(r"[\d.]+", each["version"]), name
        assert each["integrity"].startswith("sha512-"), name
        assert FREE.search(each["license"]), name
