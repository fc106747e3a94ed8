"""What a text gives reason to look at: whole words, links, numbers, likeness; and what it does not."""

from __future__ import annotations

import re
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from participation.accounts.facts import network_of
from participation.contributions import signals as module
from participation.contributions.facts import (
    HINTS,
    LONGEST_TEXT,
    REASONS,
    SIGNALS,
    EntryNotUsable,
    Hint,
    ListLanguage,
    Signal,
    TooManyEntries,
)
from participation.contributions.signals import (
    ALIKE,
    MOST_ENTRIES,
    Circumstances,
    alike,
    entries,
    hints,
    links,
    listed_words,
    proposal,
    signals,
)

LISTS = {"de": ("Idiot*", "Arschlöcher", "halt die Fresse", "Mösch"), "en": ("twit",), "mul": ("Online-Casino",)}
CALM = "Auf dem Platz vor dem Rathaus fehlen Bäume, Bänke und ein Brunnen für die Kinder aus dem Viertel."


def words_in(text: str, language: str = "de") -> tuple[str, ...]:
    return listed_words(text, LISTS, language)


def kinds(text: str, around: Circumstances | None = None) -> set[str]:
    return {str(one.kind) for one in signals(text, LISTS, "de", around or Circumstances())}


def hinted(text: str) -> set[str]:
    return {str(one.kind) for one in hints(text, LISTS, "de")}


# ── Listed words ──────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    "text",
    [
        "Du Idiot!",
        "IDIOT",
        "(idiot)",
        "Nachbar-Idiot",
        "Ihr\nIdioten",
        "des Idioten Haus",
        "eine Idiotin",
        "Idi\u00adot",
    ],
)
def test_a_listed_word_is_found_however_it_is_written(text: str) -> None:
    assert words_in(text)


@pytest.mark.parametrize(
    "text",
    ["idiotisch", "Idiotie", "idiotensicher", "Vollidiot", "Idiotentest", "patriotidiot", "twit", "I dio t", "idi ot"],
)
def test_parts_of_words_and_longer_words_are_not_found(text: str) -> None:
    """A star stands for inflection; »twit« is on the English list alone."""
    assert words_in(text) == ()


@pytest.mark.parametrize(
    "text", ["Arschlöcher", "ARSCHLÖCHER", "arschloecher", "Arschlo\u0308cher", "Arsch\u200blöcher"]
)
def test_umlauts_transcriptions_and_invisible_signs_make_no_difference(text: str) -> None:
    assert words_in(f"So ein Satz über {text}, ja.") == ("Arschlöcher",)
    assert words_in("Arschlocher") == ()


def test_without_a_star_the_word_is_found_as_it_is() -> None:
    assert words_in("Arschlöchern") == ()


@pytest.mark.parametrize("text", ["I d i o t", "du I.d.i.o.t!", "i-d-i-o-t-e-n", "I_d_i_o_t", "*I*d*i*o*t*"])
def test_words_spelled_out_letter_by_letter_are_read(text: str) -> None:
    assert words_in(text)


@pytest.mark.parametrize(
    "text", ["z. B. i. d. R.", "I  d  i  o  t", "Id iot", "Plan A b c d", "i d i o t i s c h", "1 2 3 4"]
)
def test_spaces_alone_make_no_listed_word(text: str) -> None:
    assert words_in(text) == ()


def test_several_words_are_found_one_after_the_other_only() -> None:
    assert words_in("Ach, halt  die\nFresse du") == ("halt die Fresse",)
    assert words_in("halt die große Fresse") == ()
    assert words_in("halt die") == ()
    assert words_in("bestes online casino hier") == ("Online-Casino",)


def test_each_list_is_for_its_pages_and_one_for_all() -> None:
    assert words_in("what a twit", "en") == ("twit",)
    assert words_in("Idiot", "en") == ()
    assert words_in("Online-Casino", "en") == ("Online-Casino",)


def test_a_word_is_named_once_however_often_it_stands_there() -> None:
    assert words_in("Idiot, Idiot und noch ein Idiot") == ("Idiot",)


# ── Lists as typed ────────────────────────────────────────────────────────────────────────────────────────────────────
def test_entries_are_lines_each_once_and_in_their_order() -> None:
    assert entries(" b  c \n\naa*\r\nb c\n") == ("b c", "aa*")


