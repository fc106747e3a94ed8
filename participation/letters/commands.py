"""Putting letters into the outbox."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import uuid4

from sqlalchemy.orm import Session

from participation.foundation.db import insert
from participation.letters.models import Letter


def post_letter(
    session: Session,
    *,
    template: str,
    to_address: str,
    language: str,
    about: str,
    now: datetime,
    facts: dict[str, Any] | None = None,
    to_name: str = "",
) -> None:
    """Add a letter to the outbox, in the transaction of what it tells of; the worker sends it.

    The same template to the same address about the same thing goes out once.

    :param template: name under ``templates/<room>/letters/``, as ``accounts/letters/register``
    :param about: what it is about: ``decision:7``
    :param facts: what the template words; JSON; blanked once sent
    """
    row = insert(session, Letter).values(
        template=template,
        to_address=to_address,
        to_name=to_name,
        language=language,
        facts=facts or {},
        about=about,
        message_id=f"<{uuid4()}@beteiligung>",
        created_at=now,
        next_try_at=now,
        attempts=0,
    )
    session.execute(row.on_conflict_do_nothing(index_elements=["template", "to_address", "about"]))
