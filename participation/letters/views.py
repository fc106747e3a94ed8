"""The mailbox of a development installation: letters are shown instead of sent."""

from __future__ import annotations

from dataclasses import dataclass
from email import policy
from email.parser import BytesParser
from pathlib import Path

from flask import Blueprint, abort
from flask.typing import ResponseReturnValue

from participation.foundation.access import public
from participation.foundation.web import page, settings

bp = Blueprint("letters", __name__, template_folder="templates")

MOST_SHOWN = 50


@dataclass(frozen=True)
class ShownLetter:
    """A letter in the mailbox."""

    to: str
    subject: str
    date: str
    text: str


@bp.get("/postfach")
@public
def mailbox() -> ResponseReturnValue:
    """Show the letters, newest first."""
    if settings().environment != "development":
        abort(404)
    folder = settings().var_dir / "mailbox"
    newest = sorted(folder.glob("*.eml"), key=lambda file: file.stat().st_mtime_ns, reverse=True)
    return page("letters/mailbox.html", letters=[_read(file) for file in newest[:MOST_SHOWN]])


def _read(file: Path) -> ShownLetter:
    letter = BytesParser(policy=policy.default).parsebytes(file.read_bytes())
    body = letter.get_body(("plain",))
    return ShownLetter(
        str(letter["To"]), str(letter["Subject"]), str(letter["Date"]), body.get_content() if body else ""
    )
