"""Where the staff of a round counts it, sees the figures and releases them."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from participation.discussion.facts import STANCES, VALUES
from participation.foundation.access import needs
from participation.foundation.facts import Unprocessable
from participation.foundation.i18n import plain_words, words_of
from participation.foundation.web import clock, now, page, person_id, see_other, session, settings
from participation.results import commands, queries
from participation.results.facts import ORDER_MEANS, TIES, How, lots_by_hand
from participation.results.forms import tie_form
from participation.voting.keys import KeyFolder

bp = Blueprint("results_desk", __name__, template_folder="templates", url_prefix="/verwaltung/runden")


@bp.get("/<slug>/ergebnis")
@needs("staff")
def show(slug: str) -> ResponseReturnValue:
    """Show where the count stands and, once it is made, its figures."""
    found = _found(slug)
    words: dict[str, Any] = {"stances": STANCES, "values": VALUES, "ties": TIES}
    return page("results/desk.html", found=found, figured=found.figured, **words)


@bp.post("/<slug>/auszaehlung")
@needs("staff")
def count(slug: str) -> ResponseReturnValue:
    """Count a round that is over."""
    return _count(slug, _found(slug).round.id)


@bp.get("/<slug>/gleichstand/<int:tie_id>")
@needs("staff")
def tie(slug: str, tie_id: int) -> ResponseReturnValue:
    """Show a tie, and how it can be settled."""
    found = _found(slug)
    line = found.tie(tie_id)
    return _tie_page(found, line, _form(line)(), 200)


@bp.post("/<slug>/gleichstand/<int:tie_id>")
@needs("staff")
def settle(slug: str, tie_id: int) -> ResponseReturnValue:
    """Settle a tie for good, and count on."""
    found = _found(slug)
    line = found.tie(tie_id)
    form = _form(line)(request.form)
    if not form.validate():
        return _tie_page(found, line, form, 422)
    try:
        commands.settle_tie(
            session(),
            tie_id=tie_id,
            how=How(form.how.data),
            order=form.order(),
            seed=form.seed.data or "",
            reason=form.reason.data or "",
            by=person_id(),
            clock=clock,
        )
    except Unprocessable as fact:
        form.refuse(fact.name, words_of(fact))
        return _tie_page(found, line, form, fact.status)
    return _count(slug, found.round.id)


@bp.post("/<slug>/freigabe")
@needs("staff")
def release(slug: str) -> ResponseReturnValue:
    """Publish a counted result."""
    found = _found(slug)
    commands.release_round(session(), round_id=found.round.id, by=person_id(), clock=clock)
    flash(gettext("Das Ergebnis ist veröffentlicht."), "success")
    return see_other(url_for(".show", slug=slug))


def _found(slug: str) -> queries.StaffPage:
    return queries.staff_page(session(), slug=slug, person_id=person_id(), now=now())


def _count(slug: str, round_id: int) -> ResponseReturnValue:
    keys = KeyFolder.of(settings())
    if commands.count_round(session(), round_id=round_id, by=person_id(), keys=keys, clock=clock) is None:
        flash(gettext("Die Auszählung braucht eine Entscheidung: Es gibt einen Gleichstand."), "warning")
    else:
        flash(gettext("Ausgezählt. Das Ergebnis sieht bis zur Veröffentlichung nur Ihre Stelle."), "success")
    return see_other(url_for(".show", slug=slug))


def _form(line: queries.TieLine) -> type:
    return tie_form({slug: plain_words(label) for slug, label in line.options.items()}, line.ways)


def _tie_page(found: queries.StaffPage, line: queries.TieLine, form: object, status: int) -> ResponseReturnValue:
    words: dict[str, Any] = {
        "ties": TIES,
        "order_means": ORDER_MEANS,
        "by_hand": lots_by_hand(line.about, line.options),
    }
    return page("results/tie.html", status, found=found, tie=line, form=form, **words)
