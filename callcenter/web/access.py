"""Who may look at the wallboard: whoever sits at this machine, and whoever has a token.

Who takes part in whose talk is shown to a team leader's or administrator's token alone.
"""

from __future__ import annotations

from ipaddress import ip_address
from urllib.parse import urlsplit

from aiohttp import web

from callcenter.staff.roles import Principal
from callcenter.web.services import Services

COOKIE = "callcenter_wallboard"
"""Holds a token; only the wallboard reads it, so that no other site can act with it."""


def may_look(request: web.Request, services: Services) -> bool:
    """Whether the wallboard is shown to whoever asks."""
    if _is_loopback(request.remote) and _is_loopback(_host_name(request)):
        # The name too: a stranger's page that resolves to this machine brings its own name along,
        # and so does what comes through a proxy here.
        return True
    return _holder(request, services) is not None


def leads(request: web.Request, services: Services) -> bool:
    """Whether a team leader or an administrator has signed in on this page."""
    holder = _holder(request, services)
    return holder is not None and holder.leads()


def _holder(request: web.Request, services: Services) -> Principal | None:
    token = request.cookies.get(COOKIE)
    return None if token is None else services.tokens.verify(token, services.machine_time())


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
