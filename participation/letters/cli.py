"""The worker: runs what is to be done each minute."""

from __future__ import annotations

import logging
import signal

import click
from flask import current_app
from flask.cli import with_appcontext
from huey.consumer import Consumer


class _Worker(Consumer):
    """Huey's consumer; Ctrl-C lets it finish what it is at, as SIGTERM does."""

    def _set_signal_handlers(self) -> None:
        super()._set_signal_handlers()
        signal.signal(signal.SIGINT, lambda number, frame: self._handle_signal(signal.SIGTERM, frame))


@click.command("worker")
@with_appcontext
def worker() -> None:
    """Send letters and clear up, each minute, until ended by SIGTERM or Ctrl-C."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(levelname)s %(message)s")
    logging.getLogger("huey").setLevel(logging.WARNING)
    current_app.logger.setLevel(logging.INFO)
    current_app.logger.info("the worker runs")
    _Worker(
        current_app.extensions["jobs"].huey,
        workers=1,
        periodic=True,
        max_delay=2.0,
        graceful_signal="TERM",
        shutdown_timeout=60,
    ).run()


groups = [worker]
