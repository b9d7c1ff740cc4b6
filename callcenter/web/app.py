"""The web application: API, wallboard, health and metrics behind one port.

`make_app` puts it together, `serving` runs it. Every answer carries a strict content security
policy; whatever goes wrong in the API is answered as a `Problem`.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import cache
from time import perf_counter

import structlog
from aiohttp import web

from callcenter.settings import Settings
from callcenter.web.access import COOKIE, leads, may_look, same_origin
from callcenter.web.api import ENDPOINTS, PREFIX
from callcenter.web.api.endpoint import AnyEndpoint
from callcenter.web.api.errors import Problem, ProblemError, refuse
from callcenter.web.api.openapi import describe
from callcenter.web.health import answer
from callcenter.web.metrics import CONTENT_TYPE
from callcenter.web.services import Services
from callcenter.web.wallboard_page import FOLDER, SCRIPT, WallboardPage

log = structlog.get_logger(__name__)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

MAX_BODY = 64 * 1024
"""Bytes of a request's body: an entry's longest content takes 15,000."""
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
        "font-src 'self'; "
        "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}


def make_app(services: Services, *, open_wallboard: bool = False) -> web.Application:
    """The application. `open_wallboard`: readable from anywhere, not on this machine alone."""
    if not SCRIPT.is_file():
        log.warning("web_scripts_not_built", do="run script/bootstrap")
    app = web.Application(middlewares=[_log, _secure, _problems], client_max_size=MAX_BODY)
    _add_api(app, services)
    _add_wallboard(app, services, open_wallboard)
    _add_watching(app, services)
    app.router.add_static("/static", FOLDER / "static")
    return app


@asynccontextmanager
async def serving(app: web.Application, host: str, port: int) -> AsyncIterator[str]:
    """Serve until left; gives the address. Port 0 takes a free one. Raises OSError."""
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=2.0)
    await runner.setup()
    try:
        site = web.TCPSite(runner, host, port)
        await site.start()
        bound = runner.addresses[0]
        yield f"http://{bound[0]}:{bound[1]}"
    finally:
        await runner.cleanup()


async def serve_web(settings: Settings, services: Services) -> None:
    """Serve at the address of the settings until cancelled. Raises OSError if it is taken."""
    app = make_app(services)
    async with serving(app, str(settings.web_host), settings.web_port) as url:
        log.info("web_serving", url=url)
        await asyncio.Event().wait()


def _add_api(app: web.Application, services: Services) -> None:
    for endpoint in ENDPOINTS:
        _add_endpoint(app, endpoint, services)

    async def openapi(_: web.Request) -> web.Response:
        return web.Response(text=_description(), content_type="application/json")

    app.router.add_get(f"{PREFIX}/openapi.json", openapi)


@cache
def _description() -> str:
    return json.dumps(describe(ENDPOINTS, PREFIX), ensure_ascii=False)


def _add_endpoint(app: web.Application, endpoint: AnyEndpoint, services: Services) -> None:
    async def serve(request: web.Request) -> web.StreamResponse:
        return await endpoint.serve(request, services)

    app.router.add_route(endpoint.method, PREFIX + endpoint.path, serve)


def _add_wallboard(app: web.Application, services: Services, open_to_all: bool) -> None:
    wallboard = WallboardPage(services)

    async def root(_: web.Request) -> web.Response:
        raise web.HTTPFound("/wallboard")

    async def page(request: web.Request) -> web.Response:
        if not (open_to_all or may_look(request, services)):
            return wallboard.sign_in_page()
        return wallboard.page(for_leaders=leads(request, services))

    async def door(_: web.Request) -> web.Response:
        return wallboard.sign_in_page(status=200)

    async def sign_in(request: web.Request) -> web.Response:
        token = str((await request.post()).get("token", "")).strip()
        if not same_origin(request):
            raise web.HTTPForbidden(text="请在本站的页面上填写令牌。")
        who = await asyncio.to_thread(services.tokens.verify, token, services.machine_time())
        if who is None:
            return wallboard.sign_in_page(wrong=True)
        response = web.HTTPSeeOther("/wallboard")
        response.set_cookie(
            COOKIE,
            token,
            httponly=True,
            samesite="Strict",
            secure=request.secure,
            max_age=max(1, int(who.expires - services.machine_time())),
        )
        raise response

    async def socket(request: web.Request) -> web.StreamResponse:
        if not same_origin(request):
            raise web.HTTPForbidden(text="This page may not read the wallboard.")
        if not (open_to_all or may_look(request, services)):
            raise web.HTTPUnauthorized(text="Open /wallboard and sign in first.")
        return await wallboard.socket(request, for_leaders=leads(request, services))

    app.router.add_get("/", root)
    app.router.add_get("/wallboard", page)
    app.router.add_get("/wallboard/sign-in", door)
    app.router.add_post("/wallboard", sign_in)
    app.router.add_get("/ws/wallboard", socket)
    app.cleanup_ctx.append(wallboard.running)
    app.on_shutdown.append(wallboard.close_sockets)


def _add_watching(app: web.Application, services: Services) -> None:
    async def healthz(_: web.Request) -> web.Response:
        status, body = answer(services.health())
        return web.Response(
            text=body.model_dump_json(),
            status=status,
            content_type="application/json",
            headers={"Cache-Control": "no-store"},
        )

    async def metrics(_: web.Request) -> web.Response:
        for part in services.health().parts:
            services.metrics.part(part.name, part.ok)
        services.metrics.tasks(len(asyncio.all_tasks()))
        body = services.metrics.exposition()
        return web.Response(body=body, headers={"Content-Type": CONTENT_TYPE})

    app.router.add_get("/healthz", healthz)
    app.router.add_get("/metrics", metrics)


@web.middleware
async def _log(request: web.Request, handler: Handler) -> web.StreamResponse:
    """One line a request. Its query is left out: callers' numbers are nothing for a log."""
    began = perf_counter()
    status = 500
    try:
        response = await handler(request)
        status = response.status
        return response
    except web.HTTPException as error:
        status = error.status
        raise
    finally:
        milliseconds = round((perf_counter() - began) * 1000, 1)
        log.debug(
            "web_request", method=request.method, path=request.path, status=status, ms=milliseconds
        )


