"""JSON Schemas of the plan's files, for editors that complete and check while one types."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from callcenter.numberplan.files import SHAPES, Shape, TrunkFile
from callcenter.numberplan.source import TRUNKS

JsonObject = Mapping[str, object]


def schemas() -> dict[str, JsonObject]:
    """The schema of each file, by its path in the plan's folder; the trunks share one."""
    shapes: dict[str, type[Shape]] = {**SHAPES, f"{TRUNKS}/*.yaml": TrunkFile}
    return {path: _schema(path, shape) for path, shape in shapes.items()}


def write_schemas(folder: Path) -> tuple[Path, ...]:
    """Write one file for each, such as numbers.schema.json; raises OSError where it cannot."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for path, schema in schemas().items():
        name = TRUNKS if path.startswith(TRUNKS) else Path(path).stem
        file = folder / f"{name}.schema.json"
        text = json.dumps(schema, ensure_ascii=False, indent=2, sort_keys=True)
        file.write_text(f"{text}\n", encoding="utf-8")
        written.append(file)
    return tuple(written)


def _schema(path: str, shape: type[Shape]) -> JsonObject:
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **shape.model_json_schema(),
        "title": path,
    }
