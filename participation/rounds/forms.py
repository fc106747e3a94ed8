"""The forms of a round: one page for the draft, one tick before publishing."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, HiddenField, RadioField, SelectField
from wtforms.validators import Optional, ValidationError

from participation.concepts.forms import offered
from participation.foundation.clock import berlin
from participation.foundation.forms import Form, LineField, MomentField, TextField, required, variants
from participation.rounds.facts import EFFECTS, LEVEL_SENTENCES, LEVELS, Effect, Level, PartDraft, RoundDraft

NO_LEVEL = ""
NO_VERSION = 0


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
        )


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
    }


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

    read = BooleanField(_l("Ich habe die Hinweise gelesen und möchte so veröffentlichen."), [required()])


def _check_order(opens: datetime | None, closes: datetime | None) -> None:
    if opens is not None and closes is not None and closes <= opens:
        raise ValidationError(_l("Das Ende muss nach dem Beginn liegen."))


def _part(opens: MomentField, closes: MomentField, effect: RadioField) -> PartDraft:
    assert opens.moment is not None and closes.moment is not None
    return PartDraft(opens.moment, closes.moment, Effect(effect.data))
