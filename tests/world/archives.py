"""Words about archives: a contest that was voted on, logged and counted, without a database; and how to forge one."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from typing import Any

from participation.foundation.lots import draw
from participation.voting.archive import DAY_ONE, Archive, OpenBallot, write_archive
from participation.voting.count import Decision, Votes, count, undecided
from participation.voting.facts import Asked
from participation.voting.ledger import batch_order, canonical, cast_leaf, commitment, receipt, void_leaf
from participation.voting.logic import why_invalid
from participation.voting.merkle import Tree
from participation.voting.notes import Signer, grow_checkpoint, prove

CONTEST = "runde-1"
ORIGIN = f"beteiligung.example/abstimmungen/{CONTEST}"
SIGNER = Signer(ORIGIN, bytes(range(32)))
SLUGS = ("brunnen", "spielplatz", "radweg", "baeume", "bank")
SCALE = [{"value": value, "label": {"de": f"Stufe {value}"}} for value in (0, 1, 2, 3)]
TERMS: dict[str, dict[str, Any]] = {
    "approval": {},
    "selection": {"most": 3, "none": True, "seats": 2},
    "points": {"points": 10, "most_per_option": 6, "seats": 1, "ballots_public": True},
    "importance": {"scale": SCALE},
    "ranking": {"ballots_public": True},
    "budget": {"sum": 60_000, "within_sum": True, "none": True, "unit": "EUR", "ballots_public": True},
}
METHODS = tuple(TERMS)
COSTS = dict(zip(SLUGS, (30_000, 20_000, 45_000, 5_000, 20_000), strict=True))


@dataclass(frozen=True)
class Voted:
    """A contest with its archive, and with the receipt of each ballot that stands and of some that do not."""

    archive: Archive
    ballots: list[OpenBallot]
    void: list[OpenBallot]
    tree: Tree

    def receipt(self, ballot: OpenBallot, **changes: Any) -> str:
        slip = receipt(contest=CONTEST, question=ballot.question, nonce=ballot.nonce, choice=ballot.choice)
        return canonical({**json.loads(slip), **changes})

    def proof(self, ballot: OpenBallot) -> str:
        leaves = list(self.archive.leaves)
        extra = self.receipt(ballot).encode()
        index = leaves.index(cast_leaf(ballot.commitment))
        return prove(self.tree, index=index, checkpoint=self.archive.checkpoints[-1], extra=extra).text


def a_rule_sheet(method: str, questions: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Frozen rules: each question with its terms."""
    offered = ("dafuer", "dagegen", "enthaltung") if method == "approval" else SLUGS
    options = [{"slug": slug, "label": {"de": slug.title()}} for slug in offered]
    if method == "budget":
        options = [{**option, "cost": COSTS[str(option["slug"])]} for option in options]
    asked = [
        {"slug": slug, "title": {"de": slug}, "terms": terms, "options": options} for slug, terms in questions.items()
    ]
    return {"contest": CONTEST, "method": method, "receipts": True, "log_key": SIGNER.verifier_key, "questions": asked}


def a_choice(chance: Random, asked: Asked) -> Any:
    """A choice that holds, taken blindly."""
    while True:
        choice = _any_choice(chance, asked)
        if why_invalid(choice, asked) is None:
            return choice


def _any_choice(chance: Random, asked: Asked) -> Any:
    some = [option for option in asked.options if chance.random() < 0.5]
    match asked.method:
        case "approval":
            return chance.choice(asked.options)
        case "points":
            return {option: chance.randrange(1, 7) for option in some}
        case "importance":
            return {option: chance.choice(asked.values) for option in some}
        case "ranking":
            return _any_ranking(chance, asked)
    return some


def _any_ranking(chance: Random, asked: Asked) -> list[Any]:
    """A ranking, now and then with skipped, shared and repeated ranks."""
    ranks: list[Any] = chance.sample(asked.options, chance.randrange(1, len(asked.options) + 1))
    for odd in (None, None, None, [*asked.options[1:3]], [*asked.options[:2]], asked.options[0]):
        if chance.random() < 0.25:
            ranks.insert(chance.randrange(len(ranks) + 1), odd)
    return ranks


def a_ballot(chance: Random, question: str, choice: Any, kind: str = "account") -> OpenBallot:
    written, nonce = canonical(choice), chance.randbytes(16)
    promise = commitment(contest=CONTEST, question=question, nonce=nonce, choice=written)
    return OpenBallot(question, written, nonce, promise, kind)