@web.middleware
async def _secure(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        response = await handler(request)
    except web.HTTPException as error:
        error.headers.update(_HEADERS)
        raise
    if not response.prepared:
        response.headers.update(_HEADERS)
        response.headers.setdefault("Cache-Control", "no-cache")
    return response


@web.middleware
async def _problems(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Whatever goes wrong in the API, in its one form."""
    if not request.path.startswith(PREFIX):
        return await handler(request)
    try:
        return await handler(request)
    except ProblemError as error:
        return _as_response(error)
    except web.HTTPException as error:
        return _as_response(_from_http(request, error))
    except Exception:
        log.exception("web_request_failed", method=request.method, path=request.path)
        message = "系统内部错误，请求可能没有执行；已记入日志，请稍后再试。"
        return _as_response(refuse(500, "internal_error", message))


def _from_http(request: web.Request, error: web.HTTPException) -> ProblemError:
    match error:
        case web.HTTPRequestEntityTooLarge():
            message = f"请求内容过大，最多 {MAX_BODY // 1024} KB，请精简后再发。"
            return refuse(413, "too_large", message)
        case web.HTTPMethodNotAllowed():
            allowed = ", ".join(sorted(error.allowed_methods))
            message = f"{request.path} 不支持 {request.method}，请改用 {allowed}。"
            problem = Problem(code="method_not_allowed", message=message)
            return ProblemError(405, problem, {"Allow": allowed})
        case _:
            message = f"没有 {request.path}，请对照 {PREFIX}/openapi.json 核对地址。"
            return refuse(error.status, "unknown_address", message)


def _as_response(error: ProblemError) -> web.Response:
    return web.Response(
        text=error.problem.model_dump_json(exclude_none=True),
        status=error.status,
        content_type="application/json",
        headers={**error.headers, "Cache-Control": "no-store"},
    )
