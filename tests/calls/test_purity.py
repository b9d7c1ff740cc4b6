"""What decides does no I/O: the core's modules import nothing that could."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import callcenter

PACKAGE = Path(callcenter.__file__).parent
PURE = sorted(
    [
        *PACKAGE.glob("calls/**/*.py"),
        *PACKAGE.glob("analytics/[!c]*.py"),
        PACKAGE / "numberplan/decide.py",
        PACKAGE / "prompts.py",
    ]
)
ALLOWED = {
    "__future__",
    "bisect",
    "collections",
    "dataclasses",
    "datetime",
    "enum",
    "functools",
    "heapq",
    "itertools",
    "math",
    "statistics",
    "typing",
    "zoneinfo",
    "pydantic",
    "callcenter.analytics",
    "callcenter.calls",
    "callcenter.clock.SHANGHAI",
    "callcenter.numberplan",
    "callcenter.orders.numbers",
    "callcenter.orders.outbound",
    "callcenter.orders.record",
    "callcenter.prompts",
    "callcenter.values",
}


def imported(tree: ast.Module) -> set[str]:
    """Full names of everything that is imported."""
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


@pytest.mark.parametrize("file", PURE, ids=lambda file: file.stem)
def test_a_pure_module_imports_only_pure_ones(file: Path) -> None:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    foreign = {
        name
        for name in imported(tree)
        if not any(name == each or name.startswith(f"{each}.") for each in ALLOWED)
    }
    assert foreign == set()


@pytest.mark.parametrize("file", PURE, ids=lambda file: file.stem)
def test_a_pure_module_neither_awaits_nor_asks_for_the_time(file: Path) -> None:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        assert not isinstance(node, ast.AsyncFunctionDef | ast.Await | ast.AsyncFor), file
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            assert node.func.attr not in {"now", "today", "utcnow", "time"}, (
                f"{file}:{node.lineno} asks for the time"
            )