@pytest.mark.parametrize("line", ["*", "a", "a*", "…", "*wort", "wo*rt", "x" * 61, "a b c d e f g"])
def test_an_entry_that_matches_anything_or_nothing_is_refused_by_name(line: str) -> None:
    with pytest.raises(EntryNotUsable) as refusal:
        entries(f"gut\n{line}")
    assert refusal.value.values == {"entry": line}


def test_a_list_has_an_end() -> None:
    many = [f"wort{number}" for number in range(MOST_ENTRIES + 1)]
    assert len(entries("\n".join(many[:-1]))) == MOST_ENTRIES
    with pytest.raises(TooManyEntries):
        entries("\n".join(many))


def test_the_proposal_is_made_of_usable_entries_and_names_no_politics() -> None:
    lists = proposal()
    assert set(lists) == set(ListLanguage)
    for words in lists.values():
        assert entries("\n".join(words)) == words
    everything = " ".join(word.lower() for words in lists.values() for word in words)
    assert not re.search(
        r"\b(afd|cdu|spd|grün|fdp|link|rechts|islam|moslem|christ|jude\b|zensur|lüge|verräter)", everything
    )


# ── Links ─────────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_links_are_counted_as_often_as_they_stand_there() -> None:
    text = "Siehe https://example.org/a, www.example.org/b und example.com."
    assert len(links(text)) == 3
    assert kinds(text) == {"links"}
    assert kinds(text.replace("und example.com.", "und mehr.")) == set()
    assert len(links("http://a.example " * 5)) == 5


@pytest.mark.parametrize(
    "text", ["name@example.org", "z.B. so", "am 1.2.2026", "plan.pdf", "Ende.Dekoration", "u.a.m."]
)
def test_what_is_no_link_is_not_counted(text: str) -> None:
    assert links(f"{text} {text} {text}") == ()


# ── Hints ─────────────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    "number", ["0234 910-0", "(0234) 9101234", "+49 234 9101234", "0049 234/910 12 34", "01711234567"]
)
def test_a_phone_number_is_pointed_out(number: str) -> None:
    assert hinted(f"Rufen Sie mich an: {number} bitte.") == {"phone"}
    assert kinds(f"Rufen Sie mich an: {number} bitte.") == set()


@pytest.mark.parametrize(
    "number",
    [
        "01.06.2026",
        "01/06/2026",
        "44787 Bochum",
        "08:00-18:00",
        "0,5",
        "2020/2021",
        "Vorlage 20210316",
        "01-06-2026",
        "B1/054",
    ],
)
def test_dates_times_and_other_numbers_are_no_phone_numbers(number: str) -> None:
    assert hinted(f"Das steht in {number} und gilt weiter.") == set()


def test_an_address_is_pointed_out() -> None:
    assert hinted("Schreiben Sie an Ada.Oe-1+x@mail.example.org, gern.") == {"email"}
    assert hinted("Treffen @ Rathaus, 5 € @Stück") == set()


def test_shouting_is_pointed_out_and_a_loud_word_is_not() -> None:
    assert hinted("DAS IST DOCH ALLES UNMÖGLICH, WAS IHR DA PLANT!") == {"capitals"}
    assert hinted("Das ist WIRKLICH nicht gut, auch die ÖPNV-Linie NE4 und der VRR nicht.") == set()
    assert hinted("BOGESTRA UND VRR") == set()
    assert hinted("これはとても長い文章ですがおおもじではありませんよねそうでしょう") == set()


def test_a_listed_word_is_pointed_out_and_held() -> None:
    assert (hinted("Du Idiot, Du"), kinds("Du Idiot, Du")) == ({"listed_word"}, {"listed_word"})


# ── Likeness ──────────────────────────────────────────────────────────────────────────────────────────────────────────
SPAM = "Heute 500 Euro gewinnen: Melden Sie sich jetzt an und holen Sie den großen Bonus für neue Spieler ab."


def test_what_is_like_something_withheld_is_held() -> None:
    again = SPAM.replace("500", "750").replace("großen", "GROSSEN")
    assert alike(SPAM, again) > ALIKE
    assert kinds(again, Circumstances(withheld=[CALM, SPAM])) == {"likeness"}


