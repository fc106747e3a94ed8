"""Work in the background, on huey: tasks carry ids only, and each runs within the application."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from flask import Flask
from huey import SqliteHuey, crontab
from huey.registry import Message
from huey.serializer import Serializer

from participation.foundation.config import ConfigurationGap, Settings


class JsonSerializer(Serializer):
    """Messages as JSON, since a pickle would run whatever somebody wrote into the store."""

    def _serialize(self, data: Any) -> bytes:
        if isinstance(data, Message):
            return json.dumps(
                {"message": data._replace(eta=None, expires=None, expires_resolved=None)._asdict()}
            ).encode()
        return json.dumps({"value": data}).encode()

    def _deserialize(self, data: bytes) -> Any:
        kept = json.loads(data)
        return Message(**kept["message"]) if "message" in kept else kept["value"]


class Jobs:
    """The periodic tasks of an application, and a nudge to run one of them now."""

    def __init__(self, app: Flask, settings: Settings) -> None:
        self.app = app
        self.huey = _store(settings)
        self.tasks: dict[str, Any] = {}

    def every_minute(self, name: str, work: Callable[[], object]) -> None:
        """Run the work each minute, and at once after a nudge. A failure is logged and the next minute tries again."""

        def run() -> None:
            with self.app.app_context():
                work()

        run.__name__ = name
        self.tasks[name] = self.huey.task(name=name)(run)
        self.huey.periodic_task(crontab(), name=f"{name}_each_minute")(run)

    def nudge(self, name: str) -> None:
        """Ask the worker to run a task soon. Nothing is lost if it never hears: the task runs each minute anyway."""
        try:
            self.tasks[name]()
        except Exception:
            self.app.logger.warning("the job store cannot be written; %s waits for its minute", name, exc_info=True)


def _store(settings: Settings) -> SqliteHuey:
    if not settings.jobs_url.startswith("sqlite:///"):
        raise ConfigurationGap("JOBS_URL is not understood; use sqlite:///path or leave it out.")
    file = settings.jobs_url.removeprefix("sqlite:///")
    settings.var_dir.mkdir(parents=True, exist_ok=True)
    return SqliteHuey("participation", filename=file, serializer=JsonSerializer(), results=False)
