"""Where staff writes concepts: the list, one version as a tree, and a form for each text."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, request, url_for
from flask.typing import ResponseReturnValue

from participation.concepts import commands, queries
from participation.concepts.facts import Kind, SlugTaken, StillUsed, TextChangedMeanwhile, VersionFrozen
from participation.concepts.forms import ConceptForm, FieldForm, ThemeForm, offered
from participation.foundation.access import needs
from participation.foundation.facts import Fact
from participation.foundation.i18n import plain_words, words_of
from participation.foundation.web import clock, now, page, person_id, see_other, session

bp = Blueprint("concepts_desk", __name__, template_folder="templates", url_prefix="/verwaltung/konzepte")
Text = dict[str, str]


@bp.get("")
@needs("staff")
def index() -> ResponseReturnValue:
    """List the concepts of one's own offices."""
    return page("concepts/index.html", concepts=queries.concepts_of(session(), person_id=person_id(), now=now()))


@bp.get("/neu")
@needs("staff")
def new() -> ResponseReturnValue:
    """Show the empty form for a concept."""
    return page("concepts/new.html", form=_concept_form(ConceptForm()))


@bp.post("")
@needs("staff")
def create() -> ResponseReturnValue:
    """Add a concept."""
    form = _concept_form(ConceptForm(request.form))
    if not form.validate():
        return page("concepts/new.html", 422, form=form)
    try:
        concept = commands.write_concept(
            session(),
            office_id=form.office_id.data,
            title=form.title(),
            summary=form.summary(),
            by=person_id(),
            clock=clock,
        )
    except SlugTaken as taken:
        return page("concepts/new.html", 422, form=_with_error(form, "title_de", taken))
    return see_other(url_for(".show", slug=concept.slug))


@bp.get("/<slug>")
@needs("staff")
def show(slug: str) -> ResponseReturnValue:
    """Show the newest version of a concept."""
    return page("concepts/concept.html", tree=_tree(slug))


@bp.get("/<slug>/fassungen/<int:number>")
@needs("staff")
def version(slug: str, number: int) -> ResponseReturnValue:
    """Show one version of a concept."""
    return page("concepts/concept.html", tree=_tree(slug, number))


@bp.post("/<slug>/fassungen")
@needs("staff")
def copy(slug: str) -> ResponseReturnValue:
    """Add the next version as a copy of the last one."""
    commands.new_version(session(), concept_id=_tree(slug).concept_id, by=person_id(), clock=clock)
    return see_other(url_for(".show", slug=slug))


@bp.route("/<slug>/bearbeitung", methods=["GET", "POST"])
@needs("staff")
def edit(slug: str) -> ResponseReturnValue:
    """Change title and summary."""
    tree = _tree(slug)
    kept = {"seen": tree.seen} | _sides("title", tree.title) | _sides("summary", tree.summary)
    form = ConceptForm(request.form, data=kept)
    del form.office_id

    def save() -> None:
        commands.edit_concept(
            session(),
            version_id=tree.version_id,
            title=form.title(),
            summary=form.summary(),
            seen=form.seen.data or "",
            by=person_id(),
            clock=clock,
        )

    names = {"tree": tree, "kept": [tree.title, tree.summary], "seen": tree.seen}
    return _edited("concepts/edit.html", form, save, url_for(".show", slug=slug), names)


@bp.get("/<slug>/leitthemen/neu")
@needs("staff")
def new_theme(slug: str) -> ResponseReturnValue:
    """Show the empty form for a Leitthema."""
    return page("concepts/theme.html", form=ThemeForm(), tree=_tree(slug), theme=None)


@bp.post("/<slug>/leitthemen")
@needs("staff")
def add_theme(slug: str) -> ResponseReturnValue:
    """Add a Leitthema."""
    tree, form = _tree(slug), ThemeForm(request.form)

    def save() -> None:
        commands.write_leitthema(
            session(),
            version_id=tree.version_id,
            title=form.title(),
            text=form.text(),
            by=person_id(),
            clock=clock,
        )

    names = {"tree": tree, "theme": None}
    return _edited("concepts/theme.html", form, save, url_for(".show", slug=slug), names)


@bp.route("/<slug>/leitthemen/<int:leitthema_id>", methods=["GET", "POST"])
@needs("staff")
def edit_theme(slug: str, leitthema_id: int) -> ResponseReturnValue:
    """Change a Leitthema."""
    theme = queries.theme_text(session(), leitthema_id=leitthema_id, person_id=person_id(), now=now())
    kept = {"seen": theme.seen} | _sides("title", theme.title) | _sides("text", theme.text)
    form = ThemeForm(request.form, data=kept)

    def save() -> None:
        commands.edit_leitthema(
            session(),
            leitthema_id=leitthema_id,
            title=form.title(),
            text=form.text(),
            seen=form.seen.data or "",
            by=person_id(),
            clock=clock,
        )

    names = {"tree": _tree(slug), "theme": theme, "kept": [theme.title, theme.text], "seen": theme.seen}
    return _edited(
        "concepts/theme.html", form, save, _in_tree(slug, f"leitthema-{leitthema_id}"), names | {"seen": theme.seen}
    )


@bp.get("/<slug>/leitthemen/<int:leitthema_id>/handlungsfelder/neu")
@needs("staff")
def new_field(slug: str, leitthema_id: int) -> ResponseReturnValue:
    """Show the empty form for a Handlungsfeld."""
    tree = _tree(slug)
    form = _field_form(FieldForm(data={"leitthema_id": leitthema_id}), tree)
    form.offer_more()
    return page("concepts/field.html", form=form, tree=tree, field=None, previewed=False)


