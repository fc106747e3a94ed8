"""Signals: what a text and its circumstances give reason to look at. Never a verdict, never a score.

Pure: texts and facts in, findings out. Every expression is bounded, so that time grows with the length of a text alone.
What is looked for, why, and how often it is right, says docs/moderation-signals.md.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cache, lru_cache
from pathlib import Path

from participation.contributions.facts import (
    EntryNotUsable,
    Finding,
    Hint,
    ListLanguage,
    Signal,
    TooManyEntries,
    Words,
)

MANY_LINKS = 3
MOST_ENTRIES = 500
LONGEST_ENTRY, MOST_WORDS_OF_ENTRY = 60, 6

LITTLE_WHILE = timedelta(minutes=10)
BURST = 8
"""Texts of one account in a little while, beyond which the next ones wait. Nobody is locked out."""
CROWD = 120
"""Texts from one network in a little while. Schools, town halls and mobile networks share one address among hundreds:
four classes that write a text each at once stay below it."""

LOUD_LETTERS, LOUD_SHARE = 25, 0.7
"""From so many letters on, and from this share of capitals on, a text looks like shouting."""

COMPARABLE_WORDS, ALIKE = 8, 0.6
"""Shorter texts are not compared, since half a sentence can be anybody's; and how alike two texts are, 0 to 1."""
COMPARED = 100
"""The newest withheld texts of a window that a new one is compared with."""


@dataclass(frozen=True)
class Circumstances:
    """What is known of an author and a place, besides the text."""

    is_guest: bool = False
    published: int = 0
    """Public contributions of the account, here and elsewhere, the one in question left out."""
    first: int = 0
    """How many first contributions of an account the office reads before they are public."""
    noticed: tuple[Signal, ...] = ()
    """What the page noticed on the way: a burst, a crowd."""
    withheld: Sequence[str] = ()
    """Texts withheld in the same window."""


def hints(text: str, words: Words, language: str) -> tuple[Finding, ...]:
    """Return what to point out to the author before a text is sent."""
    found = {
        Hint.CAPITALS: _shouted(text),
        Hint.PHONE: _phone_numbers(text),
        Hint.EMAIL: tuple(one.group() for one in _EMAIL.finditer(text)),
        Hint.LISTED_WORD: listed_words(text, words, language),
    }
    return tuple(Finding(kind, what) for kind, what in found.items() if what)


def signals(text: str, words: Words, language: str, around: Circumstances) -> tuple[Finding, ...]:
    """Return why moderation should read a text before it is public; empty for nearly all of them."""
    urls = links(text)
    found = {
        Signal.LISTED_WORD: listed_words(text, words, language),
        Signal.LINKS: urls if len(urls) >= MANY_LINKS else (),
        Signal.LIKENESS: _likest(text, around.withheld),
    }
    from_text = [Finding(kind, what) for kind, what in found.items() if what]
    holds = {Signal.GUEST: around.is_guest, Signal.FIRST: not around.is_guest and around.published < around.first}
    holds |= dict.fromkeys(around.noticed, True)
    return (*from_text, *(Finding(kind) for kind, so in holds.items() if so))


# ── Words ─────────────────────────────────────────────────────────────────────────────────────────────────────────────
ENDINGS = ("", "e", "em", "en", "er", "ern", "es", "ens", "in", "innen", "n", "ns", "s")
"""What a star at the end of an entry stands for: German inflection, nothing longer."""

_UNFOLD = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue"})
_WORD = re.compile(r"[^\W_]+")
_SPACED = re.compile(r"(?<![^\W_])(?:[^\W_][ .\-_*]){3,40}[^\W_](?![^\W_])")
"""Single letters with one sign between each two of them: »I d i o t«, »I.d.i.o.t«."""


def listed_words(text: str, words: Words, language: str) -> tuple[str, ...]:
    """Return the entries of the lists that a text holds, each once, as staff wrote them but for the star.

    Whole words only: as parts of words, listed ones would be found in every fourth honest text. Umlauts match their
    transcriptions, capitals and invisible signs make no difference, and words spelled out letter by letter are read.
    """
    index = _index((*words.get(language, ()), *words.get(ListLanguage.ALL, ())))
    if not index:
        return ()
    tokens = _words_of(text)
    spelled = ["".join(_WORD.findall(run)) for run in _SPACED.findall(fold(text))]
    found = [_match(index, tokens, at) for at in range(len(tokens))]
    found += [_match(index, [word], 0) for word in spelled]
    return tuple(dict.fromkeys(one for one in found if one))


def entries(typed: str) -> tuple[str, ...]:
    """Return the entries of a word list as staff typed it, one a line, each once.

    :raises EntryNotUsable: naming the first line that would match anything, nothing, or whole sentences
    :raises TooManyEntries: beyond what anybody keeps in view
    """
    lines = tuple(dict.fromkeys(" ".join(line.split()) for line in typed.splitlines() if line.strip()))
    for line in lines:
        if len(line) > LONGEST_ENTRY or not 1 <= len(_words_of(line)) <= MOST_WORDS_OF_ENTRY:
            raise EntryNotUsable(entry=line)
        if len("".join(_words_of(line))) < 2 or "*" in line[:-1]:
            raise EntryNotUsable(entry=line)
    if len(lines) > MOST_ENTRIES:
        raise TooManyEntries(most=MOST_ENTRIES)
    return lines


