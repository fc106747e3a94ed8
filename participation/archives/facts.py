"""How long an archive may take, and reasons why there is none."""

from __future__ import annotations

from datetime import timedelta

from participation.foundation.facts import Fact, Missing, marked

LEASE = timedelta(hours=1)
"""So long nobody else begins an archive that somebody is making."""


class NoArchiveYet(Missing):
    """The result is not released, or the archive is still being made."""

    sentence = marked("Das Archiv dieser Abstimmung gibt es noch nicht. Es erscheint nach der Veröffentlichung.")


class ArchiveLost(Fact):
    """The file is gone from the server; the worker notices within a minute and makes it again."""

    sentence = marked(
        "Die Datei dieses Archivs fehlt gerade auf dem Server. Sie wird aus denselben Stimmen neu erstellt."
        " Bitte laden Sie sie in einigen Minuten herunter."
    )
    status = 503


class ArchiveUnsound(Exception):
    """What is to be archived does not fit together, or the archive did not pass its own verifier: there is none."""
