"""A YAML tree against a file's shape: every mistake as a sentence at its place.

What is wrong is left out and the rest goes on to the checks across files, so that one run tells all
errors at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import UnionType
from typing import Annotated, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from callcenter.numberplan.files import Shape
from callcenter.numberplan.problems import suggest
from callcenter.numberplan.yamltree import Mark, Path, Tree, Value

AnyShape = TypeVar("AnyShape", bound=Shape)

_WANTED = {
    "int_parsing": "a whole number, such as 30",
    "int_type": "a whole number, such as 30",
    "float_parsing": "a number, such as 2.5",
    "float_type": "a number, such as 2.5",
    "finite_number": "a finite number, such as 2.5",
    "bool_parsing": "true or false",
    "bool_type": "true or false",
    "date_from_datetime_parsing": "a day that exists, as YYYY-MM-DD",
    "date_parsing": "a day that exists, as YYYY-MM-DD",
    "date_type": "a day, as YYYY-MM-DD",
    "string_type": "a single value",
    "dict_type": "`key: value` lines, indented",
    "model_type": "`key: value` lines, indented",
    "model_attributes_type": "`key: value` lines, indented",
    "tuple_type": "a list, such as [a, b]",
    "too_short": "at least one item",
}
_LIMITS = {
    "greater_than": ("gt", "more than"),
    "greater_than_equal": ("ge", "at least"),
    "less_than": ("lt", "less than"),
    "less_than_equal": ("le", "at most"),
}


def validate(tree: Tree, shape: type[AnyShape]) -> AnyShape | None:
    """The file's content without what is wrong; None where too little is left.

    Mistakes are added to `tree.problems`.
    """
    data = tree.value
    first = True
    while True:
        try:
            return shape.model_validate(data)
        except ValidationError as error:
            mistakes = error.errors(include_url=False)
        if first:
            for mistake in mistakes:
                _tell(tree, shape, mistake)
            first = False
        drops = {_whole(mistake) for mistake in mistakes} - {()}
        if not drops or any(mistake["loc"] == () for mistake in mistakes):
            return None
        pruned = _without(data, (), drops)
        if pruned == data:
            return None
        data = pruned


def _path(mistake: ErrorDetails) -> Path:
    path = mistake["loc"]
    return path[:-1] if path and path[-1] == "[key]" else path


def _whole(mistake: ErrorDetails) -> Path:
    """What to leave out because of a mistake: the key; the whole entry where it needs that key."""
    path = _path(mistake)
    if mistake["type"] == "extra_forbidden":
        return path
    return path[:-1][:2] if mistake["type"] == "missing" else path[:3]


def _without(value: Value, path: Path, drops: set[Path]) -> Value:
    if isinstance(value, dict):
        return {
            key: _without(item, (*path, key), drops)
            for key, item in value.items()
            if (*path, key) not in drops
        }
    if isinstance(value, list) and any(drop[: len(path)] == path for drop in drops):
        return [
            _without(item, (*path, index), drops)
            for index, item in enumerate(value)
            if (*path, index) not in drops
        ]
    return value


def _tell(tree: Tree, shape: type[Shape], mistake: ErrorDetails) -> None:
    path = _path(mistake)
    name = ".".join(str(part) for part in path) or "the file"
    kind = mistake["type"]
    context: Mapping[str, object] = mistake.get("ctx") or {}
    if kind == "missing":
        empty = path in tree.keys
        mark = tree.key_mark(path)
        what = "has no value" if empty else "is missing"
        tree.problem(mark, f"{name} {what}; write `{path[-1]}: …`")
    elif kind == "extra_forbidden":
        known = _known_keys(shape, path[:-1])
        hint = suggest(str(path[-1]), known)
        tree.problem(tree.key_mark(path), f"{name} is not a key that is known here; {hint}")
    elif kind == "enum":
        words = [
            word.strip("' ") for word in str(context["expected"]).replace(" or ", ",").split(",")
        ]
        hint = suggest(str(mistake["input"]), words)
        tree.problem(_mark(tree, mistake), f"{name}: {_shown(mistake)} is not known; {hint}")
    elif kind == "value_error":
        tree.problem(
            _mark(tree, mistake), f"{name}: {_shown(mistake)} does not fit; {context['error']}"
        )
    elif kind in _LIMITS:
        key, words_for = _LIMITS[kind]
        tree.problem(
            _mark(tree, mistake),
            f"{name}: {_shown(mistake)} is out of range; write {words_for} {context[key]}",
        )
    else:
        wanted = _WANTED.get(kind, mistake["msg"])
        tree.problem(
            _mark(tree, mistake), f"{name}: {_shown(mistake)} does not fit; write {wanted}"
        )


def _mark(tree: Tree, mistake: ErrorDetails) -> Mark:
    path = _path(mistake)
    return tree.key_mark(path) if path != mistake["loc"] else tree.value_mark(path)


def _shown(mistake: ErrorDetails) -> str:
    given = mistake["input"]
    if isinstance(given, Mapping):
        return "`key: value` lines"
    if isinstance(given, list | tuple):
        return "a list"
    return repr(given) if given != "" else "an empty value"


def _known_keys(shape: type[BaseModel], path: Path) -> tuple[str, ...]:
    """The keys that the mapping at `path` may have."""
    current: object = shape
    for part in path:
        current = _inner(current, part)
    found = _model(current)
    return tuple(found.model_fields) if found else ()


def _inner(current: object, part: str | int) -> object:
    model = _model(current)
    if model is not None:
        field = model.model_fields.get(str(part))
        return field.annotation if field else None
    for each in _alternatives(current):
        if get_origin(each) is dict:
            return get_args(each)[1]
        if get_origin(each) is tuple:
            return get_args(each)[0]
    return None


def _model(current: object) -> type[BaseModel] | None:
    for each in _alternatives(current):
        if isinstance(each, type) and get_origin(each) is None and issubclass(each, BaseModel):
            return each
    return None


def _alternatives(current: object) -> tuple[object, ...]:
    """The types in an Optional or Annotated, or the one type itself."""
    if get_origin(current) is Annotated:
        return _alternatives(get_args(current)[0])
    if get_origin(current) in (Union, UnionType):
        return tuple(kind for each in get_args(current) for kind in _alternatives(each))
    return (current,)
