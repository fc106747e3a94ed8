"""How often signals are right, on real texts: ``python -m tests.bench.signals`` prints the table of the documentation.

Held because of a text means: a listed word of the proposal, or three and more links. First contributions, guests, bursts
and likeness say nothing about a text alone and are left out.
"""

from __future__ import annotations

import csv
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from participation.contributions.signals import Circumstances, hints, proposal, signals
from tests.engines import ROOT

DATA = ROOT.parent / "shared" / "data"
Judge = Callable[[str], bool]


@dataclass(frozen=True)
class Figures:
    """What a judge said of texts that people had judged before."""

    right: int
    """Offensive texts that it found."""
    wrong: int
    """Other texts that it found."""
    offensive: int
    other: int

    @property
    def recall(self) -> float:
        """The share of the offensive texts that it found."""
        return self.right / self.offensive

    @property
    def false_positives(self) -> float:
        """The share of the other texts that it found."""
        return self.wrong / self.other

    @property
    def precision(self) -> float:
        """The share of what it found that is offensive."""
        return self.right / (self.right + self.wrong)


# ── Texts ─────────────────────────────────────────────────────────────────────────────────────────────────────────────
def tweets(folder: Path = DATA) -> dict[str, list[str]]:
    """Return the tweets of the training set by their coarse label, ``OFFENSE`` or ``OTHER``."""
    found: dict[str, list[str]] = {"OFFENSE": [], "OTHER": []}
    for line in (folder / "german-moderation" / "germeval2018.training.txt").read_text("utf-8").splitlines():
        text, coarse, _ = line.split("\t")
        found[coarse].append(text)
    return found


def contributions(folder: Path = DATA) -> dict[str, list[str]]:
    """Return the real contributions of two cities: sentences joined, title and text joined."""
    return {"Moers": _moers(folder / "german-participation"), "Ottensen": _ottensen(folder / "german-participation")}


def _moers(folder: Path) -> list[str]:
    sentences: dict[str, list[str]] = {}
    with (folder / "cimt-Cycling-Dialogue-Moers.tsv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE):
            sentences.setdefault(row["document_id"], []).append(row["content"])
    return [" ".join(some) for some in sentences.values()]


def _ottensen(folder: Path) -> list[str]:
    with (folder / "cimt-Ottensen-thematic.csv").open(encoding="utf-8", newline="") as file:
        return [f"{row['title']}\n{row['text']}" for row in csv.DictReader(file)]


def foreign_words(folder: Path = DATA) -> list[str]:
    """Return the list of 66 words that the baselines are measured with."""
    return (folder / "german-moderation" / "ldnoobw-de.txt").read_text("utf-8").lower().split("\n")[:-1]


# ── Judges ────────────────────────────────────────────────────────────────────────────────────────────────────────────
def whole_words(words: Iterable[str]) -> Judge:
    """Find any of the words as a whole, capitals or not."""
    pattern = re.compile(rf"\b(?:{'|'.join(map(re.escape, words))})\b", re.IGNORECASE)
    return lambda text: bool(pattern.search(text))


def parts_of_words(words: Sequence[str]) -> Judge:
    """Find any of the words, also as part of another one."""
    return lambda text: any(word in text.lower() for word in words)


def held(text: str) -> bool:
    """Say whether a text is held because of what it says, with the proposed lists."""
    return bool(signals(text, proposal(), "de", Circumstances()))


def hinted(text: str) -> bool:
    """Say whether something is pointed out before the text is sent."""
    return bool(hints(text, proposal(), "de"))


def measured(judge: Judge, texts: dict[str, list[str]]) -> Figures:
    """Let a judge read the tweets."""
    right, wrong = (sum(map(judge, texts[label])) for label in ("OFFENSE", "OTHER"))
    return Figures(right, wrong, len(texts["OFFENSE"]), len(texts["OTHER"]))


def main() -> int:
    """Print the tables of docs/moderation-signals.md."""
    if not DATA.is_dir():
        print("The real texts lie in ../shared/data, which is missing.")
        return 1
    print("\n".join(table()))
    return 0


def table(folder: Path = DATA) -> list[str]:
    """Return the tables as lines of Markdown."""
    words, judged = foreign_words(folder), tweets(folder)
    judges = {
        "66 words of others, whole": whole_words(words),
        "66 words of others, as parts of words": parts_of_words(words),
        "the proposed lists": held,
    }
    lines = [
        "| 5,009 tweets | offensive found | other found | recall | precision | false positives |",
        "|---|---|---|---|---|---|",
    ]
    for name, judge in judges.items():
        one = measured(judge, judged)
        shares = " | ".join(f"{share:.2%}" for share in (one.recall, one.precision, one.false_positives))
        lines.append(f"| {name} | {one.right} of {one.offensive:,} | {one.wrong} of {one.other:,} | {shares} |")
    return [*lines, "", *_civic(contributions(folder), parts_of_words(words))]


def _civic(texts: dict[str, list[str]], naive: Judge) -> list[str]:
    everything = {**texts, "both": [text for some in texts.values() for text in some]}
    lines = [
        "| real contributions | number | held | why | pointed out | parts of words would hold |",
        "|---|---|---|---|---|---|",
    ]
    for name, some in everything.items():
        found = [one for text in some for one in signals(text, proposal(), "de", Circumstances())]
        why = ", ".join(f"{kind}: {number}" for kind, number in Counter(str(one.kind) for one in found).items()) or "–"
        number, told, parts = (sum(map(judge, some)) for judge in (held, hinted, naive))
        share = f"{number} ({number / len(some):.2%})"
        lines.append(f"| {name} | {len(some):,} | {share} | {why} | {told} | {parts} ({parts / len(some):.1%}) |")
    return lines


if __name__ == "__main__":
    sys.exit(main())
