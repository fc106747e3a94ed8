"""Prüft das Archiv einer Abstimmung: Anyone can check a vote with this one file and the archive.

Was Sie brauchen: Python 3.10 oder neuer, diese Datei und das Archiv. Sonst nichts, auch kein Netz.

    python verify.py contest-runde-1.zip
    python verify.py contest-runde-1.zip --receipt mein-beleg.json
    python verify.py contest-runde-1.zip --key public_key.txt --checkpoint pruefpunkt-aus-der-mail.txt

Geprüft wird der Reihe nach:

1. Die Dateien sind die, die die Stadt unterschrieben hat (SHA256SUMS).
2. Das Protokoll (log.txt) wurde immer nur fortgeschrieben: Es passt zu jedem der unterschriebenen Prüfpunkte.
3. Die eingetragenen und nicht gestrichenen Stimmen im Protokoll sind genau die Stimmen im Archiv, keine doppelt.
4. Jede Wahl ist nach den Regeln (rules.json) erlaubt.
5. Die Nachzählung ergibt das veröffentlichte Ergebnis (results.json). Wo nicht veröffentlicht ist, was auf den Stimmen
   steht, sagt die Ausgabe, was sich ohne sie prüfen ließ und was nicht.
6. Zu jeder Frage gibt es so viele Stimmen wie Einträge im Verzeichnis der Teilnahmen (roll_count.json).
7. Mit einem Beleg: Die eigene Stimme ist enthalten, mit der eigenen Wahl.

Each failure is one plain sentence (German, English with ``--lang en``), and the exit status is 0 only if all is well.
Nothing here is taken from the platform's own code: the counting is written a second time, from the rules, on purpose.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import re
import sys
import zipfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from fractions import Fraction
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

FEW = 20
"""Below so many ballots on a question only their check numbers and the result are published."""

LARGEST = 2_000_000_000
FILES = {
    "SHA256SUMS",
    "SHA256SUMS.note",
    "ballots.jsonl",
    "log.txt",
    "public_key.txt",
    "results.json",
    "roll_count.json",
    "rules.json",
    "verify.py",
}
CHECKPOINT = re.compile(r"checkpoints/[0-9]{9}\.txt")
SIGNED_APART = {"SHA256SUMS", "SHA256SUMS.note"}
HEX = re.compile(r"[0-9a-f]{64}")
NONCE = re.compile(r"[0-9a-f]{32}")
ODD = (KeyError, TypeError, ValueError, IndexError, AttributeError, ArithmeticError, RecursionError)


class Unsound(Exception):
    """One thing that is wrong, in German and in English."""

    def __init__(self, de: str, en: str) -> None:
        super().__init__(de)
        self.de, self.en = de, en


class Brought(Unsound):
    """Wrong with what the reader brought, a receipt or a checkpoint; it says nothing against the archive."""


ODD_FILE = Unsound(
    "Eine Datei im Archiv ist anders aufgebaut als vereinbart und lässt sich nicht auswerten.",
    "A file in the archive is not built as agreed and cannot be read.",
)
ODD_RECEIPT = Brought(
    "Der Beleg ist anders aufgebaut als vereinbart und lässt sich nicht auswerten.",
    "The receipt is not built as agreed and cannot be read.",
)


class Report:
    """What was found: failures, and what else a reader should know."""

    def __init__(self, lang: str = "de") -> None:
        self.lang = lang
        self.failures: list[str] = []
        self.archive_fails = False
        self.is_partial = False
        self.notes: list[str] = []

    def fail(self, wrong: Unsound) -> None:
        """Add a failure."""
        self.failures.append(self._worded(wrong.de, wrong.en))
        self.archive_fails = self.archive_fails or not isinstance(wrong, Brought)

    def note(self, de: str, en: str) -> None:
        """Add something worth knowing."""
        self.notes.append(self._worded(de, en))

    def _worded(self, de: str, en: str) -> str:
        # Names out of a forged archive must not steer the reader's terminal.
        text = en if self.lang == "en" else de
        return "".join(sign if sign.isprintable() else "?" for sign in text)[:1000]


# ── From the command line ─────────────────────────────────────────────────────────────────────────────────────────────
def main(arguments: Sequence[str] | None = None) -> int:
    """Check an archive, print what was found, and return the exit status: 0 if all is well, else 1."""
    if hasattr(sys.stdout, "reconfigure"):
        # Where the terminal knows no umlauts, they become question marks.
        sys.stdout.reconfigure(errors="replace")
    asked = _command_line(_language(arguments)).parse_args(arguments)
    report = examine(asked.archive, receipt=asked.receipt, key=asked.key, checkpoint=asked.checkpoint, lang=asked.lang)
    try:
        print("\n".join(_told(report)), flush=True)
    except BrokenPipeError:
        # Whoever reads along has read enough.
        sys.stdout = None
    return 1 if report.failures else 0


def _told(report: Report) -> Iterator[str]:
    english = report.lang == "en"
    yield from (f"- {note}" for note in report.notes)
    yield from (f"{'FAILURE' if english else 'FEHLER'}: {failure}" for failure in report.failures)
    if report.archive_fails:
        yield "The archive is NOT in order." if english else "Das Archiv ist NICHT in Ordnung."
    elif report.failures:
        de = "Das Archiv ist in sich in Ordnung, aber was Sie mitgebracht haben, passt nicht dazu."
        yield "The archive is in order in itself, but what you brought does not fit it." if english else de
    elif report.is_partial:
        de = "Das Archiv ist in Ordnung, soweit es sich ohne die verdeckten Stimmen prüfen lässt."
        yield "The archive is in order, as far as one can check without the ballots withheld." if english else de
    else:
        yield "The archive is in order." if english else "Das Archiv ist in Ordnung."


HELP = {
    "": ("Prüft das Archiv einer Abstimmung.", "Checks the archive of a vote."),
    "archive": ("das Archiv, contest-….zip", "the archive, contest-….zip"),
    "--receipt": (
        "Ihr Beleg, oder ein Beweis von der Seite »Beleg prüfen«",
        "your receipt, or a proof of the check page",
    ),
    "--key": (
        "öffentlicher Schlüssel aus anderer Quelle (Text oder Datei)",
        "public key from another source (text or file)",
    ),
    "--checkpoint": ("ein Prüfpunkt, den Sie früher erhalten haben", "a checkpoint that you received earlier"),
    "--lang": ("Sprache, language: de, en", "Sprache, language: de, en"),
    "--help": ("zeigt diese Hilfe", "shows this help"),
}
"""What the shell is told of each argument, in German and in English; of the program itself first."""


def _language(arguments: Sequence[str] | None) -> str:
    """Return the language that is asked for, before anything is said."""
    line = argparse.ArgumentParser(add_help=False)
    line.add_argument("--lang", nargs="?")
    return "en" if line.parse_known_args(arguments)[0].lang == "en" else "de"


def _command_line(lang: str) -> argparse.ArgumentParser:
    told = {name: both[lang == "en"] for name, both in HELP.items()}
    shape = argparse.HelpFormatter if lang == "en" else _GermanHelp
    line = argparse.ArgumentParser(prog="verify.py", description=told[""], formatter_class=shape, add_help=False)
    given = line.add_argument_group("arguments" if lang == "en" else "Angaben")
    given.add_argument("archive", help=told["archive"])
    for name in ("--receipt", "--key", "--checkpoint"):
        given.add_argument(name, help=told[name])
    given.add_argument("--lang", choices=("de", "en"), default="de", help=told["--lang"])
    given.add_argument("-h", "--help", action="help", help=told["--help"])
    return line


class _GermanHelp(argparse.HelpFormatter):
    """Says in German how the program is called."""

    def add_usage(self, usage: Any, actions: Any, groups: Any, prefix: Any = None) -> None:
        """Add the line that says so."""
        super().add_usage(usage, actions, groups, prefix or "Aufruf: ")


def examine(
    archive: str | Path,
    *,
    receipt: str | Path | None = None,
    key: str | None = None,
    checkpoint: str | Path | None = None,
    lang: str = "de",
) -> Report:
    """Check an archive, and with it a receipt or an older checkpoint if they are given. Never raises.

    :param key: the public key as published elsewhere, or a file that holds it
    """
    report = Report(lang)
    try:
        files = read_archive(Path(archive))
        signer = check_signature(files, key)
        vote = Vote(files, signer)
    except Unsound as wrong:
        report.fail(wrong)
        return report
    _introduce(vote, report, key)
    for check in CHECKS:
        _run(partial(check, vote), report)
    if checkpoint is not None:
        _run(partial(check_older_checkpoint, vote, Path(checkpoint), report), report)
    if receipt is not None:
        _run(partial(check_receipt, vote, Path(receipt), report), report, odd=ODD_RECEIPT)
    if not report.archive_fails:
        _conclude(vote, report)
    return report


def _run(check: Callable[[], Iterable[Unsound]], report: Report, most: int = 20, odd: Unsound = ODD_FILE) -> None:
    """Run one check. After twenty failures of one kind the rest is only counted.

    :param odd: what to say if something is built so oddly that the check stumbles
    """
    more = 0
    try:
        for number, wrong in enumerate(check()):
            if number < most:
                report.fail(wrong)
            else:
                more += 1
    except Unsound as wrong:
        report.fail(wrong)
    except ODD:
        report.fail(odd)
    if more:
        report.fail(Unsound(f"Und {more} weitere Fehler dieser Art.", f"And {more} more failures of this kind."))


def _introduce(vote: Vote, report: Report, key: str | None) -> None:
    report.note(
        f"Abstimmung »{vote.contest}«, Prüfsumme der Regeln {vote.rules_sha256}",
        f"Contest “{vote.contest}”, checksum of the rules {vote.rules_sha256}",
    )
    if key is None:
        report.note(
            f"Unterschrieben mit dem Schlüssel {vote.signer.text}. Vergleichen Sie ihn mit dem, den die Stadt an"
            " anderer Stelle veröffentlicht hat (oder nennen Sie ihn mit --key). Sonst zeigt die Prüfung nur, dass das"
            " Archiv zu sich selbst passt.",
            f"Signed with the key {vote.signer.text}. Compare it with the one the city published elsewhere"
            " (or name it with --key). Otherwise the check only shows that the archive agrees with itself.",
        )


def _conclude(vote: Vote, report: Report) -> None:
    report.note(
        f"Geprüft: Fragen {len(vote.questions)}, Stimmen {len(vote.ballots)}, Einträge im Protokoll {len(vote.leaves)},"
        f" Prüfpunkte {len(vote.checkpoints)}.",
        f"Checked: questions {len(vote.questions)}, ballots {len(vote.ballots)}, entries of the log {len(vote.leaves)},"
        f" checkpoints {len(vote.checkpoints)}.",
    )
    papers = sum(roll.get("paper", 0) for roll in vote.roll.values())
    if papers and not any(ballot.kind for ballot in vote.ballots):
        report.note(
            f"Nicht geprüft: ob {papers} Stimmen auf Papier kamen. Bei keiner Stimme steht, wie sie kam.",
            f"Not checked: whether {papers} ballots came on paper. Beside no ballot stands how it came.",
        )
    for question in vote.questions.values():
        _tell_of_closed(vote, question, report)
        if not vote.is_closed(question):
            report.note(
                f"Frage »{question.slug}«: {vote.number(question)} Stimmen nachgezählt.",
                f"Question “{question.slug}”: {vote.number(question)} ballots recounted.",
            )


def _tell_of_closed(vote: Vote, question: Question, report: Report) -> None:
    """Say what could be checked, what could not, and why."""
    if vote.is_closed(question):
        report.is_partial = True
        few = vote.number(question) < FEW
        why_de = f"Es sind weniger als {FEW}" if few else "Die Regeln sehen es so vor"
        why_en = f"There are fewer than {FEW}" if few else "The rules provide for it"
        (sums_de, sums_en), (rest_de, rest_en) = SUMS.get(question.method, PLAIN_SUMS), FOLLOWS[question.method]
        report.note(
            f"Frage »{question.slug}«: Was auf den {vote.number(question)} Stimmen steht, ist nicht veröffentlicht."
            f" {why_de}. Geprüft: Keine fehlt, keine kam dazu, keine wurde ausgetauscht, und {sums_de} sind bei so"
            f" vielen Stimmen möglich{rest_de}. Nicht geprüft: ob jede dieser Stimmen zu dieser Frage gehört und ob"
            f" {sums_de} die ihren sind. Das kann nur die Prüfstelle.",
            f"Question “{question.slug}”: what the {vote.number(question)} ballots say is not published. {why_en}."
            f" Checked: none is missing, added or exchanged, and {sums_en} are possible with so many ballots{rest_en}."
            f" Not checked: whether each of them belongs to this question, and whether {sums_en} are theirs. Only the"
            " audit office can do that.",
        )
    elif vote.should_be_closed(question):
        report.note(
            f"Frage »{question.slug}«: Dieses Archiv zeigt Stimmen, die nicht öffentlich sein sollen. Es ist nur für"
            " die Prüfstelle bestimmt.",
            f"Question “{question.slug}”: this archive shows ballots that shall not be public. It is for the audit"
            " office alone.",
        )


PLAIN_SUMS = ("die veröffentlichten Summen", "the published sums")
SUMS = {"ranking": ("die veröffentlichten ersten Ränge und Übertragungen", "the published first ranks and transfers")}
FOLLOWS = {
    "approval": ("", ""),
    "selection": ("; Anteile und Gewählte folgen daraus", "; shares and who is elected follow from them"),
    "points": ("; Anteile und Gewählte folgen daraus", "; shares and who is elected follow from them"),
    "importance": ("; Anteile und Mittelwerte folgen daraus", "; shares and means follow from them"),
    "ranking": ("; alle Runden und wer gewinnt folgen daraus", "; all rounds and who wins follow from them"),
    "budget": ("; Anteile und was finanziert wird folgen daraus", "; shares and what is funded follow from them"),
}
"""What is published of ballots that are not shown, and what can be worked out from that."""


# ── 1. The files, and who signed them ─────────────────────────────────────────────────────────────────────────────────
def read_archive(path: Path) -> dict[str, bytes]:
    """Return the files of an archive by their names. Nothing is unpacked to the disk."""
    damaged = Unsound(
        f"»{path.name}« lässt sich nicht lesen: Die Datei fehlt, ist beschädigt oder kein Zip-Archiv.",
        f"“{path.name}” cannot be read: the file is missing, damaged or no zip archive.",
    )
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            _check_members(members, path.stat().st_size)
            return {member.filename: archive.read(member) for member in members}
    except Unsound:
        raise
    except Exception as error:
        # A damaged archive makes the library raise errors of very many kinds.
        raise damaged from error


def _check_members(members: Sequence[zipfile.ZipInfo], size: int) -> None:
    """Refuse an archive that holds other files than agreed, or would swell when it is read."""
    names = Counter(member.filename for member in members)
    for name, number in names.items():
        if name not in FILES and not CHECKPOINT.fullmatch(name):
            raise Unsound(
                f"Das Archiv enthält die Datei »{name}«, die nicht hineingehört.",
                f"The archive contains the file “{name}”, which does not belong there.",
            )
        if number > 1:
            raise Unsound(f"Die Datei »{name}« steht zweimal im Archiv.", f"The file “{name}” is there twice.")
    for name in sorted(FILES - set(names)):
        raise Unsound(f"Im Archiv fehlt die Datei »{name}«.", f"The file “{name}” is missing.")
    packed = any(member.compress_type != zipfile.ZIP_STORED or member.flag_bits & 1 for member in members)
    if packed or sum(member.file_size for member in members) > min(size, LARGEST):
        raise Unsound(
            "Das Archiv ist anders gepackt, als die Stadt es veröffentlicht, und wird deshalb nicht gelesen.",
            "The archive is packed in another way than the city publishes it, so it is not read.",
        )


def check_signature(files: dict[str, bytes], expected: str | None) -> Key:
    """Check that the files are those of SHA256SUMS and that this list is signed; return the key."""
    _check_sums(files)
    key = _key(files, expected)
    try:
        signed = key.open(_text(files, "SHA256SUMS.note"))
    except Unsound as wrong:
        raise Unsound(
            f"Die Unterschrift unter SHA256SUMS ist nicht gültig ({wrong.de}).",
            f"The signature under SHA256SUMS is not valid ({wrong.en}).",
        ) from wrong
    if signed != _text(files, "SHA256SUMS"):
        raise Unsound(
            "Unterschrieben sind andere Prüfsummen als die in SHA256SUMS.",
            "Other checksums are signed than those in SHA256SUMS.",
        )
    return key


def _check_sums(files: dict[str, bytes]) -> None:
    lines = [f"{hashlib.sha256(files[name]).hexdigest()}  {name}" for name in sorted(set(files) - SIGNED_APART)]
    listed = _lines(files, "SHA256SUMS")
    if listed == lines:
        return
    sums = {line[66:]: line[:64] for line in listed}
    for line in lines:
        name = line[66:]
        if name not in sums:
            raise Unsound(f"SHA256SUMS nennt die Datei »{name}« nicht.", f"SHA256SUMS does not list “{name}”.")
        if sums[name] != line[:64]:
            raise Unsound(
                f"Die Datei »{name}« wurde verändert: Ihre Prüfsumme ist nicht die in SHA256SUMS.",
                f"The file “{name}” was changed: its checksum is not the one in SHA256SUMS.",
            )
    raise Unsound(
        "SHA256SUMS ist anders aufgebaut als vereinbart oder nennt Dateien, die fehlen.",
        "SHA256SUMS is not built as agreed or lists files that are missing.",
    )


def _key(files: dict[str, bytes], expected: str | None) -> Key:
    key = Key(_text(files, "public_key.txt"))
    if expected is not None:
        try:
            file = Path(expected)
            trusted = Key((file.read_text("utf-8-sig") if file.is_file() else expected).strip())
        except (OSError, ValueError, Unsound) as error:
            raise Unsound(
                "Der Schlüssel, den Sie nennen, ist nicht lesbar.", "The key you name is unreadable."
            ) from error
        if trusted.text != key.text:
            raise Unsound(
                "Das Archiv ist mit einem anderen Schlüssel unterschrieben als dem, den Sie nennen.",
                "The archive is signed with another key than the one you name.",
            )
    return key


def _text(files: dict[str, bytes], name: str) -> str:
    try:
        return files[name].decode("utf-8")
    except UnicodeDecodeError as error:
        raise _unreadable(name) from error


def _lines(files: dict[str, bytes], name: str) -> list[str]:
    """Return the lines of a file, of which the last ends like the others."""
    text = _text(files, name)
    if not text:
        return []
    if not text.endswith("\n"):
        raise Unsound(f"Der Datei »{name}« fehlt das Ende.", f"The end of the file “{name}” is missing.")
    return text[:-1].split("\n")


def _json(text: str, name: str) -> Any:
    """Read JSON in whole numbers, where no name stands twice."""

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if len(dict(pairs)) < len(pairs):
            raise ValueError("a name stands twice")
        return dict(pairs)

    def refused(number: str) -> None:
        raise ValueError(number)

    try:
        return json.loads(text, object_pairs_hook=once, parse_float=refused, parse_constant=refused)
    except (ValueError, RecursionError) as error:
        raise _unreadable(name) from error


def _unreadable(name: str) -> Unsound:
    return Unsound(f"»{name}« ist nicht lesbar.", f"“{name}” is unreadable.")


# ── What is in the files ──────────────────────────────────────────────────────────────────────────────────────────────
class Question:
    """What was asked: the options in their order, the terms, and what options cost."""

    def __init__(self, contest: str, method: str, asked: dict[str, Any]) -> None:
        self.contest, self.method = contest, method
        self.slug: str = asked["slug"]
        self.terms: dict[str, Any] = asked.get("terms") or {}
        self.options: list[str] = [option["slug"] for option in asked["options"]]
        self.labels = {option["slug"]: option["label"] for option in asked["options"]}
        self.costs = {option["slug"]: option.get("cost") for option in asked["options"]}
        texts = all(isinstance(text, str) for text in (contest, self.slug, *self.options))
        if not texts or len(self.labels) < len(self.options) or not isinstance(self.terms, dict):
            raise ValueError("not a question")

    @property
    def is_public(self) -> bool:
        """Whether the rules let whole ballots be published."""
        return bool(self.terms.get("ballots_public", self.method in ("approval", "selection", "importance")))

    def worded(self, choice: Any, lang: str) -> str:
        """Return a choice with the labels of its options."""
        if isinstance(choice, str):
            label = self.labels.get(choice, {})
            return f"»{label.get(lang) or label.get('de') or choice}«"
        if isinstance(choice, dict):
            return ", ".join(f"{self.worded(option, lang)}: {given}" for option, given in choice.items())
        if isinstance(choice, list):
            return ", ".join(self.worded(option, lang) for option in choice) or "–"
        return "–"


class Ballot:
    """One line of ballots.jsonl. A closed ballot shows its check number and its question only."""

    def __init__(self, line: dict[str, Any]) -> None:
        self.number: str = line["commitment"]
        self.question: str = line["question"]
        self.is_closed = set(line) == {"commitment", "question"}
        self.choice, self.nonce, self.kind = line.get("choice"), line.get("nonce"), line.get("kind")
        names = {"commitment", "question", "choice", "nonce"}
        right = self.is_closed or names == set(line) - {"kind"}
        if not right or not HEX.fullmatch(self.number) or not isinstance(self.question, str):
            raise ValueError("not a ballot")
        if not self.is_closed and not NONCE.fullmatch(line["nonce"]):
            raise ValueError("not a nonce")
        if "kind" in line and self.kind not in ("account", "paper"):
            raise ValueError("not a kind of ballot")


class Vote:
    """All that the archive says."""

    def __init__(self, files: dict[str, bytes], signer: Key) -> None:
        self.files, self.signer = files, signer
        self.rules_sha256 = hashlib.sha256(files["rules.json"]).hexdigest()
        self.leaves: list[tuple[str, str]] = []
        self.standing: set[str] | None = None
        self.checkpoints: list[tuple[int, bytes]] = []
        self.ballots: list[Ballot] = []
        self.all_read = False
        self.counts: Counter[str] = Counter()
        self.closed: Counter[str] = Counter()
        rules = self._read("rules.json", dict)
        self.results = self._read("results.json", dict)
        self.roll = self._read("roll_count.json", dict)
        try:
            self.contest: str = rules["contest"]
            self.method: str = rules["method"]
            asked = [Question(self.contest, self.method, question) for question in rules["questions"]]
            self.questions = {question.slug: question for question in asked}
            if len(self.questions) < len(asked) or self.method not in HOLDS:
                raise ValueError("rules")
        except ODD as error:
            raise Unsound(
                "Die Regeln (rules.json) sind unvollständig.", "The rules (rules.json) are incomplete."
            ) from error
        if rules.get("log_key", signer.text) != signer.text:
            raise Unsound(
                "Das Archiv ist mit einem anderen Schlüssel unterschrieben als dem, den die Regeln nennen.",
                "The archive is signed with another key than the one named in the rules.",
            )

    def _read(self, name: str, kind: type) -> Any:
        found = _json(_text(self.files, name), name)
        if not isinstance(found, kind):
            raise _unreadable(name)
        return found

    def number(self, question: Question) -> int:
        """Return how many ballots there are on a question."""
        return self.counts[question.slug]

    def is_closed(self, question: Question) -> bool:
        """Return whether the ballots on a question show their check numbers only."""
        return self.closed[question.slug] > 0

    def should_be_closed(self, question: Question) -> bool:
        """Return whether what the ballots on a question say is not for the public."""
        return self.number(question) > 0 and (self.number(question) < FEW or not question.is_public)

    def open_ballots(self) -> Iterator[tuple[Question, Ballot]]:
        """Yield the ballots that show their choice, with their question."""
        for ballot in self.ballots:
            if not ballot.is_closed and ballot.question in self.questions:
                yield self.questions[ballot.question], ballot


# ── 2. The log and its checkpoints ────────────────────────────────────────────────────────────────────────────────────
def check_log(vote: Vote) -> Iterator[Unsound]:
    """Read the log: each ballot is entered once, and struck out at most once, after it was entered."""
    entered: set[str] = set()
    standing: set[str] = set()
    for place, line in enumerate(_lines(vote.files, "log.txt"), 1):
        kind, _, number = line.partition(" ")
        if kind not in ("cast", "void") or not HEX.fullmatch(number):
            raise Unsound(
                f"Zeile {place} im Protokoll (log.txt) ist kein Eintrag.", f"Line {place} of the log is no entry."
            )
        vote.leaves.append((kind, number))
        if kind == "void" and number not in standing:
            yield Unsound(
                f"Zeile {place} im Protokoll streicht die Stimme {number[:16]}, die dort nicht (mehr) steht.",
                f"Line {place} of the log strikes out the ballot {number[:16]}, which does not stand there.",
            )
        if kind == "cast" and number in entered:
            yield Unsound(
                f"Zeile {place} im Protokoll trägt die Stimme {number[:16]} ein zweites Mal ein.",
                f"Line {place} of the log enters the ballot {number[:16]} a second time.",
            )
        if kind == "cast" and number not in entered:
            standing.add(number)
        elif kind == "void":
            standing.discard(number)
        entered.add(number)
    vote.standing = standing


def check_checkpoints(vote: Vote) -> Iterator[Unsound]:
    """Check that the log as it is now continues each checkpoint in the archive, and that the last covers all of it."""
    for name in sorted(name for name in vote.files if CHECKPOINT.fullmatch(name)):
        try:
            size, root = vote.signer.open_checkpoint(_text(vote.files, name))
        except Unsound as wrong:
            yield Unsound(f"Der Prüfpunkt {name} ist nicht gültig ({wrong.de}).", f"{name} is not valid ({wrong.en}).")
            continue
        if name != f"checkpoints/{size:09d}.txt":
            yield Unsound(f"{name} nennt {size} Einträge.", f"{name} names {size} entries.")
        vote.checkpoints.append((size, root))
    if vote.standing is None:
        return
    roots = _roots(vote.leaves, {size for size, _ in vote.checkpoints})
    yield from (_forked(size) for size, root in vote.checkpoints if roots.get(size) != root)
    last = max((size for size, _ in vote.checkpoints), default=None)
    if last is None:
        yield Unsound("Das Archiv enthält keinen Prüfpunkt.", "The archive contains no checkpoint.")
    elif last < len(vote.leaves):
        yield Unsound(
            f"Das Protokoll hat {len(vote.leaves)} Einträge, der letzte Prüfpunkt aber nur {last}.",
            f"The log has {len(vote.leaves)} entries, but the last checkpoint only {last}.",
        )


def check_older_checkpoint(vote: Vote, file: Path, report: Report) -> Iterator[Unsound]:
    """Check a checkpoint that somebody was sent during the vote: the log still continues it."""
    try:
        size, root = vote.signer.open_checkpoint(_read_small(file))
    except Unsound as wrong:
        raise Brought(
            f"Ihr Prüfpunkt ist nicht gültig ({wrong.de}).", f"Your checkpoint is not valid ({wrong.en})."
        ) from wrong
    if vote.standing is None or _roots(vote.leaves, {size}).get(size) != root:
        yield _forked(size)
    else:
        report.note(
            f"Das Protokoll setzt Ihren Prüfpunkt über {size} Einträge fort.",
            f"The log continues your checkpoint of {size} entries.",
        )


def _forked(size: int) -> Unsound:
    return Unsound(
        f"Das Protokoll passt nicht zum unterschriebenen Prüfpunkt über {size} Einträge: Es wurde danach verändert.",
        f"The log does not match the signed checkpoint of {size} entries: it was changed afterwards.",
    )


def _roots(leaves: Sequence[tuple[str, str]], sizes: set[int]) -> dict[int, bytes]:
    """Return the root of the hash tree (RFC 6962) over the first entries, for each of the sizes asked for.

    ``whole`` holds the hashes of the whole subtrees so far, the largest first.
    """
    whole: list[bytes] = []
    roots = {0: hashlib.sha256(b"").digest()}
    for place, (kind, number) in enumerate(leaves):
        node = hashlib.sha256(b"\x00" + f"{kind} {number}".encode()).digest()
        pairs = place
        while pairs & 1:
            node = hashlib.sha256(b"\x01" + whole.pop() + node).digest()
            pairs >>= 1
        whole.append(node)
        if place + 1 in sizes:
            root = whole[-1]
            for left in reversed(whole[:-1]):
                root = hashlib.sha256(b"\x01" + left + root).digest()
            roots[place + 1] = root
    return roots


# ── 3. The ballots ────────────────────────────────────────────────────────────────────────────────────────────────────
def check_ballots(vote: Vote) -> Iterator[Unsound]:
    """Read the ballots and check that each check number belongs to what is on the ballot."""
    before = ""
    for place, line in enumerate(_lines(vote.files, "ballots.jsonl"), 1):
        found = _json(line, f"ballots.jsonl, Zeile {place}")
        try:
            ballot = Ballot(found)
        except ODD as error:
            raise _unreadable(f"ballots.jsonl, Zeile {place}") from error
        if ballot.number == before:
            yield Unsound(f"Die Stimme {before[:16]} steht zweimal im Archiv.", f"Ballot {before[:16]} is there twice.")
        if ballot.number < before:
            yield Unsound(
                f"Zeile {place} in ballots.jsonl: Die Stimmen sind nicht nach Prüfnummern sortiert.",
                f"Line {place} of ballots.jsonl: the ballots are not sorted by check number.",
            )
        if not ballot.is_closed and ballot.number != check_number(
            vote.contest, ballot.question, ballot.nonce, ballot.choice
        ):
            yield Unsound(
                f"Die Stimme {ballot.number[:16]} wurde verändert: Ihre Prüfnummer passt nicht zu Wahl und Frage.",
                f"Ballot {ballot.number[:16]} was changed: its check number does not fit choice and question.",
            )
        before = ballot.number
        vote.ballots.append(ballot)
        vote.counts[ballot.question] += 1
        vote.closed[ballot.question] += ballot.is_closed
    vote.all_read = True


def check_number(contest: str, question: str, nonce: Any, choice: Any) -> str:
    """Return the check number of a ballot: a SHA-256, from which nobody can tell the choice without the nonce."""
    canonical = json.dumps(choice, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    lines = ("participation/ballot/v1", contest, question, nonce, canonical)
    return hashlib.sha256("\n".join(lines).encode("utf-8", "surrogatepass")).hexdigest()


def check_log_against_ballots(vote: Vote) -> Iterator[Unsound]:
    """Check that the ballots are exactly those that stand in the log."""
    if vote.standing is None or not vote.all_read:
        return
    numbers = {ballot.number for ballot in vote.ballots}
    for number in sorted(numbers - vote.standing):
        yield Unsound(
            f"Die Stimme {number[:16]} liegt im Archiv, steht aber nicht im Protokoll oder ist dort gestrichen.",
            f"Ballot {number[:16]} is in the archive, but not in the log, or struck out there.",
        )
    for number in sorted(vote.standing - numbers):
        yield Unsound(
            f"Die Stimme {number[:16]} steht im Protokoll, fehlt aber im Archiv.",
            f"Ballot {number[:16]} is in the log, but missing from the archive.",
        )


def check_roll(vote: Vote) -> Iterator[Unsound]:
    """Check that each question has as many ballots as people on the roll, and that ballots are closed by the rules."""
    if not vote.all_read:
        return
    for slug in sorted((set(vote.counts) | set(vote.roll)) - set(vote.questions)):
        yield Unsound(f"Die Frage »{slug}« wurde nie gestellt.", f"The question “{slug}” was never asked.")
    for slug, question in vote.questions.items():
        number, roll = vote.counts[slug], vote.roll.get(slug, {})
        if not set(roll) <= {"roll", "paper"} or not _are_numbers(roll.values()):
            raise _unreadable("roll_count.json")
        if roll.get("roll") != number:
            yield Unsound(
                f"Frage »{slug}«: {number} Stimmen, aber {roll.get('roll')} Einträge im Verzeichnis der Teilnahmen.",
                f"Question “{slug}”: {number} ballots, but {roll.get('roll')} entries in the roll.",
            )
        if roll.get("paper", 0) > number:
            yield Unsound(
                f"Frage »{slug}«: Das Verzeichnis nennt {roll['paper']} Stimmen auf Papier, es sind aber nur {number}.",
                f"Question “{slug}”: the roll names {roll['paper']} ballots on paper, but there are only {number}.",
            )
        papers = [ballot.kind == "paper" for ballot in vote.ballots if ballot.question == slug and ballot.kind]
        if papers and "paper" in roll and sum(papers) != roll["paper"]:
            yield Unsound(
                f"Frage »{slug}«: {sum(papers)} Stimmen auf Papier, das Verzeichnis nennt {roll['paper']}.",
                f"Question “{slug}”: {sum(papers)} ballots on paper, the roll names {roll['paper']}.",
            )
        if vote.is_closed(question) and not vote.should_be_closed(question):
            yield Unsound(
                f"Frage »{slug}«: Stimmen sind verdeckt, obwohl sie nach den Regeln veröffentlicht werden.",
                f"Question “{slug}”: ballots are withheld although the rules let them be published.",
            )
        if vote.closed[slug] not in (0, number):
            yield Unsound(
                f"Frage »{slug}«: Nur ein Teil der Stimmen ist offen.",
                f"Question “{slug}”: only some ballots are open.",
            )


# ── 4. Choices ────────────────────────────────────────────────────────────────────────────────────────────────────────
def check_choices(vote: Vote) -> Iterator[Unsound]:
    """Check that each choice holds under the rules."""
    for question, ballot in vote.open_ballots():
        if not holds(question, ballot.choice):
            yield Unsound(
                f"Frage »{question.slug}«: Die Wahl auf der Stimme {ballot.number[:16]} erlauben die Regeln nicht.",
                f"Question “{question.slug}”: the rules do not allow the choice on ballot {ballot.number[:16]}.",
            )


def holds(question: Question, choice: Any) -> bool:
    """Return whether a choice is allowed on a question."""
    try:
        return HOLDS[question.method](question, choice)
    except ODD:
        return False


def _one_holds(question: Question, choice: Any) -> bool:
    return isinstance(choice, str) and choice in question.options


def _some_hold(question: Question, choice: Any) -> bool:
    """Some options, each once, in the order of the rules; none only where the rules offer that."""
    if choice == []:
        return bool(question.terms.get("none"))
    most = question.terms.get("most") or len(question.options)
    ordered = [option for option in question.options if option in choice]
    return isinstance(choice, list) and choice == ordered and len(choice) <= most


def _budget_holds(question: Question, choice: Any) -> bool:
    if not _some_hold(question, choice):
        return False
    return not question.terms.get("within_sum") or sum(question.costs[one] for one in choice) <= question.terms["sum"]


def _points_hold(question: Question, choice: Any) -> bool:
    most = question.terms.get("most_per_option") or question.terms["points"]
    return (
        isinstance(choice, dict)
        and choice != {}
        and set(choice) <= set(question.options)
        and all(type(given) is int and 1 <= given <= most for given in choice.values())
        and sum(choice.values()) <= question.terms["points"]
    )


def _importance_holds(question: Question, choice: Any) -> bool:
    values = [step["value"] for step in question.terms["scale"]]
    return (
        isinstance(choice, dict)
        and choice != {}
        and set(choice) <= set(question.options)
        and all(type(value) is int and value in values for value in choice.values())
    )


def _ranking_holds(question: Question, choice: Any) -> bool:
    """Best first. Skipped ranks (null), shared ranks (a list) and repeats only where the rules say what they mean."""
    terms = question.terms
    if not isinstance(choice, list) or not choice:
        return False
    shared = [rank for rank in choice if isinstance(rank, list)]
    named = [option for rank in choice for option in (rank if isinstance(rank, list) else [rank]) if rank is not None]
    return (
        choice[-1] is not None
        and len(choice) <= (terms.get("most_ranks") or len(question.options))
        and all(isinstance(option, str) and option in question.options for option in named)
        and all(len(rank) > 1 and rank == [one for one in question.options if one in rank] for rank in shared)
        and (None not in choice or terms.get("skips", "refuse") != "refuse")
        and (not shared or terms.get("overvotes", "refuse") != "refuse")
        and (len(set(named)) == len(named) or terms.get("repeats", "refuse") != "refuse")
    )


HOLDS: dict[str, Callable[[Question, Any], bool]] = {
    "approval": _one_holds,
    "selection": _some_hold,
    "points": _points_hold,
    "importance": _importance_holds,
    "ranking": _ranking_holds,
    "budget": _budget_holds,
}


# ── 5. Counting again ─────────────────────────────────────────────────────────────────────────────────────────────────
Choices = list[tuple[Any, int]]
"""Choices, and how many ballots made each."""


def check_results(vote: Vote) -> Iterator[Unsound]:
    """Count again and compare with what is published."""
    published = vote.results.get("questions")
    if (vote.results.get("contest"), vote.results.get("method")) != (vote.contest, vote.method):
        yield Unsound(
            "results.json gehört zu einer anderen Abstimmung als rules.json.",
            "results.json belongs to another contest than rules.json.",
        )
    if not isinstance(published, dict) or set(published) != set(vote.questions):
        raise Unsound(
            "results.json nennt andere Fragen als rules.json.", "results.json names other questions than rules.json."
        )
    made: dict[str, Counter[str]] = {slug: Counter() for slug in vote.questions}
    for question, ballot in vote.open_ballots():
        if holds(question, ballot.choice):
            made[question.slug][json.dumps(ballot.choice)] += 1
    for slug, question in vote.questions.items() if vote.all_read else ():
        choices = [(json.loads(choice), number) for choice, number in sorted(made[slug].items())]
        yield from _compared(vote, question, choices, published[slug])


def _compared(vote: Vote, question: Question, choices: Choices, published: dict[str, Any]) -> Iterator[Unsound]:
    decided = Ties(question, published.get("ties", []))
    yield from decided.unsound()
    numbers = {"ballots": vote.number(question), "participants": vote.roll.get(question.slug, {}).get("roll")}
    by_de, by_en = "Die Nachzählung ergibt", "the recount gives"
    if vote.is_closed(question):
        sums = Sums(published, numbers["ballots"])
        if not (published["ballots"] == sums.ballots and POSSIBLE[question.method](question, sums)):
            yield _impossible(question, sums.ballots)
            return
        by_de, by_en = "Aus den veröffentlichten Summen folgt", "from the published sums follows"
        counted = {**FIGURES[question.method](question, sums, decided), **numbers}
    else:
        counted = {**recount(question, choices, decided), **numbers}
    for option in counted["options"]:
        option["label"] = question.labels[option["slug"]]
    for place, ours, theirs in _differences(counted, published, ""):
        yield Unsound(
            f"Frage »{question.slug}«: {by_de} {ours} bei {place}, veröffentlicht ist {theirs}.",
            f"Question “{question.slug}”: {by_en} {ours} at {place}, published is {theirs}.",
        )
        return


def _impossible(question: Question, ballots: int) -> Unsound:
    return Unsound(
        f"Frage »{question.slug}«: Das veröffentlichte Ergebnis passt nicht zu {ballots} Stimmen.",
        f"Question “{question.slug}”: the published result does not fit {ballots} ballots.",
    )


def _differences(ours: Any, theirs: Any, place: str) -> Iterator[tuple[str, str, str]]:
    """Yield where two results differ, and what each says there."""
    if isinstance(ours, dict) and isinstance(theirs, dict) and set(ours) == set(theirs):
        for name in sorted(ours):
            yield from _differences(ours[name], theirs[name], f"{place}/{name}")
    elif isinstance(ours, list) and isinstance(theirs, list) and len(ours) == len(theirs):
        for number, (one, other) in enumerate(zip(ours, theirs, strict=True)):
            name = one["slug"] if isinstance(one, dict) and "slug" in one else number + 1
            yield from _differences(one, other, f"{place}/{name}")
    elif ours != theirs or type(ours) is not type(theirs):
        yield place[1:], json.dumps(ours, ensure_ascii=False)[:200], json.dumps(theirs, ensure_ascii=False)[:200]


class Sums:
    """The sums of a question as they are published, of which the rest follows also where no ballot is shown."""

    def __init__(self, published: dict[str, Any], ballots: int) -> None:
        self.options = {option["slug"]: option for option in published["options"]}
        self.none: Any = published.get("none")
        self.rounds: list[dict[str, Any]] = published.get("rounds", [])
        self.ballots = ballots

    def of(self, name: str) -> dict[str, int]:
        """Return one figure of each option."""
        return {slug: option[name] for slug, option in self.options.items()}


# What so many ballots can give at all, where they are not shown.
def _one_is_possible(question: Question, sums: Sums) -> bool:
    votes = list(sums.of("votes").values())
    return _are_numbers(votes) and sum(votes) == sums.ballots


def _some_are_possible(question: Question, sums: Sums) -> bool:
    """Whoever did not choose »keine davon« chose one to so many, each once; then there are such ballots."""
    votes, most = sums.of("votes"), question.terms.get("most") or len(question.options)
    chosen = sums.ballots - sums.none
    return (
        _are_numbers([sums.none, chosen, *votes.values()])
        and (sums.none == 0 or bool(question.terms.get("none")))
        and max(votes.values()) <= chosen <= sum(votes.values()) <= chosen * most
    )


def _budget_is_possible(question: Question, sums: Sums) -> bool:
    cost = sum(number * question.costs[one] for one, number in sums.of("votes").items())
    within = not question.terms.get("within_sum") or cost <= (sums.ballots - sums.none) * question.terms["sum"]
    return within and _some_are_possible(question, sums)


def _points_are_possible(question: Question, sums: Sums) -> bool:
    points, voters = sums.of("points"), sums.of("voters")
    most = question.terms.get("most_per_option") or question.terms["points"]
    return (
        _are_numbers([*points.values(), *voters.values()])
        and all(voters[one] <= points[one] <= voters[one] * most for one in points)
        and max(voters.values()) <= sums.ballots <= sum(voters.values())
        and sum(points.values()) <= sums.ballots * question.terms["points"]
    )


def _importance_is_possible(question: Question, sums: Sums) -> bool:
    """Each ballot rates one option at least, and each option once at most; then there are such ballots."""
    rated = [sum(option["values"].values()) for option in sums.options.values()]
    given = [number for option in sums.options.values() for number in option["values"].values()]
    return _are_numbers(given) and max(rated) <= sums.ballots <= sum(rated)


def _ranking_is_possible(question: Question, sums: Sums) -> bool:
    """From round to round no ballot is lost: whose option left is passed on, or counts no longer."""
    firsts = sums.of("firsts")
    if not sums.rounds or not _are_numbers(firsts.values()):
        return not sums.rounds and not any(firsts.values())
    tally, gone = firsts, sums.ballots - sum(firsts.values())
    before = dict.fromkeys(OUT, 0)
    for told in sums.rounds:
        out, moved, leaving = told["exhausted"], told["transfers"], told["eliminated"]
        if sum(out.values()) != gone or not all(out[why] >= before[why] for why in OUT):
            return False
        if not _are_numbers([*out.values(), *(one["votes"] for one in moved)]) or not _moves_all(tally, leaving, moved):
            return False
        tally = {one: votes + _moved(moved, one) for one, votes in tally.items() if one not in leaving}
        before, gone = out, gone + _moved(moved, None)
    return not sums.rounds[-1]["eliminated"] and not any(out[why] for why in _unknown_ways_out(question))


def _moves_all(tally: dict[str, int], leaving: list[str], moved: list[dict[str, Any]]) -> bool:
    """Whether all that leaving options had goes to options that stay, or counts no longer."""
    had = {one: tally[one] for one in leaving}
    given = {one: sum(move["votes"] for move in moved if move["from"] == one) for one in leaving}
    staying = [*(one for one in tally if one not in leaving), None]
    return had == given and all(move["from"] in leaving and move["to"] in staying for move in moved)


def _moved(moved: list[dict[str, Any]], to: str | None) -> int:
    return sum(move["votes"] for move in moved if move["to"] == to)


def _unknown_ways_out(question: Question) -> list[str]:
    """Return for which reasons no ballot may count no longer under the rules."""
    terms = question.terms
    known = {"overvotes": terms.get("overvotes") == "exhaust", "skips": type(terms.get("skips", "refuse")) is int}
    return [why for why, may_be in known.items() if not may_be]


def _are_numbers(found: Iterable[Any]) -> bool:
    return all(type(one) is int and one >= 0 for one in found)


def recount(question: Question, choices: Choices, ties: Ties) -> dict[str, Any]:
    """Count valid choices on a question."""
    return COUNTS[question.method](question, choices, ties)


class Ties:
    """Ties that were settled by drawing lots or by a recorded decision, as results.json tells them."""

    def __init__(self, question: Question, published: list[dict[str, Any]]) -> None:
        self.question, self.published = question, published
        self.met: list[dict[str, Any]] = []

    def unsound(self) -> Iterator[Unsound]:
        """Draw the lots again."""
        for tie in self.published:
            tied, names = ", ".join(tie["between"]), sorted(tie["between"])
            if sorted(tie["order"] or []) != names or tie["how"] not in ("lot", "staff"):
                yield self._unsettled(tied)
            elif tie["how"] == "lot" and tie["order"] != self._drawn(tie):
                yield Unsound(
                    f"Frage »{self.question.slug}«: Die Auslosung zwischen {tied} ergibt eine andere Reihenfolge.",
                    f"Question “{self.question.slug}”: drawing lots between {tied} gives another order.",
                )
            elif (self.question.terms.get("ties") or tie["how"]) != tie["how"]:
                yield Unsound(
                    f"Frage »{self.question.slug}«: Über {tied} wurde anders entschieden, als die Regeln es vorsehen.",
                    f"Question “{self.question.slug}”: the tie between {tied} was not settled as the rules provide.",
                )

    def _drawn(self, tie: dict[str, Any]) -> list[str]:
        """Return the order of the SHA-256 over four lines: format, what is drawn about, the seed, the name."""
        about = f"{self.question.contest}/{self.question.slug}/{','.join(tie['between'])}"
        head = f"participation/lots/v1\n{about}\n{tie['seed']}\n"
        return sorted(tie["between"], key=lambda name: hashlib.sha256((head + name).encode()).hexdigest())

    def settle(self, kind: str, tied: Iterable[str], **place: int) -> list[str]:
        """Return the order in which options that tie were put, best placed first."""
        between = [option for option in self.question.options if option in set(tied)]
        for tie in self.published:
            if tie["between"] == between and sorted(tie["order"] or []) == sorted(between):
                self.met.append({**place, "kind": kind, "between": between,
                                 **{name: tie.get(name) for name in ("order", "how", "seed", "reason")}})  # fmt: skip
                return list(tie["order"])
        raise self._unsettled(", ".join(between))

    def _unsettled(self, tied: str) -> Unsound:
        return Unsound(
            f"Frage »{self.question.slug}«: Zwischen {tied} besteht Gleichstand, und es fehlt, wie entschieden wurde.",
            f"Question “{self.question.slug}”: there is a tie between {tied}, and how it was settled is missing.",
        )


def rounded(part: int, whole: int) -> str | None:
    """Return a fraction with four decimals, rounded half up; nothing of nothing."""
    if whole == 0:
        return None
    tenthousandths = (Fraction(part * 10_000, whole) + Fraction(1, 2)).__floor__()
    return f"{tenthousandths // 10_000}.{tenthousandths % 10_000:04d}"


def _count_one(question: Question, choices: Choices, ties: Ties) -> dict[str, Any]:
    """Zustimmung: one option on each ballot."""
    votes = {option: sum(number for choice, number in choices if choice == option) for option in question.options}
    return _figures_of_one(question, votes)


def _figures_of_one(question: Question, votes: dict[str, int]) -> dict[str, Any]:
    return {"options": [{"slug": option, "votes": votes[option]} for option in question.options]}


def _votes(question: Question, choices: Choices) -> dict[str, int]:
    return {option: sum(number for choice, number in choices if option in choice) for option in question.options}


def _count_some(question: Question, choices: Choices, ties: Ties) -> dict[str, Any]:
    """Auswahl: up to some of the options on each ballot."""
    votes, whole = _votes(question, choices), sum(number for _, number in choices)
    return _figures_of_some(question, votes, whole, _none(choices), ties)


def _none(choices: Choices) -> int:
    return sum(number for choice, number in choices if choice == [])


def _figures_of_some(question: Question, votes: dict[str, int], whole: int, none: Any, ties: Ties) -> dict[str, Any]:
    return {
        "options": [
            {"slug": one, "votes": votes[one], "share": rounded(votes[one], whole)} for one in question.options
        ],
        "none": none,
        **_elected(question, votes, ties),
        "ties": ties.met,
    }


def _elected(question: Question, votes: dict[str, int], ties: Ties) -> dict[str, Any]:
    """Give the seats to the options with most votes; without any vote nobody is elected."""
    seats = question.terms.get("seats")
    if seats is None:
        return {}
    elected: list[str] = []
    for level in sorted({number for number in votes.values() if number > 0}, reverse=True):
        equal = [option for option in question.options if votes[option] == level]
        free = seats - len(elected)
        if free > 0:
            elected += equal if len(equal) <= free else ties.settle("seat", equal)[:free]
    return {"elected": [option for option in question.options if option in elected]}


def _count_points(question: Question, choices: Choices, ties: Ties) -> dict[str, Any]:
    """Punkte: spread over the options."""
    points = {one: sum(choice.get(one, 0) * number for choice, number in choices) for one in question.options}
    return _figures_of_points(question, points, _votes(question, choices), ties)


def _figures_of_points(
    question: Question, points: dict[str, int], voters: dict[str, int], ties: Ties
) -> dict[str, Any]:
    whole = sum(points.values())
    return {
        "options": [
            {"slug": one, "points": points[one], "voters": voters[one], "share": rounded(points[one], whole)}
            for one in question.options
        ],
        "points": whole,
        **_elected(question, points, ties),
        "ties": ties.met,
    }


def _count_importance(question: Question, choices: Choices, ties: Ties) -> dict[str, Any]:
    """Wichtigkeit: a value of the scale for each option, or none."""
    given = {one: dict.fromkeys(_scale(question), 0) for one in question.options}
    for choice, number in choices:
        for one, value in choice.items():
            given[one][value] += number
    return _figures_of_importance(question, given, ties)


def _figures_of_importance(question: Question, given: dict[str, dict[int, int]], ties: Ties) -> dict[str, Any]:
    options = []
    for one in question.options:
        values = given[one]
        rated, total = sum(values.values()), sum(value * number for value, number in values.items())
        options.append(
            {
                "slug": one,
                "values": {str(value): number for value, number in values.items()},
                "shares": {str(value): rounded(number, rated) for value, number in values.items()},
                "rated": rated,
                "sum": total,
                "mean": rounded(total, rated),
            }
        )
    return {"options": options, "ties": ties.met}


def _scale(question: Question) -> list[int]:
    return [step["value"] for step in question.terms["scale"]]


def _values(question: Question, sums: Sums) -> dict[str, dict[int, int]]:
    """Return how often each value was given to each option, as published."""
    return {
        one: {value: told["values"][str(value)] for value in _scale(question)} for one, told in sums.options.items()
    }


def _count_budget(question: Question, choices: Choices, ties: Ties) -> dict[str, Any]:
    """Budget: the projects with most votes, one after the other, each if it still fits into the sum."""
    votes, whole = _votes(question, choices), sum(number for _, number in choices)
    return _figures_of_budget(question, votes, whole, _none(choices), ties)


def _figures_of_budget(question: Question, votes: dict[str, int], whole: int, none: Any, ties: Ties) -> dict[str, Any]:
    left, funded = question.terms["sum"], []
    for level in sorted({number for number in votes.values() if number > 0}, reverse=True):
        fitting = [one for one in question.options if votes[one] == level and question.costs[one] <= left]
        if sum(question.costs[one] for one in fitting) > left:
            fitting = ties.settle("order", fitting)
        for one in fitting:
            if question.costs[one] <= left:
                funded.append(one)
                left -= question.costs[one]
    return {
        "options": [
            {
                "slug": one,
                "votes": votes[one],
                "share": rounded(votes[one], whole),
                "cost": question.costs[one],
                "funded": one in funded,
            }
            for one in question.options
        ],
        "none": none,
        "sum": question.terms["sum"],
        "spent": question.terms["sum"] - left,
        "funded": funded,
        "ties": ties.met,
    }


def _count_ranking(question: Question, choices: Choices, ties: Ties) -> dict[str, Any]:
    """Rangfolge, by instant run-off: the weakest option leaves until one has more than half of the ballots that count.

    In each round every ballot is read anew from its first rank on.
    """
    running, winner = list(question.options), None
    rounds: list[dict[str, Any]] = []
    stands = [_stands_for(question, choice, running) for choice, _ in choices]
    firsts = _tallied(running, choices, stands)
    while sum(firsts.values()) > 0 and winner is None:
        tally = _tallied(running, choices, stands)
        winner, leaving = _ends(question, tally, ties, len(rounds) + 1)
        running = [option for option in running if option not in leaving]
        then = [_stands_for(question, choice, running) for choice, _ in choices]
        moved = _transfers(question, choices, stands, then, leaving)
        rounds.append(_round(tally, _out(choices, stands), leaving, moved))
        stands = then
    return _figures_of_ranking(firsts, rounds, winner, ties)


def _followed(question: Question, sums: Sums, ties: Ties) -> dict[str, Any]:
    """Follow a ranking from the first votes on, by what is told to have moved: all else follows from that."""
    winner: str | None = None
    rounds: list[dict[str, Any]] = []
    firsts = tally = {one: sums.options[one]["firsts"] for one in question.options}
    for told in sums.rounds:
        winner, leaving = _ends(question, tally, ties, len(rounds) + 1)
        moved = Counter({(move["from"], move["to"]): move["votes"] for move in told["transfers"]})
        out = {why: told["exhausted"][why] for why in OUT}
        rounds.append(_round(tally, out, leaving, _in_order(question, moved, leaving)))
        tally = {one: tally[one] + _moved(told["transfers"], one) for one in tally if one not in leaving}
        if winner is not None:
            break
    return _figures_of_ranking(firsts, rounds, winner, ties)


def _ends(question: Question, tally: dict[str, int], ties: Ties, number: int) -> tuple[str | None, list[str]]:
    """Return who wins in a round, or else who leaves after it."""
    active = sum(tally.values())
    winner = next((option for option, votes in tally.items() if votes * 2 > active), None)
    if winner is None and len(tally) == 2:
        winner = ties.settle("winner", tally, round=number)[0]
    return winner, [] if winner else _weakest(question, tally, ties, number)


def _round(tally: dict[str, int], out: dict[str, int], leaving: list[str], moved: list[Any]) -> dict[str, Any]:
    active = sum(tally.values())
    sums = {"tally": tally, "active": active, "majority": active // 2 + 1, "exhausted": out}
    return {**sums, "eliminated": leaving, "transfers": moved}


def _figures_of_ranking(firsts: dict[str, int], rounds: list[Any], winner: str | None, ties: Ties) -> dict[str, Any]:
    options = [{"slug": option, "firsts": number} for option, number in firsts.items()]
    return {"options": options, "rounds": rounds, "winner": winner, "ties": ties.met}


OUT = ("choices", "overvotes", "skips")
"""Why a ballot counts no longer: nothing left on it, several options on one rank, too many ranks skipped."""

Standing = tuple[Any, str]
"""The option that a ballot counts for, or None, and why it counts for none."""


def _stands_for(question: Question, ranks: list[Any], running: Sequence[str]) -> Standing:
    skipped, allowed = 0, question.terms.get("skips", "refuse")
    for rank in ranks:
        if rank is None:
            skipped += 1
            if allowed is not None and skipped > allowed:
                return None, "skips"
            continue
        skipped = 0
        if isinstance(rank, list):
            if question.terms.get("overvotes") == "exhaust":
                return None, "overvotes"
        elif rank in running:
            return rank, ""
    return None, "choices"


def _tallied(running: Sequence[str], choices: Choices, stands: Sequence[Standing]) -> dict[str, int]:
    tally = dict.fromkeys(running, 0)
    for (_, number), (option, _) in zip(choices, stands, strict=True):
        if option is not None:
            tally[option] += number
    return tally


def _out(choices: Choices, stands: Sequence[Standing]) -> dict[str, int]:
    """Return how many ballots count no longer, by the reason."""
    return {
        why: sum(number for (_, number), at in zip(choices, stands, strict=True) if at == (None, why)) for why in OUT
    }


def _weakest(question: Question, tally: dict[str, int], ties: Ties, number: int) -> list[str]:
    """Return the options that leave after a round.

    Those who together have fewer votes than the next one can go at once: in whatever order they left, none of them
    would pass it. Without such a batch one leaves, and a tie is settled by what was decided.
    """
    levels = sorted(set(tally.values()))
    batches = []
    for level, higher in pairwise(levels):
        batch = [option for option in tally if tally[option] <= level]
        if sum(tally[option] for option in batch) < higher:
            batches.append(batch)
    if batches and question.terms.get("batch_elimination"):
        return batches[-1]
    lowest = [option for option in tally if tally[option] == levels[0]]
    if len(lowest) == 1 or lowest in batches:
        return lowest
    return ties.settle("elimination", lowest, round=number)[-1:]


def _transfers(
    question: Question, choices: Choices, before: Sequence[Standing], after: Sequence[Standing], leaving: Sequence[str]
) -> list[dict[str, Any]]:
    moved: Counter[tuple[str, Any]] = Counter()
    for (_, number), (old, _), (new, _) in zip(choices, before, after, strict=True):
        if old in leaving:
            moved[old, new] += number
    return _in_order(question, moved, leaving)


def _in_order(question: Question, moved: Counter[tuple[str, Any]], leaving: Sequence[str]) -> list[dict[str, Any]]:
    targets = [*question.options, None]
    return [{"from": old, "to": new, "votes": moved[old, new]} for old in leaving for new in targets if moved[old, new]]


COUNTS: dict[str, Callable[[Question, Choices, Ties], dict[str, Any]]] = {
    "approval": _count_one,
    "selection": _count_some,
    "points": _count_points,
    "importance": _count_importance,
    "ranking": _count_ranking,
    "budget": _count_budget,
}

POSSIBLE: dict[str, Callable[[Question, Sums], bool]] = {
    "approval": _one_is_possible,
    "selection": _some_are_possible,
    "points": _points_are_possible,
    "importance": _importance_is_possible,
    "ranking": _ranking_is_possible,
    "budget": _budget_is_possible,
}

FIGURES: dict[str, Callable[[Question, Sums, Ties], dict[str, Any]]] = {
    "approval": lambda question, sums, ties: _figures_of_one(question, sums.of("votes")),
    "selection": lambda question, sums, ties: _figures_of_some(
        question, sums.of("votes"), sums.ballots, sums.none, ties
    ),
    "points": lambda question, sums, ties: _figures_of_points(question, sums.of("points"), sums.of("voters"), ties),
    "importance": lambda question, sums, ties: _figures_of_importance(question, _values(question, sums), ties),
    "ranking": _followed,
    "budget": lambda question, sums, ties: _figures_of_budget(
        question, sums.of("votes"), sums.ballots, sums.none, ties
    ),
}
"""What follows from the sums alone: shares, means, each round, who is elected, what is funded."""

CHECKS: list[Callable[[Vote], Iterator[Unsound]]] = [
    check_log,
    check_checkpoints,
    check_ballots,
    check_log_against_ballots,
    check_roll,
    check_choices,
    check_results,
]


# ── 7. One's own ballot ───────────────────────────────────────────────────────────────────────────────────────────────
def check_receipt(vote: Vote, file: Path, report: Report) -> Iterator[Unsound]:
    """Check that the ballot of a receipt is included, and with which choice."""
    slip = _read_receipt(vote, _read_small(file))
    number, question = slip["commitment"], vote.questions.get(slip["question"])
    if slip["contest"] != vote.contest or question is None:
        raise Brought(
            f"Der Beleg gehört zu einer anderen Abstimmung (»{slip['contest']}«, Frage »{slip['question']}«).",
            f"The receipt belongs to another contest (“{slip['contest']}”, question “{slip['question']}”).",
        )
    knows_choice = "choice" in slip and "nonce" in slip
    if knows_choice and check_number(vote.contest, question.slug, slip["nonce"], slip["choice"]) != number:
        raise Brought(
            "Der Beleg ist in sich nicht stimmig: Die Prüfnummer gehört nicht zur Wahl, die auf ihm steht.",
            "The receipt does not hold together: its check number does not belong to the choice it shows.",
        )
    ballot = next((one for one in vote.ballots if one.number == number and one.question == question.slug), None)
    if ballot is None:
        yield _missing(vote, number)
    else:
        choice = slip.get("choice") if knows_choice else ballot.choice
        _tell_of_receipt(question, choice, knows_choice or not ballot.is_closed, report)


def _read_receipt(vote: Vote, text: str) -> dict[str, Any]:
    """Return the receipt. It comes alone as JSON, or inside a proof (c2sp.org/tlog-proof), which is checked too."""
    is_proof = text.startswith("c2sp.org/tlog-proof@v1\n")
    head, _, checkpoint = text.partition("\n\n")
    try:
        lines = head.split("\n")
        slip = _json(_bytes(lines[1].removeprefix("extra ")).decode("utf-8") if is_proof else text, "")
        if not all(isinstance(slip[name], str) for name in ("contest", "question", "commitment")):
            raise ValueError("no receipt")
        index = int(lines[2].removeprefix("index ")) if is_proof else 0
        hashes = [_bytes(line) for line in lines[3:]] if is_proof else []
    except (Unsound, *ODD) as error:
        raise Brought("Der Beleg ist nicht lesbar.", "The receipt is unreadable.") from error
    if is_proof:
        _check_proof(vote, slip["commitment"], index, hashes, checkpoint)
    return slip


def _check_proof(vote: Vote, number: str, index: int, hashes: list[bytes], checkpoint: str) -> None:
    """Follow a proof from the entry to the root that was signed (RFC 9162, section 2.1.3.2)."""
    try:
        size, root = vote.signer.open_checkpoint(checkpoint)
    except Unsound as wrong:
        raise Brought(
            f"Der Nachweis auf dem Beleg gilt nicht ({wrong.de}).", f"The proof fails ({wrong.en})."
        ) from wrong
    node = hashlib.sha256(b"\x00cast " + number.encode()).digest()
    place, last = index, size - 1
    for sibling in hashes:
        left = place & 1 or place == last
        node = hashlib.sha256(b"\x01" + (sibling + node if left else node + sibling)).digest()
        while left and not place & 1 and place:
            place, last = place >> 1, last >> 1
        place, last = place >> 1, last >> 1
    if not 0 <= index < size or last != 0 or node != root:
        raise Brought(
            "Der Nachweis auf dem Beleg führt nicht zum unterschriebenen Prüfpunkt.",
            "The proof on the receipt does not lead to the signed checkpoint.",
        )
    if vote.standing is not None and _roots(vote.leaves, {size}).get(size) != root:
        raise _forked(size)


def _missing(vote: Vote, number: str) -> Brought:
    if ("void", number) in vote.leaves:
        return Brought(
            "Ihre Stimme steht im Protokoll und ist dort gestrichen: Sie wurde danach geändert oder zurückgezogen."
            " Haben Sie das nicht getan, wenden Sie sich mit dem Beleg an die Prüfstelle.",
            "Your ballot is in the log and struck out there: it was changed or withdrawn afterwards. If that was not"
            " you, take the receipt to the audit office.",
        )
    return Brought(
        "Ihre Stimme ist nicht enthalten. Haben Sie sie danach nicht geändert und nicht zurückgezogen, wenden Sie sich"
        " mit dem Beleg an die Prüfstelle.",
        "Your ballot is not included. If you neither changed nor withdrew it afterwards, take the receipt to the audit"
        " office.",
    )


def _tell_of_receipt(question: Question, choice: Any, is_known: bool, report: Report) -> None:
    if is_known:
        report.note(
            f"Ihre Stimme ist enthalten. Frage »{question.slug}«, Ihre Wahl: {question.worded(choice, 'de')}.",
            f"Your ballot is included. Question “{question.slug}”, your choice: {question.worded(choice, 'en')}.",
        )
    else:
        report.note(
            f"Ihre Stimme ist enthalten. Frage »{question.slug}«; die Wahl ist hier nicht veröffentlicht.",
            f"Your ballot is included. Question “{question.slug}”; the choice is not published here.",
        )


def _read_small(file: Path) -> str:
    """Return what somebody saved, whatever their system puts before, after and at the end of lines."""
    try:
        with file.open("rb") as opened:
            text = opened.read(1_000_001)
        if len(text) > 1_000_000:
            raise ValueError("too long")
        return text.decode("utf-8-sig").replace("\r\n", "\n").strip() + "\n"
    except (OSError, ValueError) as error:
        raise Brought(f"Die Datei »{file.name}« ist nicht lesbar.", f"“{file.name}” is unreadable.") from error


# ── Signatures: notes (c2sp.org/signed-note) with Ed25519 (RFC 8032) ──────────────────────────────────────────────────
class Key:
    """A public key with its name, ``name+hash+base64``."""

    def __init__(self, text: str) -> None:
        unreadable = Unsound("public_key.txt enthält keinen Schlüssel.", "public_key.txt contains no key.")
        self.text = text[:-1] if text.endswith("\n") else text
        name, _, rest = self.text.partition("+")
        key_id, _, material = rest.partition("+")
        try:
            raw = _bytes(material)
        except ValueError as error:
            raise unreadable from error
        self.name, self.public = name, raw[1:]
        self.key_id = hashlib.sha256(name.encode("utf-8", "replace") + b"\n" + raw).digest()[:4]
        point = _point(self.public)
        if not name or raw[:1] != b"\x01" or key_id != self.key_id.hex() or point is None:
            raise unreadable
        x, y, z, t = point
        self._minus = _doublings((P - x, y, z, P - t))

    def open(self, note: str) -> str:
        """Return the text of a note that this key has signed."""
        text, found, signatures = note.rpartition("\n\n")
        head = f"— {self.name} "
        try:
            lines = [line for line in signatures.split("\n") if line.startswith(head)]
            mine = [one[4:] for one in (_bytes(line[len(head) :]) for line in lines) if one[:4] == self.key_id]
        except ValueError:
            mine = []
        if not found or len(mine) != 1 or not note.endswith("\n"):
            raise Unsound("die Unterschrift fehlt oder ist beschädigt", "the signature is missing or damaged")
        if not self._signed((text + "\n").encode("utf-8"), mine[0]):
            raise Unsound("die Unterschrift passt nicht zum Text", "the signature does not fit the text")
        return text + "\n"

    def open_checkpoint(self, note: str) -> tuple[int, bytes]:
        """Return how many entries a log had, and the root of its tree."""
        lines = self.open(note).split("\n")
        if lines[0] != self.name:
            raise Unsound("er gehört zu einem anderen Protokoll", "it belongs to another log")
        try:
            if not re.fullmatch(r"0|[1-9][0-9]{0,17}", lines[1]) or len(_bytes(lines[2])) != 32:
                raise ValueError("no checkpoint")
            return int(lines[1]), _bytes(lines[2])
        except (ValueError, IndexError) as error:
            raise Unsound("er nennt keine Zahl und keine Wurzel", "it names no size and no root") from error

    def _signed(self, message: bytes, signature: bytes) -> bool:
        """RFC 8032, section 5.1.7: R is [S]B minus [k]A."""
        number = int.from_bytes(signature[32:], "little")
        if len(signature) != 64 or number >= ORDER:
            return False
        hashed = hashlib.sha512(signature[:32] + self.public + message).digest()
        factor = int.from_bytes(hashed, "little") % ORDER
        if not BASE_DOUBLINGS:
            BASE_DOUBLINGS.extend(_doublings(BASE))
        return _written(_sum(_times(number, BASE_DOUBLINGS), _times(factor, self._minus))) == signature[:32]


Point = tuple[int, int, int, int]
"""A point of the curve as (X, Y, Z, T) with x = X/Z, y = Y/Z, x*y = T/Z (RFC 8032, section 5.1.4)."""

P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
CURVE = -121665 * pow(121666, P - 2, P) % P
NOTHING: Point = (0, 1, 1, 0)
BASE_DOUBLINGS: list[Point] = []


def _sum(one: Point, other: Point) -> Point:
    a = (one[1] - one[0]) * (other[1] - other[0]) % P
    b = (one[1] + one[0]) * (other[1] + other[0]) % P
    c = 2 * one[3] * other[3] * CURVE % P
    d = 2 * one[2] * other[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


def _doublings(point: Point) -> list[Point]:
    """Return a point, its double, the double of that, and so on, 256 in all."""
    found = [point]
    for _ in range(255):
        found.append(_sum(found[-1], found[-1]))
    return found


def _times(factor: int, doublings: Sequence[Point]) -> Point:
    total = NOTHING
    for doubled in doublings:
        if factor & 1:
            total = _sum(total, doubled)
        factor >>= 1
    return total


def _written(point: Point) -> bytes:
    inverse = pow(point[2], P - 2, P)
    x, y = point[0] * inverse % P, point[1] * inverse % P
    return (y | (x & 1) << 255).to_bytes(32, "little")


def _point(written: bytes) -> Point | None:
    """Return the point that 32 bytes stand for, or None (RFC 8032, section 5.1.3)."""
    number = int.from_bytes(written, "little")
    sign, y = number >> 255, number & (1 << 255) - 1
    if len(written) != 32 or y >= P:
        return None
    square = (y * y - 1) * pow(CURVE * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * pow(2, (P - 1) // 4, P) % P
    if (x * x - square) % P or (x == 0 and sign):
        return None
    if x & 1 != sign:
        x = P - x
    return x, y, 1, x * y % P


_base = _point((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))
BASE: Point = _base if _base is not None else NOTHING


def _bytes(text: str) -> bytes:
    """Read base64 in its one spelling."""
    found = base64.b64decode(text, validate=True)
    if base64.b64encode(found).decode() != text:
        raise ValueError("not the one spelling")
    return found


if __name__ == "__main__":
    sys.exit(main())