@bp.post("/<slug>/handlungsfelder")
@needs("staff")
def add_field(slug: str) -> ResponseReturnValue:
    """Add a Handlungsfeld, or show what it will look like."""
    tree = _tree(slug)
    form = _field_form(FieldForm(request.form), tree)

    def save() -> None:
        commands.write_handlungsfeld(
            session(),
            leitthema_id=form.leitthema_id.data,
            title=form.title(),
            text=form.text(),
            kernziele=form.kernziele(),
            by=person_id(),
            clock=clock,
        )

    names = {"tree": tree, "field": None}
    back = _in_tree(slug, f"leitthema-{form.leitthema_id.data}")
    return _edited("concepts/field.html", form, save, back, names)


@bp.route("/<slug>/handlungsfelder/<int:field_id>", methods=["GET", "POST"])
@needs("staff")
def edit_field(slug: str, field_id: int) -> ResponseReturnValue:
    """Change a Handlungsfeld, or show what the change will look like."""
    field = queries.field_text(session(), handlungsfeld_id=field_id, person_id=person_id(), now=now())
    tree = _tree(slug)
    form = _field_form(FieldForm(request.form, data=_kept(field)), tree)

    def save() -> None:
        commands.edit_handlungsfeld(
            session(),
            handlungsfeld_id=field_id,
            leitthema_id=form.leitthema_id.data,
            title=form.title(),
            text=form.text(),
            kernziele=form.kernziele(),
            seen=form.seen.data or "",
            by=person_id(),
            clock=clock,
        )

    names = {"tree": tree, "field": field, "kept": [field.title, field.text, *field.kernziele], "seen": field.seen}
    return _edited(
        "concepts/field.html", form, save, _in_tree(slug, f"handlungsfeld-{field_id}"), names | {"seen": field.seen}
    )


@bp.post("/<slug>/<any(leitthemen, handlungsfelder):kind>/<int:thing_id>/reihenfolge")
@needs("staff")
def move(slug: str, kind: str, thing_id: int) -> ResponseReturnValue:
    """Move a Leitthema or Handlungsfeld one place up or down."""
    wanted = _kind(kind)
    up = request.form.get("richtung") == "hoch"
    commands.reorder(session(), kind=wanted, thing_id=thing_id, up=up, by=person_id(), clock=clock)
    return see_other(_in_tree(slug, f"{wanted}-{thing_id}"))


@bp.post("/<slug>/<any(leitthemen, handlungsfelder):kind>/<int:thing_id>/loeschung")
@needs("staff")
def remove(slug: str, kind: str, thing_id: int) -> ResponseReturnValue:
    """Remove a Handlungsfeld, or a Leitthema without any."""
    try:
        commands.remove(session(), kind=_kind(kind), thing_id=thing_id, by=person_id(), clock=clock)
    except StillUsed as used:
        return page("concepts/concept.html", 422, tree=_tree(slug), trouble=words_of(used))
    return see_other(url_for(".show", slug=slug))


def _tree(slug: str, number: int | None = None) -> queries.Tree:
    return queries.tree_of(session(), slug=slug, number=number, person_id=person_id(), now=now())


def _kind(plural: str) -> Kind:
    return Kind.LEITTHEMA if plural == "leitthemen" else Kind.HANDLUNGSFELD


def _in_tree(slug: str, place: str) -> str:
    return url_for(".show", slug=slug, _anchor=place)


def _concept_form(form: ConceptForm) -> ConceptForm:
    offices = queries.offices_of(session(), person_id=person_id(), now=now())
    form.office_id.choices = offered((office.id, plain_words(office.name)) for office in offices)
    return form


def _field_form(form: FieldForm, tree: queries.Tree) -> FieldForm:
    form.leitthema_id.choices = offered((theme.id, plain_words(theme.title)) for theme in tree.themes)
    return form


def _kept(field: queries.FieldText) -> dict[str, Any]:
    goals = [{"de": goal["de"], "en": goal.get("en", "")} for goal in field.kernziele]
    place = {"seen": field.seen, "leitthema_id": field.leitthema_id, "goals": goals}
    return place | _sides("title", field.title) | _sides("text", field.text)


def _sides(name: str, text: Text) -> dict[str, str]:
    return {f"{name}_de": text["de"], f"{name}_en": text.get("en", "")}


def _with_error(form: Any, name: str, fact: Fact) -> Any:
    form[name].errors = [*form[name].errors, words_of(fact)]
    return form


def _edited(template: str, form: Any, save: Any, back: str, names: dict[str, Any]) -> ResponseReturnValue:
    """Save a form and go back, or show it again with what was typed.

    :param names: for the template; with ``seen``, the fingerprint of what is kept now
    """
    conflict = None
    fits = request.method == "POST" and form.validate()
    previewed = fits and "vorschau" in request.form
    if fits and not previewed:
        try:
            save()
            return see_other(back)
        except SlugTaken as taken:
            _with_error(form, "title_de", taken)
        except (TextChangedMeanwhile, VersionFrozen) as changed:
            # Saving once more, after reading what is there now, shall do.
            form.seen.data, conflict = names.get("seen", ""), words_of(changed)
    if isinstance(form, FieldForm):
        form.offer_more()
    status = 422 if request.method == "POST" else 200
    return page(template, status, form=form, conflict=conflict, previewed=previewed, **names)
