"""Who may look at the wallboard: whoever sits at this machine, and whoever has a token."""

from __future__ import annotations

from ipaddress import ip_address
from urllib.parse import urlsplit

from aiohttp import web

from callcenter.web.services import Services

COOKIE = "callcenter_wallboard"
"""Holds a token; only the wallboard reads it, so that no other site can act with it."""


def may_look(request: web.Request, services: Services) -> bool:
    """Whether the wallboard is shown to whoever asks."""
    if _is_loopback(request.remote) and _is_loopback(_host_name(request)):
        # The name too: a stranger's page that resolves to this machine brings its own name along,
        # and so does what comes through a proxy here.
        return True
    token = request.cookies.get(COOKIE)
    return token is not None and services.tokens.verify(token, services.machine_time()) is not None


def same_origin(request: web.Request) -> bool:
    """Whether a page of our own asks, or a program that is no browser."""
    origin = request.headers.get("Origin")
    return origin is None or urlsplit(origin).netloc == request.host


def _host_name(request: web.Request) -> str | None:
    return urlsplit(f"//{request.host}").hostname


def _is_loopback(name: str | None) -> bool:
    if name == "localhost":
        return True
    try:
        return name is not None and ip_address(name).is_loopback
    except ValueError:
        return False
