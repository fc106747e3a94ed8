"""Sending the letters that wait in the outbox."""

from __future__ import annotations

import smtplib
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from urllib.parse import quote, urlencode

from email_validator import EmailNotValidError, validate_email
from flask import current_app
from flask_babel import force_locale

from participation.foundation.clock import berlin
from participation.foundation.config import Settings
from participation.foundation.jobs import Jobs
from participation.foundation.mail import Mailer, mailer
from participation.foundation.web import clock, session, settings
from participation.letters import commands, queries
from participation.letters.facts import Due

CONNECTIONS = 3
"""How often a run opens the mail server again after it hung up."""
LONGEST_SUBJECT = 200


def register(jobs: Jobs) -> None:
    """Let the worker look into the outbox each minute."""
    jobs.every_minute("letters", send_letters)
    jobs.every_minute("letters_forget_old", forget_old)


def forget_old() -> None:
    """Delete letters that are over."""
    commands.forget_old(session(), clock=clock)


def send_letters() -> None:
    """Send what is due. What does not go is tried again later; one bad letter stops none of the others."""
    commands.give_up_old(session(), clock=clock)
    for _ in range(CONNECTIONS):
        if not queries.waiting(session(), now=clock()):
            return
        session().rollback()
        try:
            with mailer(settings()) as way:
                if _send_over(way):
                    return
        except OSError as trouble:
            current_app.logger.warning("the mail server cannot be reached: %s", trouble)
            return


def _send_over(way: Mailer) -> bool:
    """Send letter by letter; return False if the connection broke on the way."""
    while (due := commands.claim_letter(session(), clock=clock)) is not None:
        try:
            way.send(written(due, settings()))
        except Exception as trouble:
            _write_down(due, trouble)
            if _is_broken(trouble):
                return False
        else:
            commands.mark_sent(session(), letter_id=due.id, clock=clock)
    return True


def _write_down(due: Due, trouble: Exception) -> None:
    if not isinstance(trouble, OSError):
        current_app.logger.exception("letter %s cannot be written", due.id)
    words = f"{type(trouble).__name__}: {trouble}"
    commands.mark_failed(session(), due=due, trouble=words, for_good=_is_refused(trouble), clock=clock)


def _is_refused(trouble: Exception) -> bool:
    """Say whether the server will never take this letter; a refused sender is our own mistake and is tried again."""
    if isinstance(trouble, smtplib.SMTPRecipientsRefused):
        return all(500 <= code < 600 for code, _ in trouble.recipients.values())
    if isinstance(trouble, smtplib.SMTPDataError):
        return 500 <= trouble.smtp_code < 600
    return isinstance(trouble, smtplib.SMTPNotSupportedError)


def _is_broken(trouble: Exception) -> bool:
    """Say whether the connection is of no more use: the server hung up or did not answer in time."""
    if isinstance(trouble, smtplib.SMTPServerDisconnected):
        return True
    if isinstance(trouble, smtplib.SMTPResponseException):
        return trouble.smtp_code == 421
    return isinstance(trouble, OSError) and not isinstance(trouble, smtplib.SMTPException)


def written(due: Due, settings: Settings) -> EmailMessage:
    """Return a letter as a mail in its language: the first line of its template is the subject."""
    subject, _, text = _rendered(due, settings).partition("\n")
    message = EmailMessage(policy=SMTP)
    message["Subject"] = _in_one_line(subject)[:LONGEST_SUBJECT]
    message["From"] = _address(settings.brand.mail_name, settings.mail_from)
    message["To"] = _address(_in_one_line(due.to_name), _for_the_wire(due.to_address))
    message["Date"] = format_datetime(berlin(clock()))
    message["Message-ID"] = due.message_id
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(text.strip() + "\n", cte="quoted-printable")
    # After the text, which drops every header about the content.
    message["Content-Language"] = due.language
    return message


def _rendered(due: Due, settings: Settings) -> str:
    """Render without a request: no page's names, addresses made from the configured one."""

    def link(path: str, **query: str | None) -> str:
        given = {name: value for name, value in query.items() if value}
        return settings.base_url + quote(path, safe="/#?=&%") + (f"?{urlencode(given)}" if given else "")

    with force_locale(due.language):
        template = current_app.jinja_env.get_template(f"{due.template}.txt")
        return template.render(link=link, brand=settings.brand, **due.facts)


def _in_one_line(text: str) -> str:
    """Return text without line ends, which would begin another header."""
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())


def _address(name: str, address: str) -> Address:
    """Return an address for a header; in two parts, since in one piece umlauts before the @ are refused."""
    local, _, domain = address.rpartition("@")
    return Address(name, local, domain)


def _for_the_wire(address: str) -> str:
    """Return an address whose domain every mail server understands; one with umlauts before the @ stays as it is."""
    try:
        return validate_email(address, check_deliverability=False).ascii_email or address
    except EmailNotValidError:
        return address
