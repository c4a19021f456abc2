"""A page of Starlette's own, of a given size, served as bihuan serves its pages: `python -m benchmarks.bare_page`."""

from __future__ import annotations

import argparse

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from worker.web.server import listen


def main() -> None:
    """Serve it until it is ended."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--bytes", type=int, required=True)
    options = parser.parse_args()
    text = "<!DOCTYPE html><title>bare</title>".ljust(options.bytes, "x")

    async def page(request: Request) -> Response:  # noqa: ARG001
        return HTMLResponse(text)

    app = Starlette(routes=[Route("/case", page)])
    config = uvicorn.Config(app, log_config=None, access_log=False, lifespan="off", server_header=False)
    with listen("127.0.0.1", options.port) as listener:
        print("ready", flush=True)
        uvicorn.Server(config).run(sockets=[listener])


if __name__ == "__main__":
    main()
