"""How long an archive may take, and reasons why there is none."""

from __future__ import annotations

from datetime import timedelta

from participation.foundation.facts import Missing, marked

LEASE = timedelta(hours=1)
"""So long nobody else begins an archive that somebody is making."""


class NoArchiveYet(Missing):
    """The result is not released, or the archive is still being made."""

    sentence = marked("Das Archiv dieser Abstimmung gibt es noch nicht. Es erscheint nach der Veröffentlichung.")


class ArchiveUnsound(Exception):
    """What is to be archived does not fit together, or the archive did not pass its own verifier: there is none."""
