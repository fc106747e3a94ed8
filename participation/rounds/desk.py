"""Where staff drafts a round, sees what is missing and how it will look, and publishes it."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from participation.audiences.facts import ROLE_NAMES, Role
from participation.audiences.forms import GrantForm
from participation.audiences.queries import officials
from participation.concepts import queries as concepts
from participation.concepts.facts import SlugTaken, slug_of
from participation.concepts.forms import offered
from participation.foundation.access import needs
from participation.foundation.facts import Fact
from participation.foundation.i18n import plain_words, words_of
from participation.foundation.web import clock, now, page, person_id, see_other, session, settings, viewer
from participation.rounds import commands, queries
from participation.rounds.facts import DraftChangedMeanwhile, NotComplete, RoundBegun, RoundFrozen
from participation.rounds.forms import NO_VERSION, PublishForm, RoundForm, suggestion
from participation.rounds.forms import fields_of as fields_of_draft
from participation.voting.facts import METHOD_LABELS
from participation.voting.forms import fields_of
from participation.voting.keys import KeyFolder

bp = Blueprint("rounds_desk", __name__, template_folder="templates", url_prefix="/verwaltung/runden")


@bp.get("")
@needs("staff", "admin")
def index() -> ResponseReturnValue:
    """List the rounds that one runs; for administrators all of them, to grant roles on."""
    lines = queries.rounds_of(session(), person_id=person_id(), now=now())
    every = queries.all_rounds(session(), now=now()) if _is_admin() else ()
    return page("rounds/index.html", lines=lines, may_draft=bool(_offices()), every=every)


@bp.get("/neu")
@needs("staff")
def new() -> ResponseReturnValue:
    """Show the form for a new draft, with times that leave enough of it."""
    return page("rounds/edit.html", form=_choices(RoundForm(data=suggestion(now()))), draft=None)


@bp.post("")
@needs("staff")
def create() -> ResponseReturnValue:
    """Add a draft."""
    form = _choices(RoundForm(request.form))
    if form.validate():
        try:
            made = commands.write_round(
                session(),
                office_id=form.office_id.data,
                draft=form.draft(),
                slug=form.slug.data or None,
                by=person_id(),
                clock=clock,
            )
            return see_other(url_for(".show", slug=made.slug))
        except SlugTaken as taken:
            _refuse_name(form, taken)
    return page("rounds/edit.html", 422, form=form, draft=None)


@bp.get("/<slug>")
@needs("staff")
def show(slug: str) -> ResponseReturnValue:
    """Show where a round stands and what is still to do."""
    draft = _draft(slug)
    return page("rounds/desk.html", draft=draft, gaps=draft.gaps(now()), outlook=draft.outlook(now()))


@bp.get("/<slug>/berechtigungen")
@needs("admin")
def roles(slug: str) -> ResponseReturnValue:
    """Show administrators who may act on one round, and let them grant and withdraw roles on it."""
    found = queries.round_place(session(), slug=slug)
    shown = officials(session(), now=now(), audience_id=found.audience_id)
    moderators = sum(any(grant.role is Role.MODERATOR for grant in one.grants) for one in shown)
    form = GrantForm(offices=(), audience_id=found.audience_id)
    return page(
        "rounds/roles.html", found=found, officials=shown, moderators=moderators, role_names=ROLE_NAMES, form=form
    )


@bp.route("/<slug>/bearbeitung", methods=["GET", "POST"])
@needs("staff")
def edit(slug: str) -> ResponseReturnValue:
    """Change a draft."""
    draft = _draft(slug)
    if not draft.is_editable:
        raise RoundFrozen()
    kept = fields_of_draft(draft.draft) | {"seen": draft.seen, "slug": slug}
    form = _choices(RoundForm(request.form, data=kept), draft.draft.concept_version_id)
    del form.office_id
    conflict = None
    if request.method == "POST" and form.validate():
        try:
            _save(draft, form)
            return see_other(url_for(".show", slug=_slug(form, slug)))
        except SlugTaken as taken:
            _refuse_name(form, taken)
        except DraftChangedMeanwhile as changed:
            form.seen.data, conflict = draft.seen, words_of(changed)
    status = 422 if request.method == "POST" else 200
    return page("rounds/edit.html", status, form=form, draft=draft, conflict=conflict)


@bp.get("/<slug>/vorschau")
@needs("staff")
def preview(slug: str) -> ResponseReturnValue:
    """Show a round as citizens will see it."""
    found = queries.preview(session(), slug=slug, person_id=person_id(), now=now())
    if found.head.rule_sheet_sha256 is not None:
        return see_other(url_for("rounds.show", slug=slug))
    ballot = fields_of(found.sample.asked, None) if found.sample else None
    effect = gettext(found.head.vote.effect_sentence) if found.head.vote else ""
    return page(
        "rounds/round.html",
        found=found,
        head=found.head,
        card=found.sample,
        ballot=ballot,
        effect_sentence=effect,
        decided_by=found.head.decided_by,
        preview=True,
    )


@bp.get("/<slug>/vorschau/handlungsfelder/<field>")
@needs("staff")
def preview_field(slug: str, field: str) -> ResponseReturnValue:
    """Show a Handlungsfeld as citizens will see it."""
    found = queries.field_preview(session(), slug=slug, field=field, person_id=person_id(), now=now())
    if found.head.rule_sheet_sha256 is not None:
        return see_other(url_for("rounds.handlungsfeld", slug=slug, field=field))
    return page("rounds/handlungsfeld.html", found=found, head=found.head, preview=True)


@bp.get("/<slug>/veroeffentlichung")
@needs("staff")
def check(slug: str) -> ResponseReturnValue:
    """Show everything once more before it is frozen."""
    return _check_page(_draft(slug), PublishForm(), 200)


@bp.post("/<slug>/veroeffentlichung")
@needs("staff")
def publish(slug: str) -> ResponseReturnValue:
    """Publish a round; a second click finds it published."""
    draft, form = _draft(slug), PublishForm(request.form)
    if draft.gaps(now()) and not form.validate():
        return _check_page(draft, form, 422)
    try:
        keys = KeyFolder.of(settings())
        commands.publish_round(session(), round_id=draft.id, by=person_id(), clock=clock, keys=keys)
        flash(gettext("Die Beteiligung ist veröffentlicht."), "success")
    except RoundFrozen:
        flash(gettext("Die Beteiligung war schon veröffentlicht."), "info")
    except NotComplete as gap:
        flash(words_of(gap), "warning")
        return _check_page(_draft(slug), form, 422)
    return see_other(url_for(".show", slug=slug))


@bp.post("/<slug>/ruecknahme")
@needs("staff")
def take_back(slug: str) -> ResponseReturnValue:
    """Make a published round a draft again, before it opens."""
    try:
        commands.take_back(session(), round_id=_draft(slug).id, by=person_id(), clock=clock)
        flash(gettext("Die Beteiligung ist wieder ein Entwurf."), "success")
    except RoundBegun as begun:
        flash(words_of(begun), "warning")
    return see_other(url_for(".show", slug=slug))


def _is_admin() -> bool:
    somebody = viewer()
    return somebody is not None and Role.ADMIN in somebody.roles


def _slug(form: RoundForm, slug: str) -> str:
    """Return the short name under which the round stands now."""
    return slug_of(form.slug.data) if form.slug.data else slug


def _draft(slug: str) -> queries.DraftPage:
    return queries.draft_page(session(), slug=slug, person_id=person_id(), now=now())


def _check_page(draft: queries.DraftPage, form: PublishForm, status: int) -> ResponseReturnValue:
    if not draft.is_editable:
        raise RoundFrozen()
    versions = {line.version_id: line for line in _versions()}
    version = versions.get(draft.draft.concept_version_id or NO_VERSION)
    told = {"draft": draft, "form": form, "gaps": draft.gaps(now()), "version": version}
    return page("rounds/check.html", status, **told, rule=draft.rule, methods=METHOD_LABELS)


def _save(draft: queries.DraftPage, form: RoundForm) -> None:
    commands.edit_round(
        session(),
        round_id=draft.id,
        draft=form.draft(),
        slug=form.slug.data or None,
        seen=form.seen.data or "",
        by=person_id(),
        clock=clock,
    )


def _choices(form: RoundForm, kept: int | None = None) -> RoundForm:
    """Offer offices, versions and lines for projects; ``kept`` too, since staff of one round sees no versions."""
    form.offer_projects()
    form.office_id.choices = offered((office.id, plain_words(office.name)) for office in _offices())
    lines = [(NO_VERSION, gettext("noch keine"))]
    lines += [(line.version_id, _version_label(line)) for line in _versions()]
    if kept is not None and kept not in dict(lines):
        lines.append((kept, gettext("wie bisher")))
    form.concept_version_id.choices = offered(lines)
    return form


def _version_label(line: concepts.ConceptLine) -> str:
    return gettext("%(title)s, Fassung %(number)s", title=plain_words(line.title), number=line.number)


def _offices() -> tuple[concepts.OfficeLine, ...]:
    return concepts.offices_of(session(), person_id=person_id(), now=now())


def _versions() -> tuple[concepts.ConceptLine, ...]:
    return concepts.versions_of(session(), person_id=person_id(), now=now())


def _refuse_name(form: Any, fact: Fact) -> None:
    form.slug.errors = [*form.slug.errors, words_of(fact)]
