"""OpenAPI 3.1's description of the API, from the same table as the routes."""

from __future__ import annotations

import re
from collections.abc import Iterable

from pydantic import BaseModel, JsonValue
from pydantic.json_schema import models_json_schema

from callcenter.web.api.endpoint import Access, AnyEndpoint, Nothing
from callcenter.web.api.errors import Problem

_REF = "#/components/schemas/{model}"
_MEANING = {
    400: "The body is no JSON; the message says where.",
    401: "No valid token, or a wrong PIN.",
    403: "Not yours.",
    404: "There is no such thing.",
    409: "It does not fit what is going on, or somebody changed it meanwhile.",
    410: "It has been removed.",
    413: "The body is too large.",
    415: "The body is not declared as JSON.",
    422: "Something in the request is wrong; `field` names it.",
    429: "Too many wrong PINs; Retry-After says when to try again.",
    503: "The order store is away; calls go on.",
}
_ALWAYS = (422,)
_JSON = "application/json"


def describe(endpoints: Iterable[AnyEndpoint], prefix: str) -> dict[str, JsonValue]:
    """The whole description."""
    table = tuple(endpoints)
    paths: dict[str, dict[str, JsonValue]] = {}
    for endpoint in table:
        paths.setdefault(prefix + endpoint.path, {})[endpoint.method.lower()] = _operation(endpoint)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "12345 话务接口",
            "version": "1",
            "description": "Staff API of the call centre. Errors are always a Problem.",
        },
        "paths": {path: dict(operations) for path, operations in paths.items()},
        "components": {
            "schemas": _schemas(table),
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
        "security": [{"token": []}],
    }


def _schemas(endpoints: tuple[AnyEndpoint, ...]) -> JsonValue:
    taken = {e.body for e in endpoints if e.body is not Nothing}
    given = {e.answer for e in endpoints if e.media == _JSON} | {Problem}
    by_name = sorted(taken, key=lambda model: model.__name__)
    models = [(model, "validation") for model in by_name]
    by_name = sorted(given, key=lambda model: model.__name__)
    models += [(model, "serialization") for model in by_name]
    _, schemas = models_json_schema(models, ref_template=_REF)  # type: ignore[arg-type]
    definitions: dict[str, JsonValue] = schemas["$defs"]
    return definitions


def _operation(endpoint: AnyEndpoint) -> JsonValue:
    operation: dict[str, JsonValue] = {
        "operationId": _identifier(endpoint),
        "summary": endpoint.summary,
        "parameters": _parameters(endpoint),
        "responses": _responses(endpoint),
    }
    if endpoint.access is Access.EVERYBODY:
        operation["security"] = []
    if endpoint.body is not Nothing:
        operation["requestBody"] = {
            "required": True,
            "content": _content(endpoint.body, endpoint.example_body),
        }
    return operation


def _identifier(endpoint: AnyEndpoint) -> str:
    words = re.findall(r"[a-z]+", endpoint.path)
    return "_".join([endpoint.method.lower(), *words])


def _parameters(endpoint: AnyEndpoint) -> JsonValue:
    found: list[JsonValue] = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in re.findall(r"{(\w+)}", endpoint.path)
    ]
    found += [
        {
            "name": name,
            "in": "header",
            "required": True,
            "description": meaning,
            "schema": {"type": "string"},
        }
        for name, meaning in endpoint.headers
    ]
    schema = endpoint.query.model_json_schema(ref_template=_REF)
    definitions = schema.get("$defs", {})
    required = schema.get("required", [])
    for name, kind in schema.get("properties", {}).items():
        parameter: dict[str, JsonValue] = {
            "name": name,
            "in": "query",
            "required": name in required,
            "schema": _inlined(kind, definitions),
        }
        if name in endpoint.example_query:
            parameter["example"] = endpoint.example_query[name]
        found.append(parameter)
    return found


def _inlined(schema: JsonValue, definitions: dict[str, JsonValue]) -> JsonValue:
    """The schema with references to a query's own definitions replaced by these."""
    if isinstance(schema, dict):
        reference = schema.get("$ref")
        if isinstance(reference, str):
            return definitions[reference.rsplit("/", 1)[-1]]
        return {name: _inlined(value, definitions) for name, value in schema.items()}
    if isinstance(schema, list):
        return [_inlined(value, definitions) for value in schema]
    return schema


def _responses(endpoint: AnyEndpoint) -> JsonValue:
    responses: dict[str, JsonValue] = {
        str(endpoint.status): {
            "description": "Done.",
            "content": _answer_content(endpoint),
        }
    }
    if endpoint.media != _JSON:
        responses["206"] = {
            "description": "The range that was asked for.",
            "content": _answer_content(endpoint),
        }
    statuses = {*_ALWAYS, *endpoint.problems}
    if endpoint.access is not Access.EVERYBODY:
        statuses.add(401)
    if endpoint.body is not Nothing:
        statuses |= {400, 413, 415}
    for status in sorted(statuses):
        responses[str(status)] = {
            "description": _MEANING[status],
            "content": {"application/json": {"schema": {"$ref": _REF.format(model="Problem")}}},
        }
    return responses


def _answer_content(endpoint: AnyEndpoint) -> JsonValue:
    if endpoint.media == _JSON:
        return _content(endpoint.answer, endpoint.example_answer)
    return {endpoint.media: {"schema": {"type": "string", "format": "binary"}}}


def _content(model: type[BaseModel], example: JsonValue) -> JsonValue:
    return {
        "application/json": {
            "schema": {"$ref": _REF.format(model=model.__name__)},
            "example": example,
        }
    }