def fold(text: str) -> str:
    """Return a text as it is compared: small letters, umlauts transcribed, without accents and invisible signs."""
    plain = unicodedata.normalize("NFKC", text).casefold().translate(_UNFOLD)
    return "".join(sign for sign in unicodedata.normalize("NFD", plain) if unicodedata.category(sign) not in _UNSEEN)


_UNSEEN = {"Cf", "Mn", "Me"}
_Index = dict[str, list[tuple[tuple[str, ...], str]]]


def _words_of(text: str) -> list[str]:
    return _WORD.findall(fold(text))


@lru_cache(maxsize=64)
def _index(listed: tuple[str, ...]) -> _Index:
    """Return the entries, with every form that they may take, by their first word."""
    index: _Index = {}
    for entry in listed:
        *begin, last = _words_of(entry)
        for ending in ENDINGS if entry.endswith("*") else ("",):
            words = (*begin, last + ending)
            index.setdefault(words[0], []).append((words, entry.rstrip("*")))
    return index


def _match(index: _Index, tokens: Sequence[str], at: int) -> str | None:
    for words, entry in index.get(tokens[at], ()):
        if tuple(tokens[at : at + len(words)]) == words:
            return entry
    return None


# ── Links, numbers, addresses, capitals ───────────────────────────────────────────────────────────────────────────────
_LINK = re.compile(
    r"(?<![\w@.])(?:https?://|www\.)[^\s<>\"]{2,2000}"
    r"|(?<![\w@.\-])(?:[a-z0-9\-]{2,63}\.){1,4}(?:de|com|org|net|eu|info|io|at|ch|xyz|top|shop|site|online|club|ru)(?![\w\-])",
    re.IGNORECASE,
)
_EMAIL = re.compile(r"(?<![\w.+\-])[\w.+\-]{1,64}@[\w\-]{1,63}(?:\.[\w\-]{1,63}){1,4}")
_PHONE = re.compile(r"(?<![\w/.,:\-])(?:\+|\(?0)[\d ()/\-]{5,22}\d(?![\w,:]|\.\d)")
_DATE = re.compile(r"\d{1,2}([/\-])\d{1,2}\1\d{2,4}")
_PHONE_DIGITS = range(7, 16)


def links(text: str) -> tuple[str, ...]:
    """Return the links of a text, each as often as it stands there; also bare names of sites."""
    return tuple(one.group().rstrip(".,;:!?)") for one in _LINK.finditer(text))


def _phone_numbers(text: str) -> tuple[str, ...]:
    found = (one.group() for one in _PHONE.finditer(text))
    numbers = (one for one in found if not _DATE.fullmatch(one))
    return tuple(one for one in numbers if sum(sign.isdigit() for sign in one) in _PHONE_DIGITS)


def _shouted(text: str) -> tuple[str, ...]:
    letters = [sign for sign in text if sign.isalpha() and (sign.isupper() or sign.islower())]
    loud = sum(sign.isupper() for sign in letters)
    if len(letters) < LOUD_LETTERS or loud < LOUD_SHARE * len(letters):
        return ()
    return (" ".join(text.split())[:40],)


# ── Likeness ──────────────────────────────────────────────────────────────────────────────────────────────────────────
Runs = frozenset[tuple[str, ...]]


def _likest(text: str, others: Sequence[str]) -> tuple[str, ...]:
    """Return the first text that this one is alike, if there is one."""
    mine = _runs(text)
    return next(((other,) for other in others if mine and _share(mine, _runs(other)) >= ALIKE), ())


def alike(text: str, other: str) -> float:
    """Return how alike two texts are: the share of their runs of three words that both hold (Jaccard), 0 to 1.

    Digits are all the same, so that a changed price does not make another text of it. Short texts are not compared.
    """
    return _share(_runs(text), _runs(other))


def _share(mine: Runs, theirs: Runs) -> float:
    return len(mine & theirs) / len(mine | theirs) if mine and theirs else 0.0


def _runs(text: str) -> Runs:
    words = [_DIGIT.sub("0", word) for word in _words_of(text)]
    if len(words) < COMPARABLE_WORDS:
        return frozenset()
    return frozenset(zip(words, words[1:], words[2:], strict=False))


_DIGIT = re.compile(r"\d")


# ── A proposal for the lists ──────────────────────────────────────────────────────────────────────────────────────────
_PROPOSED = Path(__file__).parent / "data"


@cache
def proposal() -> Words:
    """Return lists to begin with, for staff to change: insults of persons and groups, and phrases of advertising.

    No party, movement or religion, and no word of political dispute: opinions are free (Art. 5 GG).
    """
    return {one: entries((_PROPOSED / f"words-{one}.txt").read_text("utf-8")) for one in ListLanguage}
