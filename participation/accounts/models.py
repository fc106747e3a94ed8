"""Persons and offices, how they sign in, and what they meant to do before."""

from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from participation.accounts.facts import LANGUAGES, LinkPurpose
from participation.foundation.model import Base, BigId, Moment, Variants, one_of


class Office(Base):
    """A department of the city."""

    __tablename__ = "office"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    slug: Mapped[str] = mapped_column(unique=True)
    name: Mapped[dict[str, str]] = mapped_column(Variants)


class Person(Base):
    """Somebody with an account. Emptied at erasure, never deleted, so that acts keep counting."""

    __tablename__ = "person"
    __table_args__ = (
        CheckConstraint("email = lower(email)", name="email_lower"),
        CheckConstraint("(erased_at IS NULL) = (email IS NOT NULL)", name="erased_is_empty"),
        CheckConstraint("erased_at IS NULL OR (password_hash IS NULL AND name IS NULL)", name="erased_keeps_nothing"),
        CheckConstraint(one_of("language", LANGUAGES), name="language"),
    )

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True, default=uuid4)
    email: Mapped[str | None] = mapped_column(unique=True)
    name: Mapped[str | None]
    """The name last shown beside a contribution; chosen freely, never taken from the address."""
    language: Mapped[str] = mapped_column(default="de")
    password_hash: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(Moment)
    disabled_at: Mapped[datetime | None] = mapped_column(Moment)
    erased_at: Mapped[datetime | None] = mapped_column(Moment)


class Consent(Base):
    """That a person agreed to a version of the terms and said to be sixteen at least."""

    __tablename__ = "consent"

    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id", ondelete="RESTRICT"), primary_key=True)
    terms_version: Mapped[str] = mapped_column(primary_key=True)
    given_at: Mapped[datetime] = mapped_column(Moment)


class SignIn(Base):
    """One session on one device; deleting or ending the row ends the session at once."""

    __tablename__ = "sign_in"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    token_hash: Mapped[str] = mapped_column(unique=True)
    """SHA-256 of the random token in the cookie, so that the table alone opens no session."""
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id", ondelete="RESTRICT"), index=True)
    created_at: Mapped[datetime] = mapped_column(Moment)
    expires_at: Mapped[datetime] = mapped_column(Moment)
    ended_at: Mapped[datetime | None] = mapped_column(Moment)
    device: Mapped[str] = mapped_column(default="")
    """A few words about the browser, so that a person knows which session to end."""


class Intent(Base):
    """What somebody meant to send before signing in: path and fields, kept a day at most. Never a vote's choice."""

    __tablename__ = "intent"

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True, default=uuid4)
    path: Mapped[str]
    method: Mapped[str]
    fields: Mapped[dict[str, Any]] = mapped_column(JSON)
    person_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id", ondelete="RESTRICT"), index=True)
    created_at: Mapped[datetime] = mapped_column(Moment, index=True)


class MailLink(Base):
    """A link sent by mail, good once and for a short time."""

    __tablename__ = "mail_link"
    __table_args__ = (CheckConstraint(one_of("purpose", LinkPurpose), name="purpose"),)

    token_hash: Mapped[str] = mapped_column(primary_key=True)
    purpose: Mapped[str]
    email: Mapped[str]
    language: Mapped[str]
    intent_id: Mapped[UUID | None] = mapped_column(ForeignKey("intent.id", ondelete="SET NULL"))
    terms_version: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(Moment, index=True)
    expires_at: Mapped[datetime] = mapped_column(Moment)
    used_at: Mapped[datetime | None] = mapped_column(Moment)
    used_by: Mapped[str | None]
    """SHA-256 of a random mark of the browser that used it, whose second tap comes a moment later."""
