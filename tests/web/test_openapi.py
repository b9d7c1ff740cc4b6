"""The description and the routes are one table; every example would be taken or given."""

from __future__ import annotations

import pytest
from pydantic import BaseModel, TypeAdapter

from callcenter.web.api import ENDPOINTS, PREFIX
from callcenter.web.api.endpoint import AnyEndpoint, Nothing
from callcenter.web.app import make_app
from tests.fakes.centre import World
from tests.web.conftest import Client

each_endpoint = pytest.mark.parametrize(
    "endpoint", ENDPOINTS, ids=lambda endpoint: f"{endpoint.method} {endpoint.path}"
)


async def test_every_route_of_the_api_is_described(client: Client, world: World) -> None:
    description = await (await client.get(f"{PREFIX}/openapi.json")).json()
    assert description["openapi"] == "3.1.0"
    described = {
        (method.upper(), path)
        for path, operations in description["paths"].items()
        for method in operations
    }
    routes = {
        (route.method, route.resource.canonical)
        for route in make_app(world.services()).router.routes()
        if route.resource is not None and route.resource.canonical.startswith(PREFIX)
    }
    own = {("GET", f"{PREFIX}/openapi.json"), ("HEAD", f"{PREFIX}/openapi.json")}
    served = {(method, path) for method, path in routes - own if method != "HEAD"}
    assert described == served


async def test_every_reference_leads_somewhere(client: Client) -> None:
    text = await (await client.get(f"{PREFIX}/openapi.json")).text()
    description = TypeAdapter(dict[str, object]).validate_json(text)
    components = TypeAdapter(dict[str, dict[str, object]]).validate_python(
        description["components"]
    )
    for piece in text.split('"$ref": "#/components/schemas/')[1:]:
        assert piece.split('"')[0] in components["schemas"]
    assert "#/$defs" not in text


async def test_names_of_operations_differ(client: Client) -> None:
    description = await (await client.get(f"{PREFIX}/openapi.json")).json()
    names = [
        operation["operationId"]
        for operations in description["paths"].values()
        for operation in operations.values()
    ]
    assert len(names) == len(set(names)) == len(ENDPOINTS)


@each_endpoint
def test_examples_are_valid(endpoint: AnyEndpoint) -> None:
    check(endpoint.answer, endpoint.example_answer)
    if endpoint.body is not Nothing:
        check(endpoint.body, endpoint.example_body)
    endpoint.query.model_validate(endpoint.example_query)


def check(model: type[BaseModel], example: object) -> None:
    assert isinstance(example, dict)
    assert set(example) <= set(model.model_fields)
    model.model_validate(example)
