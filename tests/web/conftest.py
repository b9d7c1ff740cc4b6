"""The web application over a fake centre, and callers with tokens."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from aiohttp import ClientResponse
from aiohttp.test_utils import TestClient, TestServer
from aiohttp.web import Application, Request
from pydantic import JsonValue

from callcenter.staff.roles import Role
from callcenter.staff.tokens import Origin
from callcenter.web.app import make_app
from tests.fakes.centre import World
from tests.fakes.centre import world as make_world
from tests.fakes.store import empty_orders, write_orders

__all__ = ["empty_orders"]

Client = TestClient[Request, Application]


@dataclass
class Api:
    """Asks the API with a token, and returns status and JSON."""

    client: Client
    headers: dict[str, str]

    async def ask(
        self, method: str, path: str, body: JsonValue = None, **headers: str
    ) -> tuple[int, dict[str, JsonValue]]:
        response = await self.raw(method, path, body, **headers)
        return response.status, await response.json()

    async def raw(
        self, method: str, path: str, body: JsonValue = None, **headers: str
    ) -> ClientResponse:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.client.request(
            method, f"/api/v1{path}", json=body, headers={**self.headers, **named}
        )


@pytest.fixture
async def world(empty_orders: bytes, tmp_path: Path) -> AsyncIterator[World]:
    write_orders(tmp_path, empty_orders)
    made = make_world(tmp_path)
    yield made
    await made.orders.close()


@pytest.fixture
async def client(world: World) -> AsyncIterator[Client]:
    async with TestClient(TestServer(make_app(world.services()))) as opened:
        yield opened


def _api(client: Client, world: World, role: Role, operator: str | None) -> Api:
    text, _ = world.tokens.create(role, operator, Origin.COMMAND, now=0.0, seconds=2000.0)
    return Api(client, {"Authorization": f"Bearer {text}"})


@pytest.fixture
def nobody(client: Client) -> Api:
    return Api(client, {})


@pytest.fixture
def operator(client: Client, world: World) -> Api:
    """Operator 001."""
    return _api(client, world, Role.OPERATOR, "001")


@pytest.fixture
def administrator(client: Client, world: World) -> Api:
    return _api(client, world, Role.ADMINISTRATOR, None)


@pytest.fixture
def leader(client: Client, world: World) -> Api:
    return _api(client, world, Role.TEAM_LEADER, None)
