"""The verifier: a sound archive passes, and whatever was done to one is named in one plain sentence."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from random import Random
from secrets import token_bytes
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from participation.voting import verify
from participation.voting.ledger import canonical, cast_leaf, void_leaf
from participation.voting.merkle import Tree
from participation.voting.notes import Proof, Signer, grow_checkpoint
from tests.world.archives import (
    CONTEST,
    METHODS,
    ORIGIN,
    SIGNER,
    Voted,
    a_ballot,
    a_voted_contest,
    forged,
    unpacked,
    written,
    zipped,
)


def _failures(path: Path, **more: Any) -> list[str]:
    return verify.examine(path, **more).failures


def _notes(path: Path, **more: Any) -> str:
    report = verify.examine(path, **more)
    assert report.failures == []
    return "\n".join(report.notes)


@pytest.fixture(scope="module")
def voted() -> Voted:
    return a_voted_contest()


@pytest.fixture
def archive(voted: Voted, tmp_path: Path) -> Path:
    return written(voted, tmp_path)


# ── Sound archives ────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("whole", [False, True], ids=["public", "audit"])
@pytest.mark.parametrize("method", METHODS)
def test_a_sound_archive_passes(method: str, whole: bool, tmp_path: Path) -> None:
    told = _notes(written(a_voted_contest(method, paper=7), tmp_path, whole=whole))
    assert "Fragen 2, Stimmen 100" in told
    assert "»netze«: 60 Stimmen nachgezählt" in told


def test_a_contest_nobody_voted_in_passes(tmp_path: Path) -> None:
    assert "Stimmen 0, Einträge im Protokoll 0" in _notes(written(a_voted_contest(ballots={"netze": 0}), tmp_path))


def test_it_stands_alone_and_says_so_with_its_exit_status(archive: Path, tmp_path: Path) -> None:
    """Run as a journalist runs it: the file out of the archive, in another folder, with the standard library only."""
    alone = tmp_path / "verify.py"
    alone.write_bytes(unpacked(archive)["verify.py"])

    def run(*arguments: Any) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-I", "-S", alone, *arguments]
        return subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False, cwd=tmp_path)

    sound = run(archive)
    assert (sound.returncode, sound.stderr) == (0, "")
    assert sound.stdout.endswith("Das Archiv ist in Ordnung.\n")
    assert run(archive, "--lang", "en").stdout.endswith("The archive is in order.\n")
    broken = run(forged(archive, {"log.txt": b""}))
    assert (broken.returncode, broken.stderr) == (1, "")
    assert "FEHLER: Die Datei »log.txt« wurde verändert" in broken.stdout
    assert "FAILURE: The file" in run(forged(archive, {"log.txt": b""}), "--lang", "en").stdout
    assert broken.stdout.endswith("Das Archiv ist NICHT in Ordnung.\n")
    assert run(tmp_path / "nowhere.zip").returncode == 1


@pytest.mark.parametrize("asked", [["--lang", "en", "--help"], ["-h", "--lang=en"]], ids=str)
def test_its_help_speaks_the_language_that_is_asked_for(asked: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    told = {}
    for lang, arguments in {"de": ["--help"], "en": asked}.items():
        with pytest.raises(SystemExit) as left:
            verify.main(arguments)
        assert left.value.code == 0
        told[lang] = " ".join(capsys.readouterr().out.split())
    for german, english in verify.HELP.values():
        assert german in told["de"] and english in told["en"]
        assert german == english or (english not in told["de"] and german not in told["en"])
    assert told["de"].startswith("Aufruf: verify.py") and told["en"].startswith("usage: verify.py")


def test_whoever_reads_only_the_first_line_gets_no_traceback(archive: Path) -> None:
    command = [sys.executable, verify.__file__, archive]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
        assert running.stdout is not None
        assert running.stderr is not None
        running.stdout.close()
        assert running.stderr.read() == b""
    assert running.returncode == 0


def test_it_uses_nothing_but_the_standard_library() -> None:
    tree = ast.parse(Path(verify.__file__).read_text("utf-8"))
    names = [name.name for node in ast.walk(tree) if isinstance(node, ast.Import) for name in node.names]
    names += [node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    assert {name.split(".")[0] for name in names} <= sys.stdlib_module_names


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize(
    ("method", "terms"),
    [
        ("approval", {}),
        ("selection", {"seats": 3}),
        ("selection", {"most": 5, "none": False}),
        ("points", {"seats": 2}),
        ("importance", {}),
        ("budget", {}),
        ("budget", {"sum": 100_000, "within_sum": False, "most": 4}),
        ("ranking", {}),
        ("ranking", {"batch_elimination": True}),
        ("ranking", {"skips": None, "overvotes": "skip", "repeats": "skip"}),
        ("ranking", {"skips": 0, "overvotes": "skip", "repeats": "skip"}),
        ("ranking", {"skips": 1, "overvotes": "exhaust", "repeats": "skip", "batch_elimination": True}),
    ],
    ids=str,
)
def test_the_second_way_to_count_comes_to_the_same(
    method: str, terms: dict[str, Any], seed: int, tmp_path: Path
) -> None:
    """Few ballots, so that many ties come up, each settled by lot or by staff."""
    path = written(a_voted_contest(method, seed=seed, terms=terms, ballots={"netze": 20 + seed % 7}), tmp_path)
    assert _failures(path) == []


# ── V3: every byte and every line ─────────────────────────────────────────────────────────────────────────────────────
def _tampered(chance: Random, content: bytes, name: str) -> tuple[str, bytes]:
    """Change, drop, swap or double one byte or line."""
    while True:
        by_line = chance.random() < 0.5
        parts = content.splitlines(keepends=True) if by_line else [content[i : i + 1] for i in range(len(content))]
        place, act = chance.randrange(len(parts)), chance.choice(["change", "drop", "swap", "double"])
        if act == "change":
            part = bytearray(parts[place])
            part[chance.randrange(len(part))] ^= 1 << chance.randrange(8)
            parts[place] = bytes(part)
        elif act == "drop":
            del parts[place]
        elif act == "double":
            parts.insert(place, parts[place])
        else:
            other = chance.randrange(len(parts))
            parts[place], parts[other] = parts[other], parts[place]
        if b"".join(parts) != content:
            return f"{act} in {name}", b"".join(parts)


SENTENCES = {
    "SHA256SUMS": ("Prüfsumme ist nicht die in SHA256SUMS", "SHA256SUMS ist anders", "nennt die Datei", "Der Datei",
                   "»SHA256SUMS« ist nicht lesbar"),
    "SHA256SUMS.note": ("Die Unterschrift unter SHA256SUMS ist nicht gültig", "»SHA256SUMS.note« ist nicht lesbar"),
}  # fmt: skip


@pytest.fixture(scope="module")
def few() -> Voted:
    return a_voted_contest(ballots={"netze": 24, "bildung": 20}, batch=20, paper=6)


@pytest.mark.parametrize("seed", range(200))
def test_no_byte_and_no_line_of_any_file_can_be_changed(seed: int, few: Voted, tmp_path: Path) -> None:
    chance = Random(seed)
    path = written(few, tmp_path)
    for name, content in unpacked(path).items():
        act, changed = _tampered(chance, content, name)
        found = _failures(forged(path, {name: changed}))
        expected = SENTENCES.get(name, (f"Die Datei »{name}« wurde verändert",))
        assert len(found) == 1, act
        assert found[0].startswith(expected) or any(one in found[0] for one in expected), (act, found)


SIGNED_AGAIN = {
    "log.txt": ("Protokoll", "log.txt"),
    "ballots.jsonl": ("Stimme", "ballots.jsonl"),
    "results.json": ("Nachzählung", "results.json", "anders aufgebaut", "Gleichstand"),
    "roll_count.json": ("Verzeichnis", "roll_count.json", "nie gestellt"),
    "checkpoints": ("Prüfpunkt", "checkpoints/"),
}


@pytest.mark.parametrize("seed", range(200))
def test_even_with_the_key_nothing_that_counts_can_be_changed(seed: int, few: Voted, tmp_path: Path) -> None:
    """Whoever holds the signing key signs the changed files again; then the files contradict each other."""
    chance = Random(seed)
    path = written(few, tmp_path, whole=True)
    for part, sentences in SIGNED_AGAIN.items():
        name = _first_checkpoint(path) if part == "checkpoints" else part
        act, changed = _tampered(chance, unpacked(path)[name], name)
        if name == "roll_count.json" and _same_json(changed, unpacked(path)[name]):
            continue
        found = _failures(forged(path, {name: changed}, signer=SIGNER))
        assert found, act
        assert any(sentence in found[0] for sentence in sentences), (act, found)


def _first_checkpoint(path: Path) -> str:
    return min(name for name in unpacked(path) if name.startswith("checkpoints/"))


def _same_json(one: bytes, other: bytes) -> bool:
    """A file of numbers can be written with the same meaning by whoever may sign it."""
    try:
        return bool(json.loads(one) == json.loads(other))
    except ValueError:
        return False


@pytest.mark.parametrize("seed", range(200))
def test_a_damaged_file_is_named_without_a_traceback(seed: int, voted: Voted, tmp_path: Path) -> None:
    """Bytes of the zip itself: what it holds is either untouched or the archive is refused."""
    chance = Random(seed)
    path = written(voted, tmp_path)
    whole, files = bytearray(path.read_bytes()), unpacked(path)
    if seed % 4 == 0:
        del whole[chance.randrange(len(whole)) :]
    for _ in range(chance.choice([1, 1, 20]) if whole else 0):
        # Half of the damage hits the table at the end, which says where everything lies.
        place = chance.randrange(len(whole)) if chance.random() < 0.5 else -chance.randrange(1, min(len(whole), 1500))
        whole[place] = chance.randrange(256)
    path.write_bytes(whole)
    if not _failures(path):
        assert unpacked(path) == files


@pytest.mark.parametrize("seed", range(200))
def test_odd_content_is_named_without_a_traceback(seed: int, tmp_path: Path) -> None:
    """Any value of any JSON file replaced by something else, signed as if it were right."""
    chance = Random(seed)
    voted = a_voted_contest(chance.choice(METHODS), ballots={"netze": 25, "bildung": 5})
    path = written(voted, tmp_path)
    name = chance.choice(["rules.json", "results.json", "roll_count.json", "ballots.jsonl"])
    content = unpacked(path)[name].decode()
    lines = content.splitlines()
    at = chance.randrange(len(lines))
    lines[at] = json.dumps(_oddly(chance, json.loads(lines[at])))
    changed = "\n".join(lines) + content[len(content.rstrip("\n")) :]
    again = forged(path, {name: changed.encode()}, signer=SIGNER)
    receipt = tmp_path / "receipt.json"
    receipt.write_text(voted.receipt(voted.ballots[0]))
    assert all(len(one) > 10 for one in _failures(again, receipt=receipt))


ODD_VALUES = [None, True, -1, 10**30, "", "x", "\ud800", "\x1b[2J", [], {}, [[]], [None], {"a": {}}, [1, "x"]]


def _oddly(chance: Random, value: Any) -> Any:
    if isinstance(value, dict) and value and chance.random() < 0.85:
        name = chance.choice(sorted(value))
        if chance.random() < 0.1:
            return {other: kept for other, kept in value.items() if other != name}
        return {**value, name: _oddly(chance, value[name])}
    if isinstance(value, list) and value and chance.random() < 0.85:
        at = chance.randrange(len(value))
        return [*value[:at], _oddly(chance, value[at]), *value[at + 1 :]]
    return chance.choice(ODD_VALUES)


# ── What the maker of an archive could try ────────────────────────────────────────────────────────────────────────────
def _lines(path: Path, name: str = "ballots.jsonl") -> list[bytes]:
    return unpacked(path)[name].splitlines(keepends=True)


def _forged_lines(path: Path, lines: list[bytes], name: str = "ballots.jsonl", **more: bytes | None) -> list[str]:
    return _failures(forged(path, {name: b"".join(lines), **more}, signer=SIGNER))


def _line(ballot: Any) -> bytes:
    shown = {"commitment": ballot.commitment.hex(), "question": ballot.question, "nonce": ballot.nonce.hex()}
    return canonical({**shown, "choice": json.loads(ballot.choice)}).encode() + b"\n"


def test_a_dropped_ballot_is_missed(archive: Path) -> None:
    found = _forged_lines(archive, _lines(archive)[1:])
    assert any("steht im Protokoll, fehlt aber im Archiv" in one for one in found)
    assert any("59 Stimmen, aber 60 Einträge" in one or "39 Stimmen, aber 40 Einträge" in one for one in found)
    assert any("Nachzählung" in one for one in found)


def test_an_added_ballot_is_noticed(archive: Path) -> None:
    added = _line(a_ballot(Random(9), "netze", "dafuer"))
    found = _forged_lines(archive, sorted([*_lines(archive), added], key=lambda line: json.loads(line)["commitment"]))
    assert any("liegt im Archiv, steht aber nicht im Protokoll" in one for one in found)


def test_a_changed_choice_no_longer_fits_its_check_number(archive: Path) -> None:
    lines = _lines(archive)
    lines[3] = lines[3].replace(b'"dafuer"', b'"dagegen"') if b'"dafuer"' in lines[3] else lines[3].replace(
        b'"dagegen"', b'"dafuer"').replace(b'"enthaltung"', b'"dafuer"')  # fmt: skip
    found = _forged_lines(archive, lines)
    assert any("wurde verändert: Ihre Prüfnummer passt nicht" in one for one in found)


def test_a_ballot_put_in_twice_is_noticed(archive: Path) -> None:
    lines = _lines(archive)
    assert any("steht zweimal im Archiv" in one for one in _forged_lines(archive, [lines[0], *lines]))


def test_ballots_out_of_order_are_noticed(archive: Path) -> None:
    """Their order could tell who voted when."""
    lines = _lines(archive)
    lines[4], lines[9] = lines[9], lines[4]
    assert any("nicht nach Prüfnummern sortiert" in one for one in _forged_lines(archive, lines))


def test_a_choice_that_the_rules_do_not_offer_is_noticed(voted: Voted, tmp_path: Path) -> None:
    """Properly cast, logged and counted in the roll, but never on offer."""
    wrong = a_ballot(Random(5), "netze", "vielleicht")
    found = _failures(_with_ballot(voted, wrong, tmp_path))
    assert any("erlauben die Regeln nicht" in one and wrong.commitment.hex()[:16] in one for one in found)


def _with_ballot(voted: Voted, ballot: Any, folder: Path) -> Path:
    """A contest with one more ballot, in log, roll and archive."""
    leaves = [*voted.archive.leaves, cast_leaf(ballot.commitment)]
    last = grow_checkpoint(SIGNER, last=voted.archive.checkpoints[-1], tree=Tree(leaves))
    ballots = sorted([*voted.ballots, ballot], key=lambda one: one.commitment)
    roll = {**voted.archive.roll, "netze": 61}
    checkpoints = [*voted.archive.checkpoints, last]
    return written(voted, folder, leaves=leaves, ballots=ballots, roll=roll, checkpoints=checkpoints)


@pytest.mark.parametrize(
    ("method", "choice"),
    [
        ("approval", ["dafuer"]),
        ("approval", None),
        ("selection", ["spielplatz", "brunnen"]),
        ("selection", ["brunnen", "brunnen"]),
        ("selection", ["brunnen", "spielplatz", "radweg", "baeume"]),
        ("selection", "brunnen"),
        ("points", {}),
        ("points", {"brunnen": 7}),
        ("points", {"brunnen": 6, "radweg": 6}),
        ("points", {"brunnen": 0}),
        ("points", {"brunnen": True}),
        ("points", {"see": 1}),
        ("importance", {"brunnen": 4}),
        ("importance", {}),
        ("importance", ["brunnen"]),
        ("ranking", []),
        ("ranking", ["brunnen", "brunnen"]),
        ("ranking", [None, "brunnen"]),
        ("ranking", ["brunnen", None]),
        ("ranking", [["brunnen", "radweg"]]),
        ("ranking", ["brunnen", "spielplatz", "radweg", "baeume", "bank", "brunnen"]),
        ("budget", ["brunnen", "radweg"]),
        ("budget", {"brunnen": 1}),
    ],
)
def test_each_way_to_vote_has_choices_that_do_not_hold(method: str, choice: Any, tmp_path: Path) -> None:
    found = _failures(_with_ballot(a_voted_contest(method), a_ballot(Random(5), "netze", choice), tmp_path))
    assert any("erlauben die Regeln nicht" in one for one in found)


@pytest.mark.parametrize(
    "choice", [["brunnen", None], [None], [["radweg", "brunnen"]], [["brunnen"]], [[]], ["see"], [1]]
)
def test_a_ranking_that_may_skip_and_share_ranks_still_has_one_spelling(choice: Any, tmp_path: Path) -> None:
    voted = a_voted_contest("ranking", terms={"skips": None, "overvotes": "skip", "repeats": "skip"})
    found = _failures(_with_ballot(voted, a_ballot(Random(5), "netze", choice), tmp_path))
    assert any("erlauben die Regeln nicht" in one for one in found)


def test_a_line_that_cannot_be_read_is_the_only_thing_named(archive: Path) -> None:
    """What follows from it, such as ballots that are missing then, would only hide it."""
    lines = _lines(archive)
    assert _forged_lines(archive, [*lines[:9], b"nonsense\n", *lines[9:]]) == [
        "»ballots.jsonl, Zeile 10« ist nicht lesbar."
    ]


def test_a_name_that_stands_twice_has_no_meaning(archive: Path) -> None:
    roll = unpacked(archive)["roll_count.json"].replace(b',"roll":60', b',"roll":60,"roll":60')
    assert _failures(forged(archive, {"roll_count.json": roll}, signer=SIGNER)) == [
        "»roll_count.json« ist nicht lesbar."
    ]


def test_a_result_that_is_off_by_one_is_named_with_both_figures(voted: Voted, tmp_path: Path) -> None:
    results = json.loads(canonical(voted.archive.results))
    option = results["questions"]["netze"]["options"][0]
    option["votes"] += 1
    found = _failures(written(voted, tmp_path, results=results))
    votes = option["votes"]
    assert found == [
        f"Frage »netze«: Die Nachzählung ergibt {votes - 1} bei options/dafuer/votes, veröffentlicht ist {votes}."
    ]


def test_a_result_of_another_contest_is_refused(voted: Voted, tmp_path: Path) -> None:
    other = {**voted.archive.results, "contest": "runde-2"}
    assert "anderen Abstimmung" in _failures(written(voted, tmp_path, results=other))[0]
    fewer = {**voted.archive.results, "questions": {}}
    assert "andere Fragen" in _failures(written(voted, tmp_path, results=fewer))[0]


def test_a_roll_that_is_off_by_one_is_named(voted: Voted, archive: Path) -> None:
    roll = json.loads(unpacked(archive)["roll_count.json"])
    roll["netze"]["roll"] = 61
    changed = forged(archive, {"roll_count.json": canonical(roll).encode()}, signer=SIGNER)
    assert "Frage »netze«: 60 Stimmen, aber 61 Einträge im Verzeichnis der Teilnahmen." in _failures(changed)


def test_ballots_on_paper_are_as_many_as_the_roll_says(tmp_path: Path) -> None:
    path = written(a_voted_contest(paper=7), tmp_path, whole=True)
    roll = json.loads(unpacked(path)["roll_count.json"])
    roll["netze"]["paper"] = 8
    changed = forged(path, {"roll_count.json": canonical(roll).encode()}, signer=SIGNER)
    assert _failures(changed) == ["Frage »netze«: 7 Stimmen auf Papier, das Verzeichnis nennt 8."]
    public = written(a_voted_contest(paper=7), tmp_path)
    roll["netze"]["paper"] = 61
    more = _failures(forged(public, {"roll_count.json": canonical(roll).encode()}, signer=SIGNER))
    assert more == ["Frage »netze«: Das Verzeichnis nennt 61 Stimmen auf Papier, es sind aber nur 60."]


# ── The log ───────────────────────────────────────────────────────────────────────────────────────────────────────────
def _relogged(voted: Voted, leaves: list[bytes], folder: Path) -> list[str]:
    """The archive with another log and one fitting checkpoint: only what the log says is wrong."""
    last = grow_checkpoint(SIGNER, last=None, tree=Tree(leaves))
    return _failures(written(voted, folder, leaves=leaves, checkpoints=[last]))


def test_a_log_that_enters_or_strikes_out_twice_is_noticed(voted: Voted, tmp_path: Path) -> None:
    leaves, first = list(voted.archive.leaves), voted.ballots[0].commitment
    assert "ein zweites Mal ein" in _relogged(voted, [*leaves, cast_leaf(first)], tmp_path)[0]
    never = void_leaf(bytes(32))
    assert "die dort nicht (mehr) steht" in _relogged(voted, [*leaves, never], tmp_path)[0]
    gone = voted.void[0].commitment
    assert "die dort nicht (mehr) steht" in _relogged(voted, [*leaves, void_leaf(gone)], tmp_path)[0]
    assert "ein zweites Mal ein" in _relogged(voted, [*leaves, cast_leaf(gone)], tmp_path)[0]


def test_a_ballot_struck_out_by_somebody_else_is_missed(voted: Voted, tmp_path: Path) -> None:
    leaves = [*voted.archive.leaves, void_leaf(voted.ballots[0].commitment)]
    assert "liegt im Archiv, steht aber nicht im Protokoll oder ist dort gestrichen" in _relogged(
        voted, leaves, tmp_path)[0]  # fmt: skip


def test_a_log_rewritten_between_two_checkpoints_is_noticed(voted: Voted, tmp_path: Path) -> None:
    """The last checkpoint is signed anew over the changed log; the ones before give it away."""
    leaves = list(voted.archive.leaves)
    leaves[2], leaves[7] = leaves[7], leaves[2]
    last = grow_checkpoint(SIGNER, last=None, tree=Tree(leaves))
    checkpoints = [*voted.archive.checkpoints[:-1], last]
    found = _failures(written(voted, tmp_path, leaves=leaves, checkpoints=checkpoints))
    assert found
    assert all("Es wurde danach verändert" in one for one in found)


def test_entries_after_the_last_checkpoint_are_noticed(voted: Voted, tmp_path: Path) -> None:
    found = _failures(written(voted, tmp_path, checkpoints=voted.archive.checkpoints[:-1]))
    assert found == ["Das Protokoll hat 140 Einträge, der letzte Prüfpunkt aber nur 138."]
    assert _failures(written(voted, tmp_path, checkpoints=[])) == ["Das Archiv enthält keinen Prüfpunkt."]


def test_a_checkpoint_of_another_log_or_under_another_name_is_noticed(archive: Path) -> None:
    name = _first_checkpoint(archive)
    note = unpacked(archive)[name]
    text = note.decode().split("\n\n")[0].replace(ORIGIN, ORIGIN + "-b") + "\n"
    foreign = Signer(ORIGIN + "-b", bytes(range(32))).sign(text).encode()
    assert "ist nicht gültig (die Unterschrift fehlt" in _failures(forged(archive, {name: foreign}, signer=SIGNER))[0]
    about = SIGNER.sign(text).encode()
    assert "anderen Protokoll" in _failures(forged(archive, {name: about}, signer=SIGNER))[0]
    renamed = forged(archive, {name: None, "checkpoints/000000002.txt": note}, signer=SIGNER)
    assert "checkpoints/000000002.txt nennt" in _failures(renamed)[0]


def test_a_checkpoint_that_nobody_signed_is_noticed(archive: Path) -> None:
    """The signature is that of another checkpoint, so it is well-formed."""
    notes = {name: note for name, note in unpacked(archive).items() if name.startswith("checkpoints/")}
    first, second = sorted(notes)[:2]
    mixed = notes[first].split(b"\n\n")[0] + b"\n\n" + notes[second].split(b"\n\n")[1]
    found = _failures(forged(archive, {first: mixed}, signer=SIGNER))
    assert found == [f"Der Prüfpunkt {first} ist nicht gültig (die Unterschrift passt nicht zum Text)."]
    doubled = notes[first] + notes[first].split(b"\n\n")[1]
    assert "fehlt oder ist beschädigt" in _failures(forged(archive, {first: doubled}, signer=SIGNER))[0]


def test_a_checkpoint_from_the_mail_is_a_witness(voted: Voted, archive: Path, tmp_path: Path) -> None:
    kept = tmp_path / "checkpoint.txt"
    kept.write_text(voted.archive.checkpoints[1], "utf-8")
    assert "setzt Ihren Prüfpunkt über 46 Einträge fort" in _notes(archive, checkpoint=kept)
    other = a_voted_contest(seed=2)
    kept.write_text(other.archive.checkpoints[1], "utf-8")
    assert "Prüfpunkt über 46 Einträge: Es wurde danach verändert" in _failures(archive, checkpoint=kept)[0]
    kept.write_bytes(b"\xef\xbb\xbf\r\n" + voted.archive.checkpoints[1].replace("\n", "\r\n").encode())
    assert "setzt Ihren Prüfpunkt" in _notes(archive, checkpoint=kept), "as Windows saves it"
    kept.write_text("nothing", "utf-8")
    assert "Ihr Prüfpunkt ist nicht gültig" in _failures(archive, checkpoint=kept)[0]


# ── Keys and signatures ───────────────────────────────────────────────────────────────────────────────────────────────
def test_an_archive_signed_by_somebody_else_is_refused(archive: Path) -> None:
    stranger = Signer(ORIGIN, token_bytes(32))
    assert "Unterschrift unter SHA256SUMS ist nicht gültig" in _failures(forged(archive, {}, signer=stranger))[0]
    key = f"{stranger.verifier_key}\n".encode()
    swapped = forged(archive, {"public_key.txt": key}, signer=stranger)
    assert "anderen Schlüssel unterschrieben als dem, den die Regeln nennen" in _failures(swapped)[0]


def test_the_key_can_be_named_from_another_source(archive: Path, tmp_path: Path) -> None:
    file = tmp_path / "key.txt"
    file.write_text(SIGNER.verifier_key + "\n")
    assert "Vergleichen Sie" in _notes(archive)
    assert "Vergleichen Sie" not in _notes(archive, key=SIGNER.verifier_key)
    assert "Vergleichen Sie" not in _notes(archive, key=str(file))
    assert "als dem, den Sie nennen" in _failures(archive, key=Signer(ORIGIN, token_bytes(32)).verifier_key)[0]
    assert "ist nicht lesbar" in _failures(archive, key="nonsense")[0]


def test_signing_other_checksums_than_listed_is_noticed(archive: Path) -> None:
    note = SIGNER.sign("somethingelse\n").encode()
    assert _failures(forged(archive, {"SHA256SUMS.note": note})) == [
        "Unterschrieben sind andere Prüfsummen als die in SHA256SUMS."
    ]


# The first, second and third test of RFC 8032, section 7.1: public key, message, signature.
RFC_8032 = [
    ("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
     "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"),
    ("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
     "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"),
    ("fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
     "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"),
]  # fmt: skip


def _key_of(public: bytes) -> verify.Key:
    signer = Signer(ORIGIN, bytes(32))
    return verify.Key(replace(signer.verifier, public_key=public).text)


@pytest.mark.parametrize(("public", "message", "signature"), RFC_8032)
def test_the_published_signatures_verify(public: str, message: str, signature: str) -> None:
    key = _key_of(bytes.fromhex(public))
    signed, right = bytes.fromhex(message), bytes.fromhex(signature)
    assert key._signed(signed, right)
    assert not key._signed(signed + b"x", right)
    assert not key._signed(signed, right[:-1])
    # The same signature written with a larger number would be a second one for the same text.
    larger = int.from_bytes(right[32:], "little") + verify.ORDER
    assert not key._signed(signed, right[:32] + larger.to_bytes(32, "little"))


@pytest.mark.parametrize("seed", range(100))
def test_signatures_are_judged_as_by_another_implementation(seed: int) -> None:
    chance = Random(seed)
    secret = Ed25519PrivateKey.from_private_bytes(chance.randbytes(32))
    message = chance.randbytes(chance.randrange(100))
    signature, key = secret.sign(message), _key_of(secret.public_key().public_bytes_raw())
    assert key._signed(message, signature)
    place = chance.randrange(64)
    wrong = bytearray(signature)
    wrong[place] ^= 1 << chance.randrange(8)
    assert not key._signed(message, bytes(wrong))


def test_what_is_no_point_of_the_curve_is_no_key() -> None:
    points = [number for number in range(60) if verify._point(number.to_bytes(32, "little")) is not None]
    assert 20 < len(points) < 40
    assert verify._point((2**255 - 19).to_bytes(32, "little")) is None
    assert verify._point((1 | 1 << 255).to_bytes(32, "little")) is None
    assert verify._point(b"short") is None


# ── Small and closed questions ────────────────────────────────────────────────────────────────────────────────────────
@pytest.fixture
def small(tmp_path: Path) -> Path:
    return written(a_voted_contest(ballots={"netze": 30, "bildung": 12}), tmp_path)


def test_of_a_small_question_it_says_what_it_cannot_check(small: Path) -> None:
    told = _notes(small)
    assert "Frage »bildung«: Was auf den 12 Stimmen steht, ist nicht veröffentlicht. Es sind weniger als 20." in told
    assert "zu dieser Frage gehört und ob die veröffentlichten Summen die ihren sind." in told
    assert "Frage »netze«: 30 Stimmen nachgezählt." in told


@pytest.mark.parametrize("lang", ["de", "en"])
@pytest.mark.parametrize("method", METHODS)
def test_the_last_line_says_that_withheld_ballots_were_not_counted(
    method: str, lang: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = written(a_voted_contest(method, ballots={"netze": 12}, paper=6), tmp_path)
    assert verify.main([str(path), "--lang", lang]) == 0
    *notes, last = capsys.readouterr().out.splitlines()
    assert last.startswith(
        "The archive is in order, as far as" if lang == "en" else "Das Archiv ist in Ordnung, soweit"
    )
    for sentence in ("Not checked: whether", "6 ballots") if lang == "en" else ("Nicht geprüft: ob", "6 Stimmen"):
        assert any(sentence in note for note in notes)
    assert not any(len(note) > 1000 for note in notes)


def test_closed_ballots_are_still_bound_to_the_log(small: Path) -> None:
    lines = _lines(small)
    closed = next(line for line in lines if b"nonce" not in line)
    assert any("fehlt aber im Archiv" in one for one in _forged_lines(small, [one for one in lines if one != closed]))
    swapped = json.loads(closed) | {"commitment": "f" * 64}
    lines = [*(line for line in lines if line != closed), canonical(swapped).encode() + b"\n"]
    found = _forged_lines(small, lines)
    assert any("steht aber nicht im Protokoll" in one for one in found)
    assert any("fehlt aber im Archiv" in one for one in found)


def test_a_result_larger_than_the_ballots_of_a_small_question_is_noticed(tmp_path: Path) -> None:
    voted = a_voted_contest(ballots={"netze": 30, "bildung": 12})
    results = json.loads(canonical(voted.archive.results))
    results["questions"]["bildung"]["options"][0]["votes"] += 1
    assert _failures(written(voted, tmp_path, results=results)) == [
        "Frage »bildung«: Das veröffentlichte Ergebnis passt nicht zu 12 Stimmen."
    ]


@pytest.mark.parametrize(("method", "place"), [("budget", "spent"), ("points", "options"), ("selection", "options")])
def test_where_no_ballot_is_shown_the_result_still_follows_from_its_sums(
    method: str, place: str, tmp_path: Path
) -> None:
    """A city that funds another project than the votes say is found out without a single open ballot."""
    voted = a_voted_contest(method, terms={"ballots_public": False})
    results = json.loads(canonical(voted.archive.results))
    figures = results["questions"]["netze"]
    if place == "spent":
        figures["spent"] += 1
    else:
        figures["options"][0]["share"] = "0.9999"
    (found,) = _failures(written(voted, tmp_path, results=results))
    assert found.startswith("Frage »netze«: Aus den veröffentlichten Summen folgt ") and f"bei {place}" in found


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(
    ("method", "terms"),
    [
        ("approval", {}),
        ("selection", {"seats": 3}),
        ("points", {"seats": 2}),
        ("importance", {}),
        ("budget", {}),
        ("ranking", {}),
        ("ranking", {"batch_elimination": True}),
        ("ranking", {"skips": None, "overvotes": "skip", "repeats": "skip"}),
        ("ranking", {"skips": 1, "overvotes": "exhaust", "repeats": "skip", "batch_elimination": True}),
    ],
    ids=str,
)
def test_an_honest_result_of_withheld_ballots_always_passes(
    method: str, terms: dict[str, Any], seed: int, tmp_path: Path
) -> None:
    hidden = {**terms, "ballots_public": False}
    assert (
        _failures(written(a_voted_contest(method, seed=seed, terms=hidden, ballots={"netze": 13 + seed}), tmp_path))
        == []
    )


@pytest.mark.parametrize("method", ["approval", "importance", "ranking"])
def test_not_one_number_of_withheld_ballots_can_be_changed_alone(method: str, tmp_path: Path) -> None:
    voted = a_voted_contest(method, terms={"ballots_public": False}, ballots={"netze": 19}, seed=3)
    whole = json.loads(canonical(voted.archive.results))
    for place in list(_numbers_in(whole["questions"]["netze"])):
        results = json.loads(canonical(whole))
        *way, last = place
        inner = results["questions"]["netze"]
        for step in way:
            inner = inner[step]
        inner[last] += 1
        (found,) = _failures(written(voted, tmp_path, results=results))
        assert "passt nicht zu 19 Stimmen" in found or "folgt" in found, (place, found)


def test_no_vote_appears_between_the_rounds_of_a_withheld_ranking(tmp_path: Path) -> None:
    """All rounds are made to fit one vote that was handed on without having been there."""
    voted = a_voted_contest("ranking", terms={"ballots_public": False}, ballots={"netze": 19}, seed=3)
    results = json.loads(canonical(voted.archive.results))
    figures = results["questions"]["netze"]
    next(move for move in figures["rounds"][-2]["transfers"] if move["to"] == figures["winner"])["votes"] += 1
    question = verify.Question(CONTEST, "ranking", json.loads(canonical(voted.archive.rules))["questions"][0])
    followed = verify._followed(question, verify.Sums(figures, 19), verify.Ties(question, figures["ties"]))
    figures |= {"rounds": followed["rounds"], "winner": followed["winner"]}
    assert "passt nicht zu 19 Stimmen" in _failures(written(voted, tmp_path, results=results))[0]


def _numbers_in(value: Any) -> Iterator[tuple[Any, ...]]:
    """Yield the way to each whole number."""
    if type(value) is int:
        yield ()
    for step, inner in (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    ):
        yield from ((step, *rest) for rest in _numbers_in(inner))


def test_ballots_cannot_be_withheld_where_the_rules_publish_them(archive: Path) -> None:
    lines = [json.loads(line) for line in _lines(archive)]
    closed = [{"commitment": line["commitment"], "question": line["question"]} for line in lines]
    written_closed = [canonical(line).encode() + b"\n" for line in closed]
    assert any("verdeckt, obwohl" in one for one in _forged_lines(archive, written_closed))
    mixed = [written_closed[0], *_lines(archive)[1:]]
    assert any("Nur ein Teil der Stimmen ist offen" in one for one in _forged_lines(archive, mixed))


@pytest.mark.parametrize("method", ["points", "ranking", "budget"])
def test_whole_ballots_of_rankings_points_and_budgets_can_stay_with_the_audit_office(
    method: str, tmp_path: Path
) -> None:
    voted = a_voted_contest(method, terms={"ballots_public": False})
    assert "Die Regeln sehen es so vor" in _notes(written(voted, tmp_path))
    told = _notes(written(voted, tmp_path, whole=True))
    assert "nur für die Prüfstelle bestimmt" in told
    assert "60 Stimmen nachgezählt" in told


# ── Ties ──────────────────────────────────────────────────────────────────────────────────────────────────────────────
def _with_tie(change: Callable[[dict[str, Any]], None], folder: Path, **terms: Any) -> list[str]:
    """A count with a tie settled by lot, with something changed about it."""
    for seed in range(50):
        voted = a_voted_contest("selection", seed=seed, ballots={"netze": 20}, terms=terms)
        results = json.loads(canonical(voted.archive.results))
        ties = results["questions"]["netze"]["ties"]
        if ties:
            change(ties[0])
            return _failures(written(voted, folder, results=results))
    raise AssertionError("no tie came up")


def test_lots_are_drawn_again(tmp_path: Path) -> None:
    assert _with_tie(lambda tie: None, tmp_path) == []
    assert "Die Auslosung zwischen" in _with_tie(lambda tie: tie.update(seed="1 2 3 4 5 7"), tmp_path)[0]
    assert "Die Auslosung zwischen" in _with_tie(lambda tie: tie.update(order=tie["order"][::-1]), tmp_path)[0]


def test_a_tie_that_nobody_settled_or_otherwise_than_agreed_is_noticed(tmp_path: Path) -> None:
    assert "besteht Gleichstand, und es fehlt" in _with_tie(lambda tie: tie.update(order=None), tmp_path)[0]
    assert "anders entschieden, als die Regeln es vorsehen" in _with_tie(lambda tie: None, tmp_path, ties="staff")[0]


# ── Receipts ──────────────────────────────────────────────────────────────────────────────────────────────────────────
def _with_receipt(path: Path, text: str) -> verify.Report:
    file = path.with_name("beleg.json")
    file.write_text(text, "utf-8")
    return verify.examine(path, receipt=file)


def test_a_receipt_finds_its_ballot_with_its_choice(voted: Voted, archive: Path) -> None:
    ballot = voted.ballots[0]
    label = json.loads(ballot.choice).title()
    for text in (voted.receipt(ballot), voted.proof(ballot)):
        report = _with_receipt(archive, text)
        assert report.failures == []
        assert f"Ihre Stimme ist enthalten. Frage »{ballot.question}«, Ihre Wahl: »{label}«." in report.notes


def test_a_check_number_alone_is_enough_once_ballots_are_published(voted: Voted, archive: Path) -> None:
    ballot = voted.ballots[0]
    slip = {"contest": CONTEST, "question": ballot.question, "commitment": ballot.commitment.hex()}
    assert any("Ihre Wahl: »" in note for note in _with_receipt(archive, canonical(slip)).notes)


def test_a_proof_that_names_its_ballot_alone_is_enough(voted: Voted, archive: Path) -> None:
    """As the check page gives it: without nonce and choice."""
    ballot = voted.ballots[0]
    bare = {"contest": CONTEST, "question": ballot.question, "commitment": ballot.commitment.hex()}
    proof = replace(Proof.of(voted.proof(ballot)), extra=canonical(bare).encode()).text
    report = _with_receipt(archive, proof)
    assert not report.failures and any("Ihre Stimme ist enthalten" in note for note in report.notes)
    other = canonical({**bare, "commitment": voted.ballots[1].commitment.hex()}).encode()
    assert "führt nicht zum" in _with_receipt(archive, replace(Proof.of(proof), extra=other).text).failures[0]


def test_a_receipt_of_a_small_question_is_found_without_the_choice_being_public(tmp_path: Path) -> None:
    voted = a_voted_contest(ballots={"netze": 12})
    path, ballot = written(voted, tmp_path), voted.ballots[0]
    assert any("Ihre Wahl: »" in note for note in _with_receipt(path, voted.receipt(ballot)).notes)
    slip = {"contest": CONTEST, "question": ballot.question, "commitment": ballot.commitment.hex()}
    report = _with_receipt(path, canonical(slip))
    assert report.failures == []
    assert any("die Wahl ist hier nicht veröffentlicht" in note for note in report.notes)


def test_the_receipt_of_a_ballot_that_was_changed_says_so(voted: Voted, archive: Path) -> None:
    assert "geändert oder zurückgezogen" in _with_receipt(archive, voted.receipt(voted.void[0])).failures[0]


def test_a_receipt_that_does_not_fit_says_nothing_against_the_archive(voted: Voted, archive: Path) -> None:
    """Whoever changed their vote and checks the old receipt must not read that the archive is wrong."""
    report = _with_receipt(archive, voted.receipt(voted.void[0]))
    assert len(report.failures) == 1
    assert not report.archive_fails


def test_the_receipt_of_a_dropped_ballot_proves_it(voted: Voted, tmp_path: Path) -> None:
    """The city left a ballot out of everything: log, roll, ballots and result. The receipt is not in it."""
    stranger = a_ballot(Random(77), "netze", "dagegen")
    report = _with_receipt(written(voted, tmp_path), voted.receipt(stranger))
    assert report.failures[0].startswith("Ihre Stimme ist nicht enthalten.")


def test_a_proof_from_a_log_that_was_rewritten_since_is_evidence(voted: Voted, tmp_path: Path) -> None:
    """The proof carries a signed checkpoint, and the log of the archive does not continue it."""
    other = a_voted_contest(seed=2)
    report = _with_receipt(written(voted, tmp_path), other.proof(other.ballots[0]))
    assert "passt nicht zum unterschriebenen Prüfpunkt" in report.failures[0]
    assert report.archive_fails


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "nicht lesbar"),
        ("[]", "nicht lesbar"),
        ("{}", "nicht lesbar"),
        ('{"contest":1,"question":2,"commitment":3}', "nicht lesbar"),
        ("c2sp.org/tlog-proof@v1\n", "nicht lesbar"),
        ("c2sp.org/tlog-proof@v1\nextra e30=\nindex 0\n\n", "nicht lesbar"),
    ],
)
def test_an_unreadable_receipt_is_named(archive: Path, text: str, sentence: str) -> None:
    assert sentence in _with_receipt(archive, text).failures[0]


def test_a_receipt_that_does_not_hold_together_is_named(voted: Voted, archive: Path) -> None:
    ballot = voted.ballots[0]
    for changed, sentence in [
        ({"contest": "runde-2"}, "gehört zu einer anderen Abstimmung"),
        ({"question": "wasser"}, "gehört zu einer anderen Abstimmung"),
        ({"choice": "vielleicht"}, "in sich nicht stimmig"),
        ({"nonce": "00" * 16}, "in sich nicht stimmig"),
        ({"nonce": 5}, "Der Beleg ist anders aufgebaut"),
    ]:
        assert sentence in _with_receipt(archive, voted.receipt(ballot, **changed)).failures[0]
    proof = voted.proof(ballot)
    assert "führt nicht zum unterschriebenen" in _with_receipt(
        archive, proof.replace("\nindex ", "\nindex 1"))  .failures[0]  # fmt: skip
    assert "Der Nachweis auf dem Beleg gilt nicht" in _with_receipt(archive, proof[:-5] + "A=\n\n").failures[0]


@pytest.mark.parametrize("seed", range(100))
def test_a_damaged_proof_is_named_without_a_traceback(seed: int, voted: Voted, tmp_path: Path) -> None:
    chance = Random(seed)
    _, changed = _tampered(chance, voted.proof(voted.ballots[0]).encode(), "proof")
    file = tmp_path / "beleg.tlog-proof"
    file.write_bytes(changed)
    report = verify.examine(written(voted, tmp_path), receipt=file)
    assert len(report.failures) == 1 or any("Ihre Wahl" in note for note in report.notes)


# ── Hostile archives ──────────────────────────────────────────────────────────────────────────────────────────────────
def test_a_file_that_does_not_belong_there_is_refused(archive: Path) -> None:
    for name in (
        "../../etc/passwd",
        "/etc/passwd",
        "C:\\x",
        "notes.txt",
        "checkpoints/",
        "checkpoints/1.txt",
        "\x1b[2J",
    ):
        found = _failures(forged(archive, {name: b"x"}))
        assert len(found) == 1
        assert "die nicht hineingehört" in found[0]
        assert found[0].isprintable()


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_file_that_lies_there_twice_is_refused(archive: Path) -> None:
    twice = archive.with_name("twice.zip")
    twice.write_bytes(zipped([*unpacked(archive).items(), ("log.txt", b"")]))
    assert _failures(twice) == ["Die Datei »log.txt« steht zweimal im Archiv."]


def test_a_missing_file_is_named(archive: Path) -> None:
    assert _failures(forged(archive, {"rules.json": None})) == ["Im Archiv fehlt die Datei »rules.json«."]


def test_a_file_that_swells_is_not_read(archive: Path) -> None:
    bomb = archive.with_name("bomb.zip")
    files = {**unpacked(archive), "log.txt": bytes(50_000_000)}
    bomb.write_bytes(zipped(list(files.items()), zipfile.ZIP_DEFLATED))
    assert bomb.stat().st_size < 1_000_000
    assert "anders gepackt" in _failures(bomb)[0]


def test_a_file_packed_by_another_method_is_not_read(archive: Path) -> None:
    """Some methods turn a few bytes into gigabytes before anybody can stop them."""
    content = bytearray(archive.read_bytes())
    content[content.rindex(b"PK\x01\x02") + 10] = zipfile.ZIP_BZIP2
    archive.write_bytes(content)
    assert "anders gepackt" in _failures(archive)[0]


def test_a_file_that_claims_more_than_there_is_is_not_read(archive: Path) -> None:
    """So entries cannot share the same bytes either, to make much out of little."""
    content = bytearray(archive.read_bytes())
    entry = content.rindex(b"PK\x01\x02")
    content[entry + 20 : entry + 28] = (10**9).to_bytes(4, "little") * 2
    archive.write_bytes(content)
    assert "anders gepackt" in _failures(archive)[0]


def test_what_is_no_archive_is_named(tmp_path: Path) -> None:
    for content in (b"", b"PK", b"PK\x05\x06" + bytes(18), b"not a zip"):
        path = tmp_path / "x.zip"
        path.write_bytes(content)
        assert len(_failures(path)) == 1
    assert "lässt sich nicht lesen" in _failures(tmp_path)[0]


def test_many_failures_of_one_kind_are_counted(archive: Path) -> None:
    found = _forged_lines(archive, _lines(archive)[60:])
    assert "Und 40 weitere Fehler dieser Art." in found
    assert len(found) < 40


def test_each_failure_is_said_in_english_too(archive: Path) -> None:
    found = _failures(forged(archive, {"ballots.jsonl": b"".join(_lines(archive)[1:])}, signer=SIGNER), lang="en")
    assert any("is in the log, but missing from the archive" in one for one in found)
    assert not any(sign in one for one in found for sign in "äöüß»")