def test_another_price_is_not_another_text() -> None:
    assert alike(SPAM, SPAM.replace("500", "750")) == 1.0
    assert alike(SPAM, SPAM.replace("500", "75000")) < 1.0


def test_other_words_on_the_same_matter_are_not_alike() -> None:
    other = "Für die Kinder aus dem Viertel fehlt auf dem Platz vor dem Rathaus ein Brunnen, und mehr Schatten."
    assert kinds(other, Circumstances(withheld=[CALM])) == set()


def test_short_texts_are_not_compared() -> None:
    assert kinds("Das finde ich gut so.", Circumstances(withheld=["Das finde ich gut so."])) == set()


# ── Circumstances ─────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("around", "found"),
    [
        (Circumstances(), set()),
        (Circumstances(first=2, published=1), {"first"}),
        (Circumstances(first=2, published=2), set()),
        (Circumstances(first=0, published=0), set()),
        (Circumstances(is_guest=True, published=99, first=3), {"guest"}),
        (Circumstances(noticed=(Signal.BURST,)), {"burst"}),
        (Circumstances(noticed=(Signal.CROWD, Signal.BURST), first=1), {"first", "crowd", "burst"}),
    ],
)
def test_what_is_known_of_author_and_place_is_told_apart(around: Circumstances, found: set[str]) -> None:
    assert kinds(CALM, around) == found


def test_every_hint_and_signal_has_its_words() -> None:
    assert set(HINTS) == set(Hint)
    assert set(SIGNALS) == set(REASONS) == set(Signal)


def test_a_household_is_one_network_and_a_town_is_not() -> None:
    """Addresses of IPv6 belong to a household by their first half; IPv4 written as IPv6 is the same address."""
    assert network_of("2001:db8:1:2::7") == network_of("2001:db8:1:2:ffff::1")
    assert network_of("2001:db8:1:2::7") != network_of("2001:db8:1:3::7")
    assert network_of("::ffff:192.0.2.1") == network_of("192.0.2.1") != network_of("::ffff:192.0.2.2")


# ── Hostile text ──────────────────────────────────────────────────────────────────────────────────────────────────────
SIGNS = st.sampled_from(
    ["a", "I", "d", " ", ".", "-", "_", "*", "0", "+", "(", "@", "/", "w", "ä", "\u0308", "\u200b", "\n"]
)
WORDS = st.sampled_from(["idiot", "halt die ", "http://", "www.", ".de", "a.", "0 ", "@a", "I d ", "\ud7ff", "𝕀diot"])


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.text(max_size=600), st.lists(st.one_of(SIGNS, WORDS), max_size=400).map("".join)))
def test_no_text_breaks_anything(text: str) -> None:
    around = Circumstances(withheld=[text, text[::-1]])
    for language in ("de", "en", "tlh"):
        found = (*hints(text, LISTS, language), *signals(text, LISTS, language, around))
        assert all(one.what for one in found)
    assert 0 <= alike(text, text) <= 1


@settings(max_examples=60, deadline=None)
@given(st.lists(st.one_of(SIGNS, WORDS), min_size=1, max_size=5).map("".join))
def test_one_thing_after_the_other_is_read_to_the_end(piece: str) -> None:
    """The longest text of one repeated piece, which is what an expression that goes back too often would choke on."""
    text = (piece * LONGEST_TEXT)[:LONGEST_TEXT]
    hints(text, LISTS, "de")
    signals(text, LISTS, "de", Circumstances(withheld=[text]))


def test_no_expression_goes_on_without_end() -> None:
    """Each repetition is bounded or is a single class of signs, so that time grows with the length of a text alone."""
    patterns = [one.pattern for one in vars(module).values() if isinstance(one, re.Pattern)]
    assert len(patterns) > 4
    assert not [pattern for pattern in patterns if _open_repetitions(pattern)]


def _open_repetitions(pattern: str) -> Sequence[str]:
    """Return repetitions without an end, but for an expression that is nothing else than one class of signs."""
    if re.fullmatch(r"\[[^\]]+\][+*]", pattern):
        return []
    return re.findall(r"(?:\]|\)|\w)(?:[+*]|\{\d*,\})(?!\])", re.sub(r"\[[^\]]*\]", "[]", pattern).replace(r"\+", ""))
