"""Letters go out once each, whatever the mail server does (F12)."""

from __future__ import annotations

import socket
import threading
import time
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from email import policy
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP, Envelope
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from participation.foundation import mail
from participation.foundation.clock import StoppedClock
from participation.letters.commands import claim_letter, forget_old, post_letter
from participation.letters.jobs import send_letters
from participation.letters.models import Letter
from tests.servers import Postbox


def post_some(session: Session, clock: StoppedClock, number: int = 5, **other: Any) -> None:
    """Put letters into the outbox."""
    for one in range(number):
        given = {
            "template": "accounts/letters/sign_in",
            "to_address": f"person{one}@example.org",
            "language": "de",
            "about": f"test:{one}",
            "facts": {"token": f"token-{one}", "next_path": None},
            **other,
        }
        post_letter(session, now=clock(), **given)
    session.commit()


def run(app: Flask) -> None:
    """Let the worker look into the outbox once."""
    with app.app_context():
        send_letters()


def outbox(session: Session) -> list[Letter]:
    session.rollback()
    rows = select(Letter).order_by(Letter.id).execution_options(populate_existing=True)
    return list(session.execute(rows).scalars())


def each_once(postbox: Postbox, number: int = 5) -> None:
    seen = Counter(letter["Message-ID"] for letter in postbox.letters)
    assert len(seen) == number
    assert set(seen.values()) == {1}


class Hanging(Postbox):
    """Does not answer before the sender has lost patience, and takes nothing."""

    async def handle_DATA(self, server: SMTP, session: Any, envelope: Envelope) -> str:
        """Keep the sender waiting."""
        time.sleep(1)
        return "451 too late"


class Dying(Postbox):
    """Hangs up in the middle of the batch, once."""

    died = False

    async def handle_DATA(self, server: SMTP, session: Any, envelope: Envelope) -> str:
        """Take two letters and drop the line at the third."""
        if len(self.letters) == 2 and not self.died:
            self.died = True
            assert server.transport is not None
            server.transport.close()
            return "421 gone"
        return await super().handle_DATA(server, session, envelope)


