"""Sending mail: by SMTP, or in development into a folder that the mailbox page shows."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Generator
from contextlib import contextmanager
from email.message import EmailMessage
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote, urlsplit

from participation.foundation.config import Settings

PATIENCE = 20
"""Seconds that a mail server may take for one answer."""


class Mailer(Protocol):
    """Something that takes a message away."""

    def send(self, message: EmailMessage) -> None:
        """Hand the message over.

        :raises OSError: where it did not work (all errors of ``smtplib`` are such)
        """
        ...


class SmtpMailer:
    """An open connection to a mail server."""

    def __init__(self, connection: smtplib.SMTP) -> None:
        self.connection = connection

    def send(self, message: EmailMessage) -> None:
        """Hand the message over."""
        self.connection.send_message(message)


class FolderMailer:
    """A folder of messages, for development."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def send(self, message: EmailMessage) -> None:
        """Write the message as a file named by its Message-ID."""
        self.folder.mkdir(parents=True, exist_ok=True)
        name = "".join(sign for sign in str(message["Message-ID"]) if sign.isalnum() or sign in "-.")
        (self.folder / f"{name}.eml").write_bytes(message.as_bytes())


@contextmanager
def mailer(settings: Settings) -> Generator[Mailer]:
    """Open the way that mail takes.

    :raises OSError: if the server cannot be reached or refuses the sign-in
    """
    if not settings.mail_url:
        yield FolderMailer(settings.var_dir / "mailbox")
        return
    connection = _connect(settings.mail_url)
    try:
        yield SmtpMailer(connection)
    finally:
        try:
            connection.quit()
        except OSError:
            connection.close()


def _connect(url: str) -> smtplib.SMTP:
    parts = urlsplit(url)
    host = parts.hostname or "localhost"
    if parts.scheme == "smtps":
        return _signed_in(
            smtplib.SMTP_SSL(host, parts.port or 465, timeout=PATIENCE, context=ssl.create_default_context()), url
        )
    connection = smtplib.SMTP(host, parts.port or 25, timeout=PATIENCE)
    connection.ehlo()
    if connection.has_extn("starttls"):
        connection.starttls(context=ssl.create_default_context())
        connection.ehlo()
    return _signed_in(connection, url)


def _signed_in(connection: smtplib.SMTP, url: str) -> smtplib.SMTP:
    parts = urlsplit(url)
    if parts.username:
        connection.login(unquote(parts.username), unquote(parts.password or ""))
    return connection
