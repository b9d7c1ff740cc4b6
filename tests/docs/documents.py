"""The documents, cut into what can be checked: shell examples, tables, code spans, links."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

from callcenter.settings import PROJECT

READMES = ("README.md", "README.zh-CN.md")
ALL = (*READMES, "CONTRIBUTING.md", *sorted(f"docs/{f.name}" for f in PROJECT.glob("docs/*.md")))


def text(document: str) -> str:
    return (PROJECT / document).read_text(encoding="utf-8")


def commands(document: str) -> list[list[str]]:
    """The command lines of its shell examples, as words, without comments."""
    blocks = re.findall(r"^ *```sh\n(.*?)^ *```$", text(document), re.MULTILINE | re.DOTALL)
    lines = [shlex.split(line, comments=True) for block in blocks for line in block.splitlines()]
    return [words for words in lines if words]


def code(document: str) -> list[str]:
    """Its code spans."""
    without_blocks = re.sub(r"```.*?```", "", text(document), flags=re.DOTALL)
    return re.findall(r"`([^`\n]+)`", without_blocks)


def links(document: str) -> list[str]:
    """Where it links to, other sites left out."""
    found = re.findall(r"\]\(([^)]+)\)", text(document))
    return [link.partition("#")[0] for link in found if "://" not in link]


def rows(document: str, heading: str) -> list[list[str]]:
    """The cells of the table whose first heading is `heading`, without the heading rows."""
    lines = iter(text(document).splitlines())
    for line in lines:
        if line.startswith(f"| {heading} |"):
            break
    else:
        raise AssertionError(f"{document} has no table of {heading}")
    table = []
    for line in lines:
        if not line.startswith("|"):
            break
        table.append([cell.strip() for cell in line.strip("|").split("|")])
    return table[1:]


def project_files() -> list[Path]:
    """What belongs to the project: neither data nor what set-up made."""
    made = {".venv", ".git", "var", "build", "node_modules", "built", "__pycache__"}
    return [
        path
        for folder in PROJECT.iterdir()
        if folder.name not in made and not folder.name.startswith(".")
        for path in (folder, *(folder.rglob("*") if folder.is_dir() else ()))
        if not made & set(path.parts)
    ]
