"""Voting: a question on its own page, all questions one by one, casting and withdrawing."""

from __future__ import annotations

from flask import Blueprint, request, url_for
from flask.typing import ResponseReturnValue

from participation.audiences.facts import Who
from participation.foundation.access import needs, public
from participation.foundation.facts import Unprocessable
from participation.foundation.i18n import words_of
from participation.foundation.paging import key_from
from participation.foundation.web import clock, now, page, person_id, see_other, session, settings, viewer
from participation.voting import commands, queries
from participation.voting.facts import NoBallot
from participation.voting.forms import BallotFields, fields_of, fields_sent
from participation.voting.keys import KeyFolder
from participation.windows.facts import State, WindowNotPublished

bp = Blueprint("voting", __name__, template_folder="templates", url_prefix="/abstimmungen")


@bp.get("/<contest>")
@public
def overview(contest: str) -> ResponseReturnValue:
    """List the questions of a contest and on which one voted."""
    return page("voting/contest.html", contest=_contest(contest))


@bp.get("/<contest>/<question>")
@public
def question(contest: str, question: str) -> ResponseReturnValue:
    """Show a question by itself."""
    card = _card(queries.question_place(session(), contest=contest, question=question).id)
    ballot = fields_of(card.asked, card.choice)
    return page("voting/question.html", card=card, ballot=ballot, contest=_contest(card.contest))


@bp.get("/<contest>/karten/<int:number>")
@public
def one_by_one(contest: str, number: int) -> ResponseReturnValue:
    """Show one question of the stack; past the last one all of them, with what is left to do."""
    found, whole = queries.question_at(session(), contest=contest, number=number), _contest(contest)
    if found is None:
        return page("voting/contest.html", contest=whole, done=True)
    card = _card(found)
    return page("voting/card.html", card=card, ballot=fields_of(card.asked, card.choice), contest=whole)


@bp.post("/<contest>/<question>/stimme")
@needs("citizen", keep_fields=False, back_at="abstimmung")
def cast(contest: str, question: str) -> ResponseReturnValue:
    """Cast or change a ballot. Of a visitor's attempt only the page is kept, never the choice."""
    asked = queries.question_place(session(), contest=contest, question=question)
    ballot = fields_sent(asked.asked, request.form)
    if ballot.problem:
        return _refused(asked.id, ballot, ballot.problem)
    try:
        commands.cast_ballot(
            session(),
            question_id=asked.id,
            who=Who(person_id()),
            choice=ballot.choice(),
            keys=_keys(),
            clock=clock,
            place=asked,
        )
    except Unprocessable as fact:
        return _refused(asked.id, ballot, words_of(fact))
    return see_other(_next(contest) or f"{asked.home}#abstimmung")


@bp.post("/<contest>/<question>/ruecknahme")
@needs("citizen", keep_fields=False, back_at="abstimmung")
def withdraw(contest: str, question: str) -> ResponseReturnValue:
    """Take a ballot back. Where there is none, it is as wanted already."""
    asked = queries.question_place(session(), contest=contest, question=question)
    try:
        commands.withdraw_ballot(session(), question_id=asked.id, who=Who(person_id()), keys=_keys(), clock=clock)
    except NoBallot:
        session().rollback()
    return see_other(_stay(contest) or f"{asked.home}#abstimmung")


def _keys() -> KeyFolder:
    return KeyFolder.of(settings())


def _contest(contest: str) -> queries.ContestCard:
    somebody = viewer()
    return queries.contest_card(session(), contest=contest, viewer=somebody.person_id if somebody else None, now=now())


def _card(question_id: int) -> queries.QuestionCard:
    somebody = viewer()
    card = queries.question_card(
        session(),
        question_id=question_id,
        viewer=somebody.person_id if somebody else None,
        now=now(),
        keys=_keys(),
    )
    if card.state is State.DRAFT:
        raise WindowNotPublished()
    return card


def _refused(question_id: int, ballot: BallotFields, error: str) -> ResponseReturnValue:
    """Show the question, or its card of the stack, again with what was typed and what is wrong with it.

    Where one cannot vote at all, that is the reason, and nothing is left to mend.
    """
    card = _card(question_id)
    if card.why_not is not None:
        raise card.why_not
    template = "voting/question.html" if key_from(request.args.get("karte")) is None else "voting/card.html"
    return page(template, 422, card=card, ballot=ballot, contest=_contest(card.contest), error=error)


def _next(contest: str) -> str | None:
    """Return the card after the one that was answered, if the vote came from the stack."""
    number = key_from(request.args.get("karte"))
    return None if number is None else url_for(".one_by_one", contest=contest, number=number + 1)


def _stay(contest: str) -> str | None:
    number = key_from(request.args.get("karte"))
    return None if number is None else url_for(".one_by_one", contest=contest, number=number)
