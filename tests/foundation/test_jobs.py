"""Work in the background: what is put into the queue comes out again, and nothing else than ours is run."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

import pytest
from flask import Flask
from huey.registry import Message

from participation.foundation.config import ConfigurationGap
from participation.foundation.jobs import Jobs, JsonSerializer
from tests.engines import settings_for


@pytest.fixture
def jobs(tmp_path: Path) -> Jobs:
    return Jobs(Flask("jobs"), settings_for("sqlite:///none", tmp_path, port=8000))


def test_a_nudged_task_is_stored_as_json_and_run(jobs: Jobs) -> None:
    done: list[str] = []
    jobs.every_minute("letters", lambda: done.append("letters"))
    jobs.nudge("letters")
    stored = jobs.huey.storage.enqueued_items()
    assert json.loads(stored[0])["message"]["name"].endswith("letters")
    task = jobs.huey.dequeue()
    assert task is not None
    jobs.huey.execute(task)
    assert done == ["letters"]
    assert jobs.huey.pending_count() == 0


def test_each_task_is_due_every_minute(jobs: Jobs) -> None:
    jobs.every_minute("letters", lambda: None)
    for minute in (datetime(2026, 6, 1, 12, 0), datetime(2026, 6, 1, 12, 1)):
        assert [task.name for task in jobs.huey.read_periodic(minute)] == ["letters_each_minute"]


def test_a_failing_task_leaves_the_worker_alive(jobs: Jobs) -> None:
    def fail() -> None:
        raise RuntimeError

    jobs.every_minute("letters", fail)
    jobs.nudge("letters")
    task = jobs.huey.dequeue()
    assert task is not None
    jobs.huey.execute(task)


def test_messages_survive_the_way_through_the_store() -> None:
    message = Message("1", "letters", None, 0, 0, None, [], {})
    serializer = JsonSerializer()
    assert serializer.deserialize(serializer.serialize(message)) == message
    assert serializer.deserialize(serializer.serialize(7)) == 7


def test_a_nudge_for_a_store_that_cannot_be_written_is_no_error(jobs: Jobs, monkeypatch: pytest.MonkeyPatch) -> None:
    jobs.every_minute("letters", lambda: None)

    def full(*_: object, **__: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(jobs.huey.storage, "enqueue", full)
    jobs.nudge("letters")


def test_a_store_that_is_not_understood_is_named(tmp_path: Path) -> None:
    from dataclasses import replace

    settings = replace(settings_for("sqlite:///none", tmp_path, port=8000), jobs_url="redis://localhost")
    with pytest.raises(ConfigurationGap, match="JOBS_URL"):
        Jobs(Flask("jobs"), settings)
