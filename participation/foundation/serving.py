"""How Waitress serves us: a connection lasts beyond an answer without a body."""

from __future__ import annotations

from waitress.channel import HTTPChannel
from waitress.task import WSGITask


class _Answer(WSGITask):
    """Waitress hangs up after each 304, although its empty line ends it like any other answer (RFC 9112, section 6.3).

    A visitor who comes back would connect anew for every page and every file that did not change.
    """

    def set_close_on_finish(self) -> None:
        """Hang up only where a body may follow, or the other side asked for it."""
        asked = self.request.headers.get("CONNECTION", "").lower() == "close"
        if self.has_body or asked or self.version != "1.1":
            super().set_close_on_finish()


def keep_connections() -> None:
    """Let every Waitress of this process keep its connections."""
    HTTPChannel.task_class = _Answer
