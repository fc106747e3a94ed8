"""Concepts and their versions; a version that a round asks about is frozen (a trigger keeps it so)."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from participation.foundation.model import Base, BigId, Moment, Variants


class Concept(Base):
    """What a city works out and consults on."""

    __tablename__ = "concept"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    office_id: Mapped[int] = mapped_column(ForeignKey("office.id", ondelete="RESTRICT"), index=True)
    slug: Mapped[str] = mapped_column(unique=True)
    title: Mapped[dict[str, str]] = mapped_column(Variants)


class ConceptVersion(Base):
    """A numbered version. Editable until ``frozen_at``."""

    __tablename__ = "concept_version"
    __table_args__ = (UniqueConstraint("concept_id", "number"), CheckConstraint("number >= 1", name="number"))

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    concept_id: Mapped[int] = mapped_column(ForeignKey("concept.id", ondelete="RESTRICT"))
    number: Mapped[int]
    summary: Mapped[dict[str, str]] = mapped_column(Variants)
    created_at: Mapped[datetime] = mapped_column(Moment)
    frozen_at: Mapped[datetime | None] = mapped_column(Moment)


class Leitthema(Base):
    """A main theme of a version, in its order."""

    __tablename__ = "leitthema"
    __table_args__ = (UniqueConstraint("concept_version_id", "slug"), UniqueConstraint("id", "concept_version_id"))

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    concept_version_id: Mapped[int] = mapped_column(ForeignKey("concept_version.id", ondelete="RESTRICT"))
    slug: Mapped[str]
    position: Mapped[int]
    title: Mapped[dict[str, str]] = mapped_column(Variants)
    text: Mapped[dict[str, str]] = mapped_column(Variants, default=lambda: {"de": ""})
    """A sentence or two under the title; may be empty."""


class HandlungsfeldVersion(Base):
    """A field of action as one version of the concept words it."""

    __tablename__ = "handlungsfeld_version"
    __table_args__ = (
        UniqueConstraint("concept_version_id", "slug"),
        ForeignKeyConstraint(
            ["leitthema_id", "concept_version_id"],
            ["leitthema.id", "leitthema.concept_version_id"],
            ondelete="RESTRICT",
        ),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    concept_version_id: Mapped[int] = mapped_column(ForeignKey("concept_version.id", ondelete="RESTRICT"))
    leitthema_id: Mapped[int] = mapped_column(BigId, index=True)
    slug: Mapped[str]
    position: Mapped[int]
    title: Mapped[dict[str, str]] = mapped_column(Variants)
    text: Mapped[dict[str, str]] = mapped_column(Variants)
    """Markdown."""


class Kernziel(Base):
    """A core goal of a Handlungsfeld."""

    __tablename__ = "kernziel"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    handlungsfeld_version_id: Mapped[int] = mapped_column(
        ForeignKey("handlungsfeld_version.id", ondelete="RESTRICT"), index=True
    )
    position: Mapped[int]
    text: Mapped[dict[str, str]] = mapped_column(Variants)
