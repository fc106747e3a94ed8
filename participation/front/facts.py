"""What the error pages say, by status, and what officials may do from here, by role."""

from __future__ import annotations

from dataclasses import dataclass

from participation.foundation.facts import marked


@dataclass(frozen=True)
class Mishap:
    """Something went wrong: what, and what one can do; both marked msgids."""

    title: str
    text: str


MISHAPS = {
    400: Mishap(
        marked("Diese Anfrage ist unvollständig"),
        marked("Ihre Angaben sind nicht richtig angekommen. Laden Sie die Seite neu und versuchen Sie es noch einmal."),
    ),
    403: Mishap(
        marked("Diese Seite ist nicht für Sie freigegeben"),
        marked("Dafür fehlt Ihnen eine Berechtigung. Vielleicht sind Sie mit einem anderen Konto angemeldet."),
    ),
    404: Mishap(
        marked("Diese Seite gibt es nicht"),
        marked("Vielleicht ist die Adresse falsch geschrieben, oder die Seite ist noch nicht veröffentlicht."),
    ),
    405: Mishap(
        marked("So lässt sich diese Seite nicht aufrufen"),
        marked("Gehen Sie zur vorigen Seite zurück und benutzen Sie dort den Knopf oder das Formular."),
    ),
    409: Mishap(
        marked("Das geht gerade nicht"),
        marked("Inzwischen hat sich etwas geändert. Laden Sie die Seite neu und sehen Sie nach, was jetzt gilt."),
    ),
    410: Mishap(
        marked("Das liegt nicht mehr vor"),
        marked("Was Sie suchen, wurde schon erledigt, ist abgelaufen oder wurde gelöscht."),
    ),
    413: Mishap(
        marked("Das ist zu viel auf einmal"),
        marked("Ihre Eingabe ist zu groß. Bitte kürzen Sie den Text und schicken Sie ihn noch einmal ab."),
    ),
    422: Mishap(
        marked("Ihre Eingabe braucht eine Korrektur"),
        marked("Gehen Sie zur vorigen Seite zurück und prüfen Sie Ihre Angaben."),
    ),
    429: Mishap(
        marked("Bitte warten Sie einen Moment"),
        marked("Das waren zu viele Versuche in kurzer Zeit. In ein paar Minuten geht es weiter."),
    ),
    500: Mishap(
        marked("Hier ist ein Fehler passiert"),
        marked("Das liegt nicht an Ihnen. Der Fehler ist festgehalten. Bitte versuchen Sie es später noch einmal."),
    ),
    503: Mishap(
        marked("Gerade sind wir nicht erreichbar"),
        marked("Es dauert meist nur einen Moment. Was Sie geschrieben haben, ist nicht verloren."),
    ),
}


def mishap(status: int) -> Mishap:
    """Return what to say; of an unusual status what its hundred says."""
    return MISHAPS.get(status) or MISHAPS[500 if status >= 500 else 400]


@dataclass(frozen=True)
class Task:
    """Something an official may do: where, and in which words."""

    role: str
    path: str
    title: str
    text: str


TASKS = (
    Task(
        "moderator",
        "/moderation",
        marked("Beiträge prüfen"),
        marked("Gemeldete und zurückgehaltene Beiträge ansehen, veröffentlichen oder mit Begründung zurückhalten."),
    ),
    Task(
        "staff",
        "/verwaltung/runden",
        marked("Beteiligungen führen"),
        marked("Eine Beteiligung vorbereiten, veröffentlichen, auszählen und das Ergebnis freigeben."),
    ),
    Task(
        "staff",
        "/verwaltung/konzepte",
        marked("Konzepte schreiben"),
        marked("Leitthemen, Handlungsfelder und Kernziele verfassen und als Fassung festhalten."),
    ),
    Task(
        "staff",
        "/verwaltung/signale",
        marked("Signale und Prüflisten"),
        marked("Festlegen, was die Moderation liest, bevor es veröffentlicht wird, und es ausprobieren."),
    ),
    Task(
        "staff",
        "/moderation/textbausteine",
        marked("Textbausteine"),
        marked("Begründungen vorbereiten, auf Deutsch und Englisch, die die Moderation einsetzen kann."),
    ),
    Task(
        "audit",
        "/verwaltung/stichproben",
        marked("Stichproben ziehen"),
        marked("Aus den Verzeichnissen beendeter Abstimmungen, um zu prüfen, ob es die Menschen gibt."),
    ),
    Task(
        "safeguard",
        "/moderation/versiegelt",
        marked("Versiegelte Texte"),
        marked("Drohungen lesen, die für die Polizei gesichert sind."),
    ),
    Task(
        "moderator",
        "/moderation/schreibpausen",
        marked("Schreibpausen entscheiden"),
        marked("Bestätigen oder ablehnen, was andere vorschlagen, und Überprüfungen beantworten."),
    ),
    Task(
        "staff",
        "/moderation/notbremsen",
        marked("Notbremsen"),
        marked("Sehen, welche Diskussionen gerade gebremst sind, verlängern oder lösen."),
    ),
    Task(
        "staff",
        "/verwaltung/schreibpausen",
        marked("Rechtsgrundlage für Schreibpausen"),
        marked("Eintragen, was erlaubt, jemanden für eine Zeit vom Schreiben auszunehmen. Ohne sie geht es nicht."),
    ),
    Task(
        "admin",
        "/verwaltung/berechtigungen",
        marked("Berechtigungen vergeben"),
        marked("Kolleg*innen einladen, Rollen für eine Stelle oder eine Beteiligung vergeben und entziehen."),
    ),
    Task(
        "admin",
        "/verwaltung/stellen",
        marked("Ämter und Stellen pflegen"),
        marked("Anlegen und benennen, wer Beteiligungen verantwortet."),
    ),
)


def tasks_for(roles: frozenset[str]) -> tuple[Task, ...]:
    """Return what somebody with these roles may do, in the order of the list."""
    return tuple(task for task in TASKS if task.role in roles)
