"""The application and, beside it on the same server, a page that does nothing: `python -m tests.bench.server PORT`."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from typing import Any

from flask import Flask
from waitress import serve

from participation.app import create_app
from participation.foundation.serving import keep_connections


def hello() -> Flask:
    """Return the smallest application that Flask can be."""
    app = Flask("hello")
    app.add_url_rule("/hello", view_func=lambda: "Hallo")
    return app


def main() -> None:
    """Serve both until killed."""
    keep_connections()
    small, whole = hello(), create_app()

    def both(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        return (small if environ["PATH_INFO"] == "/hello" else whole)(environ, start_response)

    serve(both, host="127.0.0.1", port=int(sys.argv[1]), threads=8, connection_limit=1000, _quiet=True)


if __name__ == "__main__":
    main()
