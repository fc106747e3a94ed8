"""Servers that a test starts inside its own process: the application itself and a mail server."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any, Self

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope
from flask import Flask
from waitress import wasyncore
from waitress.server import create_server

from participation.foundation.clock import StoppedClock


@dataclass(frozen=True)
class Live:
    """A served application whose clock the test moves."""

    url: str
    clock: StoppedClock
    app: Flask

    def at(self, path: str) -> str:
        """Return the whole address of a path."""
        return self.url + path


@contextmanager
def serve(app: Flask, listening: socket.socket, clock: StoppedClock, threads: int = 8) -> Iterator[Live]:
    """Serve the application on a bound socket until the block ends."""
    channels: dict[int, Any] = {}
    server = create_server(app, sockets=[listening], map=channels, threads=threads, clear_untrusted_proxy_headers=True)
    thread = threading.Thread(target=_loop, args=(server, channels), daemon=True)
    thread.start()
    try:
        yield Live(f"http://127.0.0.1:{listening.getsockname()[1]}", clock, app)
    finally:
        server.ended = True
        server.pull_trigger()
        thread.join(timeout=10)
        server.task_dispatcher.shutdown(cancel_pending=True, timeout=5)
        wasyncore.close_all(channels, ignore_all=True)


def _loop(server: Any, channels: dict[int, Any]) -> None:
    server.ended = False
    while not server.ended:
        wasyncore.loop(timeout=0.5, map=channels, count=1)


@dataclass
class Postbox:
    """A mail server on this machine that keeps what it gets."""

    port: int
    letters: list[EmailMessage] = field(default_factory=list)
    answer: str = "250 OK"
    """What it says to a letter: ``451 later`` and ``550 no`` refuse it."""
    hangs_for: float = 0.0
    """Seconds before it answers."""

    def __enter__(self) -> Self:
        self._controller = Controller(self, hostname="127.0.0.1", port=self.port, ready_timeout=10)
        self._controller.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._controller.stop()

    async def handle_DATA(self, server: SMTP, session: Any, envelope: Envelope) -> str:
        """Keep the letter, unless the test wants it refused."""
        if self.hangs_for:
            time.sleep(self.hangs_for)
        if self.answer.startswith("2"):
            content = envelope.content
            assert isinstance(content, bytes)
            letter = message_from_bytes(content, policy=policy.default)
            assert isinstance(letter, EmailMessage)
            self.letters.append(letter)
        return self.answer

    def to(self, address: str) -> list[EmailMessage]:
        """Return the letters to one address, oldest first."""
        return [letter for letter in self.letters if address in str(letter["To"])]