def a_voted_contest(
    method: str = "approval",
    *,
    seed: int = 1,
    ballots: Mapping[str, int] | None = None,
    terms: Mapping[str, Any] | None = None,
    batch: int = 25,
    paper: int = 0,
) -> Voted:
    """A contest with so many ballots on each question; every fifth voter changed their mind."""
    chance = Random(seed)
    wanted = ballots or {"netze": 60, "bildung": 40}
    rules = a_rule_sheet(method, {question: {**TERMS[method], **(terms or {})} for question in wanted})
    standing, void, log = [], [], []
    for question, number in wanted.items():
        asked = Asked.of(rules, question)
        for place in range(number):
            ballot = a_ballot(chance, question, a_choice(chance, asked), "paper" if place < paper else "account")
            log.append(cast_leaf(ballot.commitment))
            if place % 5 == 4:
                void.append(ballot)
                ballot = a_ballot(chance, question, a_choice(chance, asked), ballot.kind)
                log += [void_leaf(void[-1].commitment), cast_leaf(ballot.commitment)]
            standing.append(ballot)
    leaves, checkpoints = _logged(log, batch)
    standing.sort(key=lambda one: one.commitment)
    results = {"contest": CONTEST, "method": method, "questions": _results(rules, standing)}
    papers = dict.fromkeys(wanted, paper)
    archive = Archive(CONTEST, rules, results, dict(wanted), checkpoints, leaves, standing, papers)
    return Voted(archive, standing, void, Tree(leaves))


def _logged(log: list[bytes], batch: int) -> tuple[list[bytes], list[str]]:
    """Append what waits in batches. What is struck out waits for the batch after its cast."""
    leaves: list[bytes] = []
    checkpoints: list[str] = []
    late: list[bytes] = []
    for start in range(0, len(log), batch):
        waiting = log[start : start + batch]
        voids = [leaf for leaf in waiting if leaf.startswith(b"void")]
        leaves += batch_order([*late, *(leaf for leaf in waiting if leaf not in voids)])
        late = voids
        checkpoints.append(_grown(leaves, checkpoints))
    if late or not checkpoints:
        leaves += batch_order(late)
        checkpoints.append(_grown(leaves, checkpoints))
    return leaves, checkpoints


def _grown(leaves: list[bytes], checkpoints: list[str]) -> str:
    return grow_checkpoint(SIGNER, last=checkpoints[-1] if checkpoints else None, tree=Tree(leaves))


def _results(rules: dict[str, Any], ballots: list[OpenBallot]) -> dict[str, Any]:
    """Count, and settle each tie by lot, except every second one, which staff decides."""
    asked = {question["slug"]: Asked.of(rules, question["slug"]) for question in rules["questions"]}
    votes = [Votes(ballot.question, ballot.choice) for ballot in ballots]
    decided: dict[str, dict[tuple[str, ...], Decision]] = {question: {} for question in asked}
    while True:
        counted = count(asked, votes, decided)
        open_ties = {question: tie for question, figures in counted.items() if (tie := undecided(figures))}
        if not open_ties:
            break
        for question, tie in open_ties.items():
            between = tuple(tie["between"])
            decided[question][between] = _settled(question, between, len(decided[question]))
    labels = {option["slug"]: option["label"] for question in rules["questions"] for option in question["options"]}
    return {
        question: {
            **figures,
            "options": [{**option, "label": labels[option["slug"]]} for option in figures["options"]],
            "participants": figures["ballots"],
        }
        for question, figures in counted.items()
    }


def _settled(question: str, between: tuple[str, ...], number: int) -> Decision:
    if number % 2:
        return Decision(between[::-1], "staff", None, "Beschluss des Ausschusses")
    drawn = draw(seed="4 8 15 16 23 42", about=f"{CONTEST}/{question}/{','.join(between)}", names=between)
    return Decision(tuple(drawn), "lot", "4 8 15 16 23 42", None)


# ── Files ─────────────────────────────────────────────────────────────────────────────────────────────────────────────
def written(voted: Voted, folder: Path, *, whole: bool = False, **changes: Any) -> Path:
    """Write the archive and return where it lies."""
    path = folder / "contest-runde-1.zip"
    write_archive(path, replace(voted.archive, **changes), signer=SIGNER, whole=whole)
    return path


def unpacked(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as packed:
        return {name: packed.read(name) for name in packed.namelist()}


def forged(path: Path, changes: Mapping[str, bytes | None], *, signer: Signer | None = None) -> Path:
    """Write the archive anew with other content in some files; with ``signer`` as its maker could, signed again."""
    files = {**unpacked(path), **changes}
    kept = {name: content for name, content in files.items() if content is not None}
    if signer is not None:
        apart = {"SHA256SUMS", "SHA256SUMS.note"}
        sums = [f"{hashlib.sha256(kept[name]).hexdigest()}  {name}\n" for name in sorted(set(kept) - apart)]
        kept |= {"SHA256SUMS": "".join(sums).encode(), "SHA256SUMS.note": signer.sign("".join(sums)).encode()}
    target = path.with_name("forged.zip")
    target.write_bytes(zipped(list(kept.items())))
    return target


def zipped(files: list[tuple[str, bytes]], packing: int = zipfile.ZIP_STORED) -> bytes:
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", packing) as packed:
        for name, content in files:
            packed.writestr(zipfile.ZipInfo(name, DAY_ONE), content, packing)
    return whole.getvalue()