class Picky(Postbox):
    """Knows not everybody."""

    async def handle_RCPT(
        self, server: SMTP, session: Any, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Refuse one recipient for good and another for now."""
        if address.startswith("person1@"):
            return "550 no such user"
        if address.startswith("person2@") and envelope.mail_from is not None and not self.died:
            return "451 try later"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    died = False


def test_letters_go_out_once(app: Flask, session: Session, clock: StoppedClock, smtp: Postbox) -> None:
    post_some(session, clock)
    run(app)
    run(app)
    each_once(smtp)
    assert all(one.sent_at == clock() and one.facts == {} for one in outbox(session))


def test_a_server_that_is_away_loses_nothing(app: Flask, session: Session, clock: StoppedClock, mail_port: int) -> None:
    post_some(session, clock)
    run(app)
    assert all(one.sent_at is None and one.attempts == 0 for one in outbox(session))
    clock.advance(timedelta(hours=3))
    with Postbox(mail_port) as postbox:
        run(app)
        each_once(postbox)


def test_a_server_that_refuses_for_now_gets_them_later(
    app: Flask, session: Session, clock: StoppedClock, smtp: Postbox
) -> None:
    post_some(session, clock)
    smtp.answer = "451 later"
    run(app)
    assert all("451" in (one.trouble or "") for one in outbox(session))
    smtp.answer = "250 OK"
    run(app)
    assert smtp.letters == []
    clock.advance(timedelta(minutes=1))
    run(app)
    each_once(smtp)


def test_pauses_grow(app: Flask, session: Session, clock: StoppedClock, smtp: Postbox) -> None:
    post_some(session, clock, 1)
    smtp.answer = "451 later"
    pauses = []
    for _ in range(4):
        run(app)
        pauses.append(outbox(session)[0].next_try_at - clock())
        clock.advance(pauses[-1])
    assert pauses == [timedelta(minutes=minutes) for minutes in (1, 2, 4, 8)]


def test_a_server_that_hangs_is_left_after_a_while(
    app: Flask, session: Session, clock: StoppedClock, mail_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mail, "PATIENCE", 0.3)
    post_some(session, clock)
    with Hanging(mail_port) as postbox:
        run(app)
        assert postbox.letters == []
        assert sum(one.attempts for one in outbox(session)) >= 1
    clock.advance(timedelta(minutes=1))
    monkeypatch.setattr(mail, "PATIENCE", 20)
    with Postbox(mail_port) as postbox:
        run(app)
        each_once(postbox)


def test_a_server_that_dies_in_the_batch_gets_the_rest_later(
    app: Flask, session: Session, clock: StoppedClock, mail_port: int
) -> None:
    post_some(session, clock)
    with Dying(mail_port) as postbox:
        run(app)
        assert len(postbox.letters) == 4, "a new connection takes the others at once"
        clock.advance(timedelta(minutes=1))
        run(app)
        each_once(postbox)
    assert all(one.sent_at for one in outbox(session))


def test_a_refused_recipient_is_given_up_and_stops_nobody(
    app: Flask, session: Session, clock: StoppedClock, mail_port: int
) -> None:
    post_some(session, clock)
    with Picky(mail_port) as postbox:
        run(app)
        first = outbox(session)
        assert (first[1].given_up_at, first[1].facts) == (clock(), {})
        assert first[2].given_up_at is None
        postbox.died = True
        clock.advance(timedelta(minutes=1))
        run(app)
        each_once(postbox, 4)


def test_a_letter_refused_for_its_content_is_given_up(
    app: Flask, session: Session, clock: StoppedClock, smtp: Postbox
) -> None:
    post_some(session, clock, 1)
    smtp.answer = "550 no"
    run(app)
    assert outbox(session)[0].given_up_at == clock()


def test_after_two_days_letters_are_given_up(app: Flask, session: Session, clock: StoppedClock, smtp: Postbox) -> None:
    post_some(session, clock)
    smtp.answer = "451 later"
    for _ in range(30):
        run(app)
        clock.advance(timedelta(hours=4))
    assert all(one.given_up_at and one.facts == {} for one in outbox(session))
    smtp.answer = "250 OK"
    run(app)
    assert smtp.letters == []


def test_a_crash_between_sending_and_marking_repeats_with_the_same_number(
    app: Flask, session: Session, clock: StoppedClock, smtp: Postbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    from participation.letters import jobs

    post_some(session, clock, 1)

    def crash(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        broken.setattr(jobs.commands, "mark_sent", crash)
        with pytest.raises(KeyboardInterrupt):
            run(app)
    run(app)
    assert len(smtp.letters) == 1, "put off while it may still be on its way"
    clock.advance(timedelta(minutes=15))
    run(app)
    assert len(smtp.letters) == 2
    assert len({letter["Message-ID"] for letter in smtp.letters}) == 1


def test_no_lock_is_held_while_the_server_thinks(
    app: Flask, session: Session, clock: StoppedClock, mail_port: int, new_session: Callable[[], Session]
) -> None:
    post_some(session, clock, 1)
    done = threading.Event()

    class Slow(Postbox):
        async def handle_DATA(self, server: SMTP, session: Any, envelope: Envelope) -> str:
            other = new_session()
            post_some(other, clock, 1, about="meanwhile", to_address="other@example.org")
            done.set()
            return await super().handle_DATA(server, session, envelope)

    with Slow(mail_port) as postbox:
        run(app)
        assert done.is_set()
        assert len(postbox.letters) >= 1


@pytest.mark.postgresql
def test_two_workers_share_the_outbox(
    session: Session, clock: StoppedClock, new_session: Callable[[], Session]
) -> None:
    post_some(session, clock, 40)
    taken: list[int] = []
    meet = threading.Barrier(4)

    def work(own: Session) -> None:
        meet.wait()
        while (due := claim_letter(own, clock=clock)) is not None:
            taken.append(due.id)

    workers = [threading.Thread(target=work, args=(new_session(),)) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert len(taken) == len(set(taken)) == 40


def test_a_letter_that_cannot_be_written_stops_nobody(
    app: Flask, session: Session, clock: StoppedClock, smtp: Postbox
) -> None:
    post_some(session, clock, 1, template="accounts/letters/none", about="broken")
    post_some(session, clock, 1, facts={}, about="unworded")
    post_some(session, clock, 3)
    run(app)
    each_once(smtp, 3)
    assert [bool(one.trouble) for one in outbox(session)] == [True, True, False, False, False]


def test_letters_and_their_addresses_go_after_three_months(
    app: Flask, session: Session, clock: StoppedClock, smtp: Postbox
) -> None:
    post_some(session, clock, 1)
    run(app)
    post_some(session, clock, 1, about="waits")
    clock.advance(timedelta(days=90))
    assert forget_old(session, clock=clock) == 0
    clock.advance(timedelta(seconds=1))
    assert forget_old(session, clock=clock) == 1
    assert [one.about for one in outbox(session)] == ["waits"]


def test_the_same_letter_is_posted_once(session: Session, clock: StoppedClock) -> None:
    post_some(session, clock, 2)
    post_some(session, clock, 2)
    assert len(outbox(session)) == 2


# ── What a letter looks like ──────────────────────────────────────────────────────────────────────────────────────────
def test_a_letter_has_what_mail_programs_expect(
    app: Flask, session: Session, clock: StoppedClock, smtp: Postbox
) -> None:
    post_some(session, clock, 1, to_name="Jörg Müller, Bürger")
    run(app)
    letter = smtp.letters[0]
    assert letter["Subject"] == "Ihr Link zum Anmelden"
    assert letter["From"] == "Beteiligung der Stadt Bochum <beteiligung@example.org>"
    assert letter["To"].addresses[0].display_name == "Jörg Müller, Bürger"
    assert letter["To"].addresses[0].addr_spec == "person0@example.org"
    assert letter["Message-ID"] == outbox(session)[0].message_id
    assert letter["Date"].datetime == clock()
    assert letter["Auto-Submitted"] == "auto-generated"
    assert letter["Content-Language"] == "de"
    text = letter.get_content()
    base = app.extensions["settings"].base_url
    assert f"{base}/anmeldelink/token-0" in text.splitlines()
    assert "»Mitreden in Bochum«" in text


def test_line_ends_in_names_and_facts_begin_no_header(
    app: Flask, session: Session, clock: StoppedClock, smtp: Postbox
) -> None:
    evil = "a\r\nBcc: all@example.org\r\n\r\nText\u2028\x07"
    post_some(session, clock, 1, to_name=evil, facts={"token": evil, "next_path": evil})
    run(app)
    letter = smtp.letters[0]
    assert letter["Bcc"] is None
    assert letter["To"].addresses[0].display_name == "a Bcc: all@example.org Text"
    assert "\r\nBcc" not in letter.as_bytes(policy=policy.SMTP).decode().split("\r\n\r\n")[0]


def test_a_subject_with_line_ends_stays_one_line(app: Flask, clock: StoppedClock) -> None:
    from participation.letters.jobs import _in_one_line

    assert _in_one_line("a\r\nBcc: b\u2028c\x85d") == "a Bcc: b c d"


def test_domains_with_umlauts_reach_servers_that_know_none(
    app: Flask, session: Session, clock: StoppedClock, smtp: Postbox
) -> None:
    post_some(session, clock, 1, to_address="ute@bücher.example.org")
    run(app)
    assert smtp.letters[0]["To"] == "ute@xn--bcher-kva.example.org"


def test_links_carry_their_target(app: Flask, session: Session, clock: StoppedClock, smtp: Postbox) -> None:
    post_some(session, clock, 1, facts={"token": "t", "next_path": "/runden/a?b=c&d"})
    run(app)
    assert "/anmeldelink/t?next=%2Frunden%2Fa%3Fb%3Dc%26d" in smtp.letters[0].get_content().splitlines()[4]


# ── The mailbox page ──────────────────────────────────────────────────────────────────────────────────────────────────
def test_the_mailbox_page_exists_in_development_alone(app: Flask) -> None:
    assert app.test_client().get("/postfach").status_code == 404


def test_in_development_letters_lie_in_the_mailbox(
    app: Flask, session: Session, clock: StoppedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dataclasses import replace

    settings = replace(app.extensions["settings"], environment="development", mail_url="")
    monkeypatch.setitem(app.extensions, "settings", settings)
    assert "Noch keine E-Mail" in app.test_client().get("/postfach").text
    post_some(session, clock, 2)
    run(app)
    page = app.test_client().get("/postfach")
    assert page.status_code == 200
    assert f'href="{settings.base_url}/anmeldelink/token-0"' in page.text
    assert "Set-Cookie" not in page.headers


def test_the_mail_port_is_free(mail_port: int) -> None:
    with socket.socket() as taken:
        assert taken.connect_ex(("127.0.0.1", mail_port)) != 0
