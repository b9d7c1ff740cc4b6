"""One YAML text → plain values whose scalars stay the text that was written, with their places.

`001` stays 001 and 2017-05 stays 2017-05: what a scalar means is decided by files.py, not by YAML.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import yaml

from callcenter.numberplan.problems import Problem

Path = tuple[str | int, ...]
Value = str | list["Value"] | dict[str, "Value"]

_NULLS = ("", "~", "null", "Null", "NULL")
_NULL_TAG = "tag:yaml.org,2002:null"
_DEEPEST = 20
_WIDE_COLON = re.compile(r"\s*(?:- )?[\w'\"]+ *：")
"""A key followed by the colon that Chinese keyboards write."""


@dataclass(frozen=True)
class Mark:
    """A place in a file, counted from 1."""

    line: int
    column: int


@dataclass
class Tree:
    """A file's content. Keys without a value are left out of `value`: they mean the default."""

    file: str
    value: Value = field(default_factory=dict)
    keys: dict[Path, Mark] = field(default_factory=dict)
    values: dict[Path, Mark] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def key_mark(self, path: Path) -> Mark:
        """Where the key (or list item) at `path` is, or the nearest thing around it."""
        while path:
            mark = self.keys.get(path) or self.values.get(path)
            if mark is not None:
                return mark
            path = path[:-1]
        return Mark(1, 1)

    def value_mark(self, path: Path) -> Mark:
        """Where the value at `path` is, or the nearest thing around it."""
        return self.values.get(path) or self.key_mark(path)

    def problem(self, mark: Mark, text: str) -> None:
        """Note an error."""
        self.problems.append(Problem(self.file, mark.line, mark.column, text))


def _advice(text: str, mark: Mark) -> tuple[Mark, str]:
    """Where the mistake is, and what to write: YAML notices a wrong sign a line too late."""
    lines = text.splitlines()
    for number in (mark.line, mark.line - 1):
        line = lines[number - 1].split(" #")[0] if 0 < number <= len(lines) else ""
        indent = line[: len(line) - len(line.lstrip())]
        if "\t" in indent:
            return Mark(number, indent.index("\t") + 1), "write spaces instead of the tab"
        wide = _WIDE_COLON.match(line)
        if wide is not None:
            return Mark(number, wide.end()), "write `: ` instead of the wide `：`"
    return mark, "correct the syntax here or just before"


def parse(file: str, text: str) -> Tree:
    """Never raises: what is wrong with the text is in `Tree.problems`."""
    tree = Tree(file)
    try:
        node = yaml.compose(text, Loader=yaml.CSafeLoader)
    except yaml.MarkedYAMLError as error:
        at = error.problem_mark or error.context_mark
        mark = Mark(at.line + 1, at.column + 1) if at else Mark(1, 1)
        what = "; ".join(part for part in (error.context, error.problem) if part)
        mark, advice = _advice(text, mark)
        tree.problem(mark, f"is not YAML ({what}); {advice}")
        return tree
    except (yaml.YAMLError, ValueError) as error:
        what = str(error).splitlines()[0] if str(error) else type(error).__name__
        tree.problem(Mark(1, 1), f"is not YAML ({what}); remove characters that are not text")
        return tree
    if node is None:
        return tree
    if not isinstance(node, yaml.MappingNode):
        tree.problem(_mark(node), "is no mapping; write `key: value` lines")
        return tree
    value = _Builder(tree).build(node, ())
    tree.value = value if value is not None else {}
    return tree


class _Builder:
    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self._seen: set[int] = set()

    def build(self, node: yaml.Node, path: Path) -> Value | None:
        mark = _mark(node)
        self._tree.values[path] = mark
        if id(node) in self._seen:
            self._tree.problem(mark, "is used again by an alias (*); write the value out instead")
            return None
        self._seen.add(id(node))
        if len(path) > _DEEPEST:
            self._tree.problem(mark, "is nested too deeply; no plan file needs so many levels")
            return None
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, path)
        if isinstance(node, yaml.SequenceNode):
            # An empty item stays, as empty text: it must not shift the places of those after it.
            return [self.build(item, (*path, at)) or "" for at, item in enumerate(node.value)]
        text = str(node.value)
        return None if node.tag == _NULL_TAG and text in _NULLS else text

    def _mapping(self, node: yaml.MappingNode, path: Path) -> Value:
        result: dict[str, Value] = {}
        for key_node, value_node in node.value:
            mark = _mark(key_node)
            if not isinstance(key_node, yaml.ScalarNode):
                self._tree.problem(mark, "a key must be a single word or number; write it so")
                continue
            key = str(key_node.value)
            here = (*path, key)
            first = self._tree.keys.get(here)
            if first is not None:
                self._tree.problem(
                    mark,
                    f"{key!r} is here for the second time (first on line {first.line}, column "
                    f"{first.column}); remove or rename one of the two",
                )
                continue
            self._tree.keys[here] = mark
            value = self.build(value_node, here)
            if value is not None:
                result[key] = value
        return result


def _mark(node: yaml.Node) -> Mark:
    return Mark(node.start_mark.line + 1, node.start_mark.column + 1)
