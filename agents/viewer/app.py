"""The server of the page: its files, what can be chosen, and runs as server-sent events."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from typing import Any, final

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response, StreamingResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from agents.viewer.asking import AskError, batch_of, example_of, run_of
from agents.viewer.catalogue import TASKS, Shelf
from agents.viewer.events import Event, batch_events, run_events
from agents.viewer.page import STATIC, index
from agents.viewer.rounds import MOST, SECONDS, BusyError, Rounds

MOST_BYTES = 256_000
"""The largest request."""
PREPARED = 2
"""Problems that are read or made at the same time: the rest wait, in the order in which they came."""
LOOPBACK = ("localhost", "127.0.0.1", "[::1]")
"""The names by which this machine calls itself. Another name in a request is a page of elsewhere that was led here."""
HEADERS = {
    "Content-Security-Policy": "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}

Prepare = Callable[[Mapping[str, Any]], Iterator[Event]]


def create_app(
    checkpoints: Sequence[str] = (), hosts: Sequence[str] = LOOPBACK, most: int = MOST, seconds: float = SECONDS
) -> Starlette:
    """The application. checkpoints: folders beside the shipped networks. hosts: names that requests may call it by.

    most, seconds: see ``Rounds``. Raises CheckpointError for a folder that holds none.
    """
    shelf, rounds = Shelf(checkpoints), Rounds(most, seconds)
    served = _Served(shelf, rounds)

    @contextlib.asynccontextmanager
    async def life(_: Starlette) -> AsyncIterator[None]:
        yield
        rounds.close()

    routes = [
        Route("/", _page),
        Route("/favicon.ico", _nothing),
        Route("/api/choices", served.choices),
        Route("/api/problem", served.example),
        Route("/api/solve", served.solve, methods=["POST"]),
        Route("/api/batch", served.batch, methods=["POST"]),
        Mount("/static", StaticFiles(directory=STATIC)),
    ]
    middleware = [Middleware(_Guarded), Middleware(TrustedHostMiddleware, allowed_hosts=list(hosts))]
    faults = {AskError: _refused, BusyError: _refused, HTTPException: _refused}
    app = Starlette(routes=routes, middleware=middleware, exception_handlers=faults, lifespan=life)  # type: ignore[arg-type]
    app.state.shelf = shelf
    return app


@final
class _Served:
    """What is answered, by what may be chosen and the thread that runs it."""

    def __init__(self, shelf: Shelf, rounds: Rounds) -> None:
        self._shelf, self._rounds, self._gate = shelf, rounds, asyncio.Semaphore(PREPARED)

    async def choices(self, _: Request) -> Response:
        """All that can be chosen."""
        return JSONResponse(await run_in_threadpool(self._shelf.as_json))

    async def example(self, request: Request) -> Response:
        """A test problem as text."""
        asked: dict[str, Any] = dict(request.query_params)
        seed = asked.get("seed", "0")
        asked["seed"] = int(seed) if seed.isdecimal() and len(seed) < 20 else seed
        async with self._gate:
            task, problems = await run_in_threadpool(example_of, asked)
            return JSONResponse({"problem": await run_in_threadpool(task.problem_text, problems)})

    async def solve(self, request: Request) -> Response:
        """A run, step by step."""
        return await self._streamed(request, lambda body: run_events(run_of(self._shelf, body)))

    async def batch(self, request: Request) -> Response:
        """A batch, some problems at a time."""
        return await self._streamed(request, lambda body: batch_events(batch_of(self._shelf, body)))

    async def _streamed(self, request: Request, prepare: Prepare) -> Response:
        body = await _body(request)
        async with self._gate:
            events = await run_in_threadpool(prepare, body)
        return StreamingResponse(_sent(self._rounds, events), media_type="text/event-stream")


def warm_up(app: Starlette) -> None:
    """Run the first problem of the page for a step: it compiles what the first answer would have to wait for."""
    task, problem = next(iter(TASKS.items()))
    for _ in run_events(run_of(app.state.shelf, {"task": task, "problem": problem, "max_steps": 1})):
        pass


async def _page(_: Request) -> Response:
    return HTMLResponse(index())


async def _nothing(_: Request) -> Response:
    """Browsers ask for an icon, and there is none."""
    return Response(status_code=204)


async def _refused(_: Request, error: Exception) -> Response:
    """What is wrong with a request, and with which field of it."""
    if isinstance(error, AskError):
        return JSONResponse({"field": error.field, "message": str(error)}, 422)
    if isinstance(error, HTTPException):
        return JSONResponse({"field": "", "message": error.detail}, error.status_code)
    return JSONResponse({"field": "", "message": str(error)}, 503, {"Retry-After": "60"})


async def _body(request: Request) -> Mapping[str, Any]:
    """The object that a request holds. Raises HTTPException for another, or for one that is too large."""
    # A page of elsewhere can send forms here, but no JSON without asking first.
    if request.headers.get("content-type", "").partition(";")[0].strip() != "application/json":
        raise HTTPException(415, "send JSON, with Content-Type: application/json")
    parts, size = [], 0
    async for part in request.stream():
        parts.append(part)
        size += len(part)
        if size > MOST_BYTES:
            raise HTTPException(413, f"a request may have {MOST_BYTES} bytes")
    try:
        body = json.loads(b"".join(parts))
    except (ValueError, RecursionError):
        body = None
    if not isinstance(body, dict):
        raise HTTPException(400, "send a JSON object")
    return body


async def _sent(rounds: Rounds, events: Iterator[Event]) -> AsyncIterator[str]:
    """A stream's events as they are sent; the stream ends where nobody listens any more."""
    loop, waiting = asyncio.get_running_loop(), asyncio.Queue[Event | None]()

    def give(event: Event | None) -> None:
        with contextlib.suppress(RuntimeError):  # the server is closing, and nobody listens
            loop.call_soon_threadsafe(waiting.put_nowait, event)

    try:
        ticket = rounds.add(events, give)
    except BusyError as error:
        yield _line(Event("fault", {"message": str(error)}))
        return
    try:
        while (event := await waiting.get()) is not None:
            yield _line(event)
    finally:
        ticket.cancel()


def _line(event: Event) -> str:
    return f"event: {event.kind}\ndata: {json.dumps(event.data, allow_nan=False)}\n\n"


@final
class _Guarded:
    """Adds the headers that keep the page to this host."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(HEADERS)
            await send(message)

        await self._app(scope, receive, sending)


def serve(app: Starlette, host: str, port: int, ready: Callable[[], None]) -> None:
    """Serve until interrupted. ready: called when the page can be opened. Ends the process where the port is taken."""
    import uvicorn

    class Server(uvicorn.Server):
        async def startup(self, sockets: Any = None) -> None:
            await super().startup(sockets)
            if self.started:
                ready()

    limits: dict[str, Any] = {
        "timeout_keep_alive": 30,
        "limit_concurrency": 200,
        "h11_max_incomplete_event_size": 64_000,
    }
    config = uvicorn.Config(app, host=host, port=port, log_level="warning", server_header=False, ws="none", **limits)
    Server(config).run()
