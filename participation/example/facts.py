"""Reasons why example data or an import is refused. They are said in the shell, so they stand in no catalogue."""

from __future__ import annotations

from participation.foundation.facts import Fact, Refused, Unprocessable


class ExampleInProduction(Refused):
    """The example has known passwords, so it stays out of production."""

    sentence = "Die Beispieldaten haben bekannte Passwörter und werden im echten Betrieb (PARTICIPATION_ENV=production) nicht geladen."


class Damaged(Unprocessable):
    """A file of an import does not hold what it should; nothing of the import was written."""

    sentence = "%(file)s, Zeile %(line)s: Diese Zeile ist nicht lesbar. Es wurde nichts übernommen."


class FileGone(Damaged):
    """A file of the set is not there or cannot be opened."""

    sentence = "%(file)s: Die Datei fehlt oder lässt sich nicht öffnen. Es wurde nichts übernommen."


class NotUtf8(Damaged):
    """Some byte is no part of a UTF-8 text."""

    sentence = "%(file)s, Zeile %(line)s: Der Text ist nicht in UTF-8 geschrieben. Es wurde nichts übernommen."


class HoldsNul(Damaged):
    """There is a NUL in the text, which no database column takes."""

    sentence = "%(file)s, Zeile %(line)s: Die Zeile enthält ein NUL-Zeichen. Es wurde nichts übernommen."


class ColumnGone(Damaged):
    """The first line does not name a column that is needed."""

    sentence = "%(file)s, Zeile %(line)s: Die Spalte »%(column)s« fehlt. Es wurde nichts übernommen."


class WrongWidth(Damaged):
    """A line has more or fewer columns than the first one."""

    sentence = "%(file)s, Zeile %(line)s: Hier stehen %(found)s Spalten, es müssten %(expected)s sein. Es wurde nichts übernommen."


class NoNumber(Damaged):
    """A number is expected and something else is there."""

    sentence = "%(file)s, Zeile %(line)s: »%(value)s« in der Spalte »%(column)s« ist keine brauchbare Zahl. Es wurde nichts übernommen."


class NotOneOf(Damaged):
    """The value is none of those that mean something."""

    sentence = "%(file)s, Zeile %(line)s: »%(value)s« in der Spalte »%(column)s« ist keiner der Werte %(allowed)s. Es wurde nichts übernommen."


class NoSuchMoment(Damaged):
    """A time stamp lies before the year 2000 or in the future; probably it does not count milliseconds."""

    sentence = "%(file)s, Zeile %(line)s: Der Zeitpunkt »%(value)s« liegt vor dem Jahr 2000 oder in der Zukunft. Es wurde nichts übernommen."


class UnknownStatement(Damaged):
    """A vote is about a statement that the set does not hold."""

    sentence = "%(file)s, Zeile %(line)s: Eine Aussage mit der Nummer %(value)s gibt es in comments.csv nicht. Es wurde nichts übernommen."


class StatementTwice(Damaged):
    """Two statements have the same number."""

    sentence = "%(file)s, Zeile %(line)s: Die Nummer %(value)s kommt ein zweites Mal vor. Es wurde nichts übernommen."


class NothingThere(Damaged):
    """A text that is needed is empty."""

    sentence = "%(file)s, Zeile %(line)s: »%(column)s« ist leer. Es wurde nichts übernommen."


class SlugBelongsElsewhere(Fact):
    """A round of another origin has this short name."""

    sentence = "Unter dem Kurznamen »%(slug)s« gibt es schon eine andere Beteiligung. Bitte wählen Sie einen anderen. Es wurde nichts übernommen."


class ImportedElsewhere(Fact):
    """The same set was imported under another short name."""

    sentence = "»%(source)s« wurde schon als Beteiligung »%(slug)s« übernommen und nicht noch einmal. Es wurde nichts geändert."


class SlugNotUsable(Unprocessable):
    """The short name would not make an address."""

    sentence = "»%(slug)s« geht nicht als Kurzname. Erlaubt sind Kleinbuchstaben, Ziffern und Bindestriche."
