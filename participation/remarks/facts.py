"""Lengths, in which language a ready-made reason is put in, and reasons why something is not kept."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from participation.foundation.facts import Fact, Missing, Unprocessable, marked

LONGEST_TITLE, LONGEST_TEMPLATE = 80, 900
"""Both languages of a template, one under the other, leave room in a reason of 2,000 signs."""
LONGEST_NOTE, LONGEST_TASK = 2000, 500
MOST_TEMPLATES = 60
"""As many an office keeps at once, so that people still find one in the list."""
MOST_SHOWN = 50
"""More notes, tasks or retired templates than this are not shown on one page, the newest first."""
GERMAN, ENGLISH = "de", "en"
IN_LANGUAGES = {
    (GERMAN,): marked("auf Deutsch"),
    (ENGLISH,): marked("auf Englisch"),
    (GERMAN, ENGLISH): marked("auf Deutsch und Englisch"),
}


class TitleTaken(Fact):
    """Another template of this office that is still offered has the same title."""

    sentence = marked("Einen Textbaustein mit diesem Titel gibt es schon.")


class TemplateChangedMeanwhile(Fact):
    """Somebody else saved this template, or retired it, after the page was opened."""

    sentence = marked(
        "Jemand anderes hat diesen Textbaustein inzwischen geändert. Ihre Fassung ist nicht gespeichert. Bitte"
        " vergleichen Sie und speichern Sie dann noch einmal."
    )


class TooManyTemplates(Unprocessable):
    """The list would get too long to choose from."""

    sentence = marked(
        "Mehr als %(most)s Textbausteine sind nicht möglich. Bitte nehmen Sie erst einen aus der Auswahl."
    )


class NoSuchTemplate(Missing):
    """There is no such template in an office that this person leads rounds for."""

    sentence = marked("Diesen Textbaustein gibt es hier nicht.")


class NothingWritten(Unprocessable):
    """A note or task without a word."""

    sentence = marked("Bitte schreiben Sie etwas.")


class NotTheirRound(Unprocessable):
    """Who is to do it does not moderate this round, or not any more."""

    sentence = marked("Diese Person moderiert diese Beteiligung nicht. Bitte wählen Sie eine andere.")


class DayOver(Unprocessable):
    """A task would be overdue from the start."""

    sentence = marked("Dieser Tag ist schon vorbei. Bitte wählen Sie einen Tag ab heute.")


class NoSuchTask(Missing):
    """There is no such task in the rounds that this person moderates."""

    sentence = marked("Diese Aufgabe gibt es hier nicht.")


class AlreadyDone(Fact):
    """Somebody did it before."""

    sentence = marked("Die Aufgabe ist schon erledigt.")


class StillOpen(Fact):
    """Nobody said that it was done."""

    sentence = marked("Die Aufgabe ist schon offen.")


def wording(text: Mapping[str, str], languages: Collection[str]) -> tuple[str, tuple[str, ...]]:
    """Return a template as people with these languages get it, and in which languages that is.

    Everybody gets their own, German where there is no other. Where both are needed for one reason, both stand in it.
    """
    tags = tuple(tag for tag in (GERMAN, ENGLISH) if text.get(tag) and tag in languages) or (GERMAN,)
    return "\n\n".join(text[tag] for tag in tags), tags


def put_in(reason: str, text: str) -> str:
    """Return a reason with a template under what was typed before; nothing typed is lost."""
    return f"{reason.rstrip()}\n\n{text}" if reason.strip() else text
