"""Short names made from German titles, and fingerprints."""

from __future__ import annotations

import pytest

from participation.concepts.facts import LONGEST_SLUG, fingerprint, slug_of


@pytest.mark.parametrize(
    ("title", "slug"),
    [
        ("Netz-Infrastruktur", "netz-infrastruktur"),
        ("Digitale Bildung & Teilhabe", "digitale-bildung-und-teilhabe"),
        ("Öffentliche Räume, Straßen, Plätze", "oeffentliche-raeume-strassen-plaetze"),
        ("ÜBERMORGEN", "uebermorgen"),
        ("Café am Ring", "cafe-am-ring"),
        ("  -- Rad -- Fuß --  ", "rad-fuss"),
        ("日本", "ohne-namen"),
        ("", "ohne-namen"),
        ("Neu", "neu-1"),
    ],
)
def test_a_title_makes_a_name_for_addresses(title: str, slug: str) -> None:
    assert slug_of(title) == slug


def test_a_decomposed_umlaut_makes_the_same_name() -> None:
    assert slug_of("Pla\u0308tze") == slug_of("Plätze") == "plaetze"


def test_a_long_title_is_cut_between_words() -> None:
    slug = slug_of("Beteiligung " * 12)
    assert len(slug) <= LONGEST_SLUG and slug.endswith("beteiligung")


def test_one_long_word_is_cut_all_the_same() -> None:
    assert len(slug_of("x" * 200)) == LONGEST_SLUG


def test_a_fingerprint_tells_texts_apart_and_not_the_order_of_languages() -> None:
    assert fingerprint({"de": "a", "en": "b"}) == fingerprint({"en": "b", "de": "a"})
    assert fingerprint({"de": "a"}) != fingerprint({"de": "b"})
    assert fingerprint({"de": "a"}, {"de": "b"}) != fingerprint({"de": "b"}, {"de": "a"})
