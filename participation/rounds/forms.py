"""The forms of a round: one page for the draft, one tick before publishing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, FieldList, FormField, HiddenField, RadioField, SelectField
from wtforms.validators import InputRequired, Optional, StopValidation, ValidationError

from participation.concepts.forms import offered
from participation.foundation.clock import berlin
from participation.foundation.forms import Form, LineField, MomentField, TextField, WholeField, required, variants
from participation.foundation.i18n import plain_words
from participation.rounds.facts import (
    EFFECTS,
    LEVEL_SENTENCES,
    LEVELS,
    METHOD_SENTENCES,
    Effect,
    Level,
    PartDraft,
    Project,
    RoundDraft,
    Way,
)
from participation.voting.facts import METHOD_LABELS, SCALES, Method

NO_LEVEL = ""
NO_VERSION = 0
MOST_OPTIONS = 100
MOST_PROJECTS = 60
EMPTY_PROJECTS = 4
"""How many empty lines for further projects a form offers."""

MOST_EUROS = 10**12
SEATS = _l("Nur, wenn das Ergebnis Gewinner nennen soll. Leer gelassen: Es zeigt allein die Zahlen.")

TERMS_IN_FIELDS: dict[Method, dict[str, str]] = {
    Method.SELECTION: {"selection_most": "most", "selection_seats": "seats"},
    Method.POINTS: {"points_total": "points", "points_most": "most_per_option", "points_seats": "seats"},
    Method.RANKING: {"ranking_most": "most_ranks"},
    Method.BUDGET: {"budget_sum": "sum", "budget_most": "most"},
}
"""Which term of a method stands in which field."""


def _levels() -> list[Any]:
    return offered((str(level), _l(LEVELS[level]) + ": " + _l(LEVEL_SENTENCES[level])) for level in Level)


def _effects() -> list[Any]:
    return offered((str(effect), _l(EFFECTS[effect])) for effect in Effect)


def _moderation() -> list[Any]:
    return offered(
        (
            ("nein", _l("Beiträge erscheinen sofort. Geprüft wird, was gemeldet wird.")),
            ("ja", _l("Beiträge erscheinen erst, wenn die Moderation sie gelesen hat.")),
        )
    )


def _interim() -> list[Any]:
    return offered(
        (
            ("nein", _l("Verborgen bis zum Ergebnis.")),
            ("ja", _l("Summen von Haltungen und Bewertungen sind von Anfang an zu sehen.")),
        )
    )


def _methods() -> list[Any]:
    return offered((str(method), _l(METHOD_LABELS[method]) + ": " + _l(METHOD_SENTENCES[method])) for method in Method)


def _none() -> list[Any]:
    return offered((("ja", _l("Steht als Antwort zur Wahl.")), ("nein", _l("Steht nicht zur Wahl."))))


def _scales() -> list[Any]:
    return offered((str(steps), " – ".join(plain_words(step["label"]) for step in SCALES[steps])) for steps in (5, 3))


def _within() -> list[Any]:
    return offered(
        (
            ("ja", _l("Vorhaben, die zusammen in die Summe passen.")),
            ("nein", _l("Beliebig viele. Erst bei der Auszählung zählt die Summe.")),
        )
    )


def _ballots() -> list[Any]:
    return offered(
        (
            ("", _l("Wie üblich: bei Auswahl und Wichtigkeit jeder Stimmzettel ohne Namen, sonst nur die Summen.")),
            ("ja", _l("Jeder Stimmzettel ohne Namen. So können alle nachzählen.")),
            ("nein", _l("Nur die Summen. Die Stimmzettel bekommt allein die Prüfung.")),
        )
    )


def _receipts() -> list[Any]:
    return offered(
        (
            ("ja", _l("Ja. Wer abstimmt, kann einen Beleg behalten und damit nachprüfen, dass die Stimme zählt.")),
            ("nein", _l("Nein. Niemand kann beweisen, wie sie oder er gestimmt hat.")),
        )
    )


def _ties() -> list[Any]:
    return offered(
        (
            ("lot", _l("Das Los, aus einem Text, den niemand wählen konnte.")),
            ("staff", _l("Ihre Stelle entscheidet, mit öffentlichem Grund.")),
        )
    )


def of(method: Method) -> Callable[[Any, Any], None]:
    """Return the check that leaves a field alone where another way to vote is chosen."""

    def check(form: Any, field: Any) -> None:
        if form.vote_method.data != method:
            field.errors[:] = []
            raise StopValidation()

    return check


class ProjectForm(Form):
    """One project of a budget; an empty line is left out."""

    label_de = LineField(_l("Vorhaben"), most=150)
    label_en = LineField(_l("Auf Englisch"), most=150)
    cost = WholeField(_l("Kosten in Euro"), least=0, most=MOST_EUROS)

    @property
    def is_filled(self) -> bool:
        """Whether something stands in the line."""
        return bool(self.label_de.data or self.label_en.data or self.cost.data)

    def validate_label_de(self, field: Any) -> None:
        """Refuse a project without a German name, to which everything falls back."""
        if self.is_filled and not field.data:
            raise ValidationError(_l("Bitte nennen Sie dieses Vorhaben auf Deutsch."))

    def project(self) -> Project:
        """Return what was typed."""
        return Project(variants(self.label_de, self.label_en), self.cost.number)


class ProjectList(FieldList):
    """The lines of a budget; where another way to vote is chosen, nobody is bothered with them."""

    def validate(self, form: Any, extra_validators: Any = ()) -> bool:
        """Check the lines of a budget."""
        return form.vote_method.data != Method.BUDGET or bool(super().validate(form, extra_validators))


class RoundForm(Form):
    """Everything that is written down of a round. A draft may have gaps; the task list names them."""

    seen = HiddenField()
    office_id = SelectField(_l("Stelle"), coerce=int)
    title_de = LineField(_l("Titel"), [required()], most=150)
    title_en = LineField(_l("Titel auf Englisch"), most=150)
    slug = LineField(
        _l("Kurzname in der Adresse"),
        most=60,
        description=_l("Bleibt nach dem Veröffentlichen, wie er ist. Leer gelassen, entsteht er aus dem Titel."),
    )
    summary_de = TextField(_l("Worum es geht"), most=2000, description=_l("In einfachen Worten, ein Absatz."))
    summary_en = TextField(_l("Worum es geht, auf Englisch"), most=2000)
    mandate_de = TextField(
        _l("Auftrag"), most=2000, description=_l("Der Beschluss oder Auftrag, der die Beteiligung ausgelöst hat.")
    )
    mandate_en = TextField(_l("Auftrag auf Englisch"), most=2000)
    influence_de = TextField(_l("Was Sie beeinflussen können"), most=4000, description=_l("Auch, was schon feststeht."))
    influence_en = TextField(_l("Was Sie beeinflussen können, auf Englisch"), most=4000)
    decided_by_de = LineField(_l("Wer entscheidet"), most=300)
    decided_by_en = LineField(_l("Wer entscheidet, auf Englisch"), most=300)
    level = RadioField(_l("Stufe"), [Optional()], choices=_levels)
    concept_version_id = SelectField(_l("Konzept und Fassung"), coerce=int)
    talk_opens_at = MomentField(_l("Beginn der Diskussion"), [required()])
    talk_closes_at = MomentField(_l("Ende der Diskussion"), [required()])
    talk_effect = RadioField(_l("Wirkung der Diskussion"), [required()], choices=_effects)
    vote_opens_at = MomentField(_l("Beginn der Abstimmung"), [required()])
    vote_closes_at = MomentField(_l("Ende der Abstimmung"), [required()])
    vote_effect = RadioField(_l("Wirkung der Abstimmung"), [required()], choices=_effects)
    vote_method = RadioField(_l("Wie abgestimmt wird"), choices=_methods, default=str(Method.APPROVAL))
    vote_question_de = LineField(
        _l("Frage"), most=200, description=_l("Zum Beispiel: »Was soll die Stadt zuerst angehen?«")
    )
    vote_question_en = LineField(_l("Frage auf Englisch"), most=200)
    selection_most = WholeField(_l("So viele dürfen gewählt werden"), [of(Method.SELECTION)], most=MOST_OPTIONS)
    selection_none = RadioField(_l("»Keine davon«"), choices=_none, default="ja")
    selection_seats = WholeField(_l("So viele gewinnen"), [of(Method.SELECTION)], most=MOST_OPTIONS, description=SEATS)
    points_total = WholeField(_l("Punkte, die alle zu vergeben haben"), [of(Method.POINTS)], most=1000)
    points_most = WholeField(
        _l("Höchstens auf eine Möglichkeit"),
        [of(Method.POINTS)],
        most=1000,
        description=_l("Leer gelassen: alle Punkte auf eine."),
    )
    points_seats = WholeField(_l("So viele gewinnen"), [of(Method.POINTS)], most=MOST_OPTIONS, description=SEATS)
    importance_scale = RadioField(_l("Skala"), choices=_scales, default="5")
    ranking_most = WholeField(
        _l("So viele Ränge gibt es"),
        [of(Method.RANKING)],
        most=MOST_OPTIONS,
        description=_l("Leer gelassen: so viele wie Möglichkeiten. Mehr als fünf sind auf dem Telefon mühsam."),
    )
    budget_sum = WholeField(
        _l("Summe in Euro"), [of(Method.BUDGET)], most=MOST_EUROS, description=_l("Ohne Cent, zum Beispiel 100.000.")
    )
    budget_within = RadioField(_l("Was man wählen darf"), choices=_within, default="ja")
    budget_most = WholeField(
        _l("Höchstens so viele Vorhaben"),
        [of(Method.BUDGET)],
        most=MOST_OPTIONS,
        description=_l("Leer gelassen: so viele, wie man möchte."),
    )
    projects = ProjectList(FormField(ProjectForm), _l("Vorhaben"), max_entries=MOST_PROJECTS)
    vote_ballots = RadioField(_l("Was nach dem Ende veröffentlicht wird"), choices=_ballots, default="")
    vote_ties = RadioField(_l("Bei Gleichstand"), choices=_ties, default="lot")
    receipts = RadioField(
        _l("Belege"),
        choices=_receipts,
        default="ja",
        description=_l(
            "Ein Beleg zeigt auch die Auswahl. Schalten Sie Belege ab, wo jemand Stimmen kaufen oder erzwingen könnte,"
            " zum Beispiel weil es um viel Geld für wenige geht. Es steht im Regelblatt."
        ),
    )
    release_by = MomentField(
        _l("Das Ergebnis kommt spätestens am"),
        [Optional()],
        description=_l("Leer gelassen: vierzehn Tage nach dem letzten Ende."),
    )
    premoderated = RadioField(_l("Moderation"), [required()], choices=_moderation)
    shows_interim = RadioField(
        _l("Zwischenstände"),
        [required()],
        choices=_interim,
        description=_l("Was gewählt wurde, bleibt in jedem Fall bis zum Ergebnis verborgen."),
    )

    def validate_talk_closes_at(self, field: Any) -> None:
        """Refuse a discussion that ends before it begins."""
        _check_order(self.talk_opens_at.data, field.data)

    def validate_vote_closes_at(self, field: Any) -> None:
        """Refuse a vote that ends before it begins."""
        _check_order(self.vote_opens_at.data, field.data)

    def draft(self) -> RoundDraft:
        """Return what was typed; only after it was validated."""
        return RoundDraft(
            title=variants(self.title_de, self.title_en),
            summary=variants(self.summary_de, self.summary_en),
            mandate=variants(self.mandate_de, self.mandate_en),
            influence=variants(self.influence_de, self.influence_en),
            decided_by=variants(self.decided_by_de, self.decided_by_en),
            level=Level(self.level.data) if self.level.data else None,
            concept_version_id=self.concept_version_id.data or None,
            talk=_part(self.talk_opens_at, self.talk_closes_at, self.talk_effect),
            vote=_part(self.vote_opens_at, self.vote_closes_at, self.vote_effect),
            premoderated=self.premoderated.data == "ja",
            shows_interim=self.shows_interim.data == "ja",
            release_by=self.release_by.moment,
            way=self.way(),
            receipts=self.receipts.data != "nein",
        )

    def way(self) -> Way | None:
        """Return how it is voted on, or None for Zustimmung; only after it was validated."""
        method = Method(self.vote_method.data)
        if method is Method.APPROVAL:
            return None
        terms = {name: value for name, value in self._terms(method).items() if value is not None}
        projects = tuple(line.form.project() for line in self.projects if line.form.is_filled)
        question = variants(self.vote_question_de, self.vote_question_en)
        return Way(method, question, terms, projects if method is Method.BUDGET else ())

    def _terms(self, method: Method) -> dict[str, Any]:
        """Return what a method leaves open, as docs/ways-to-vote.md tells; None for what was left empty."""
        said: dict[str, Any] = {
            "ties": self.vote_ties.data or None,
            "ballots_public": self.vote_ballots.data == "ja" if self.vote_ballots.data else None,
        }
        match method:
            case Method.SELECTION:
                said |= {"most": self.selection_most.number, "seats": self.selection_seats.number}
                said |= {"none": self.selection_none.data == "ja"}
            case Method.POINTS:
                said |= {"points": self.points_total.number, "most_per_option": self.points_most.number}
                said |= {"seats": self.points_seats.number}
            case Method.IMPORTANCE:
                said |= {"scale": SCALES[int(self.importance_scale.data)]}
            case Method.RANKING:
                said |= {"most_ranks": self.ranking_most.number}
            case Method.BUDGET:
                said |= {"sum": self.budget_sum.number, "most": self.budget_most.number, "unit": "EUR", "none": False}
                said |= {"within_sum": self.budget_within.data == "ja"}
        return said

    def offer_projects(self) -> None:
        """Add empty lines for further projects."""
        filled = sum(line.form.is_filled for line in self.projects)
        while len(self.projects) < min(MOST_PROJECTS, filled + EMPTY_PROJECTS):
            self.projects.append_entry()


def fields_of(draft: RoundDraft) -> dict[str, Any]:
    """Return a draft as the fields of its form."""
    texts = ("title", "summary", "mandate", "influence", "decided_by")
    sides = {f"{name}_{tag}": getattr(draft, name).get(tag, "") for name in texts for tag in ("de", "en")}
    times: dict[str, Any] = {}
    for kind, part in draft.parts.items():
        times |= {f"{kind}_opens_at": part.opens_at, f"{kind}_closes_at": part.closes_at, f"{kind}_effect": part.effect}
    return {
        **sides,
        **times,
        "level": draft.level or NO_LEVEL,
        "concept_version_id": draft.concept_version_id or NO_VERSION,
        "release_by": draft.release_by,
        "premoderated": "ja" if draft.premoderated else "nein",
        "shows_interim": "ja" if draft.shows_interim else "nein",
        "receipts": "ja" if draft.receipts else "nein",
        **_fields_of_way(draft.way),
    }


def _fields_of_way(way: Way | None) -> dict[str, Any]:
    """Return a way to vote as fields; those of the other methods stay as a new draft has them."""
    if way is None:
        return {"vote_method": str(Method.APPROVAL)}
    terms = way.terms
    public = terms.get("ballots_public")
    fields: dict[str, Any] = {
        "vote_method": str(way.method),
        "vote_question_de": way.question.get("de", ""),
        "vote_question_en": way.question.get("en", ""),
        "vote_ballots": "" if public is None else "ja" if public else "nein",
        "vote_ties": terms.get("ties", "lot"),
    }
    for field, term in TERMS_IN_FIELDS.get(way.method, {}).items():
        fields[field] = "" if terms.get(term) is None else str(terms[term])
    match way.method:
        case Method.SELECTION:
            fields["selection_none"] = "ja" if terms.get("none") else "nein"
        case Method.IMPORTANCE:
            fields["importance_scale"] = str(len(terms["scale"]))
        case Method.BUDGET:
            fields["budget_within"] = "ja" if terms.get("within_sum") else "nein"
            fields["projects"] = [_fields_of_project(project) for project in way.projects]
    return fields


def _fields_of_project(project: Project) -> dict[str, str]:
    cost = "" if project.cost is None else str(project.cost)
    return {"label_de": project.label.get("de", ""), "label_en": project.label.get("en", ""), "cost": cost}


def suggestion(now: datetime) -> dict[str, Any]:
    """Return what a new draft begins with: open in two weeks, four weeks to talk, one more to vote."""
    first = berlin(now).replace(hour=8, minute=0, second=0, microsecond=0) + timedelta(days=14)
    last = first.replace(hour=18)
    return {
        "talk_opens_at": first,
        "talk_closes_at": last + timedelta(days=28),
        "talk_effect": Effect.INFORMS,
        "vote_opens_at": first,
        "vote_closes_at": last + timedelta(days=35),
        "vote_effect": Effect.RECOMMENDS,
        "premoderated": "nein",
        "shows_interim": "nein",
        "level": Level.CONSULTATION,
    }


class PublishForm(Form):
    """The tick that warnings were read."""

    read = BooleanField(
        _l("Ich habe die Hinweise gelesen und möchte so veröffentlichen."),
        [InputRequired(_l("Bitte bestätigen Sie, dass Sie die Hinweise gelesen haben."))],
    )


def _check_order(opens: datetime | None, closes: datetime | None) -> None:
    if opens is not None and closes is not None and closes <= opens:
        raise ValidationError(_l("Das Ende muss nach dem Beginn liegen."))


def _part(opens: MomentField, closes: MomentField, effect: RadioField) -> PartDraft:
    assert opens.moment is not None and closes.moment is not None
    return PartDraft(opens.moment, closes.moment, Effect(effect.data))
