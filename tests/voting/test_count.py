"""Counting: real contests come out as they were published, random ones as a count by hand, and ties stay ties."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from random import Random
from typing import Any

import pytest
from openpyxl import load_workbook

from participation.voting.count import (
    Ballots,
    Decision,
    Figures,
    InvalidChoice,
    Votes,
    count,
    count_question,
    decimal,
    undecided,
)
from participation.voting.facts import Asked, Method
from participation.voting.ledger import canonical
from participation.voting.logic import tidied, why_invalid, why_unfit
from participation.voting.verify import Question, Ties, recount

Settle = Callable[[Figures, Figures], list[str]]
"""Gives the order of what ties, by the tie and the figures so far."""


def counted(asked: Asked, ballots: Ballots, settle: Settle | None = None) -> Figures:
    """Count, and settle tie after tie as they come up; without ``settle`` the count stops at the first."""
    decided: dict[tuple[str, ...], Decision] = {}
    while True:
        figures = count_question(asked, ballots, decided)
        tie = undecided(figures)
        if tie is None or settle is None:
            return figures
        assert tuple(tie["between"]) not in decided, "a settled tie comes up again"
        decided[tuple(tie["between"])] = Decision(tuple(settle(tie, figures)), "staff")


# ── Published contests ────────────────────────────────────────────────────────────────────────────────────────────────
CONTESTS = (
    "2015_portland_mayor",
    "test_set_0_skipped_first_choice",
    "tiebreak_previous_round_counts_then_random_test",
)
WRITE_INS = "Undeclared Write-ins"


class Published:
    """A contest with its rules and ballots, and the report that was published of it."""

    def __init__(self, folder: Path, name: str) -> None:
        self.config = json.loads((folder / f"{name}_config.json").read_text())
        self.report = json.loads((folder / f"{name}_expected_detailed_report.json").read_text())
        self.source = self.config["cvrFileSources"][0]
        self.names = [candidate["name"] for candidate in self.config["candidates"]]
        if self.source["undeclaredWriteInLabel"]:
            self.names.append(WRITE_INS)
        self.asked = Asked(Method.RANKING, tuple(self.names), self._terms())
        sheet = load_workbook(folder / f"{name}_cvr.xlsx", read_only=True).worksheets[0]
        first_row, first_column = (int(self.source.get(f"firstVote{side}Index") or 2) for side in ("Row", "Column"))
        rows = sheet.iter_rows(min_row=first_row, min_col=first_column, values_only=True)
        self.ballots = [(self._ranks(row), 1) for row in rows if any(row)]

    def _terms(self) -> dict[str, Any]:
        rules = self.config["rules"]
        assert rules["winnerElectionMode"] == "singleWinnerMajority"
        assert not rules["exhaustOnDuplicateCandidate"]
        return {
            "most_ranks": int(rules["maxRankingsAllowed"]),
            "skips": int(rules["maxSkippedRanksAllowed"]),
            "overvotes": {"exhaustImmediately": "exhaust", "alwaysSkipToNextRank": "skip"}[rules["overvoteRule"]],
            "repeats": "skip",
            "batch_elimination": rules["batchElimination"],
        }

    def _ranks(self, cells: tuple[Any, ...]) -> list[Any]:
        ranks = [self._rank(str(cell or "undervote").strip()) for cell in cells]
        while ranks and ranks[-1] is None:
            ranks.pop()
        return ranks

    def _rank(self, cell: str) -> Any:
        """An overvoted cell does not say whose names it held; neither rule for overvotes asks."""
        if cell == "overvote":
            return self.names[:2]
        if cell == "undervote":
            return None
        return cell if cell in self.names else f"Candidate {cell} Name"

    def settle(self, tie: Figures, figures: Figures) -> list[str]:
        """Settle a tie as the contest's own rules did; what was drawn at random is read from the report."""
        mode, tied = self.config["rules"]["tiebreakMode"], tie["between"]
        if mode == "useCandidateOrder":
            return sorted(tied, key=self.names.index)
        assert mode == "previousRoundCountsThenRandom"
        before = [one["tally"] for one in reversed(figures["rounds"][: tie["round"] - 1])]
        winner = self.report["results"][-1]["tallyResults"][0]["elected"]
        return sorted(tied, key=lambda name: ([-tally[name] for tally in before], name != winner))


@pytest.fixture(params=CONTESTS)
def published(request: pytest.FixtureRequest, shared_data: Path) -> Published:
    """One of the published contests."""
    return Published(shared_data / "ranked", request.param)


def _as_reported(one: Figures) -> dict[str, Any]:
    went = {left: {} for left in one["eliminated"]}
    for transfer in one["transfers"]:
        went[transfer["from"]][transfer["to"] or "exhausted"] = str(transfer["votes"])
    out = one["exhausted"]
    return {
        "tally": {name: str(votes) for name, votes in one["tally"].items()},
        "threshold": str(one["majority"]),
        "inactiveBallots": {
            "exhaustedChoices": str(out["choices"]),
            "overvotes": str(out["overvotes"]),
            "repeatedRankings": "0",
            "skippedRankings": str(out["skips"]),
        },
        "eliminated": went,
    }


def _reported(one: dict[str, Any]) -> dict[str, Any]:
    left = {act["eliminated"]: act["transfers"] for act in one["tallyResults"] if "eliminated" in act}
    kept = {key: one[key] for key in ("tally", "threshold", "inactiveBallots")}
    return {**kept, "eliminated": left}


def test_ballots_and_rules_of_published_contests_hold(published: Published) -> None:
    assert why_unfit(published.asked) is None
    assert [why_invalid(ranks, published.asked) for ranks, _ in published.ballots] == [None] * len(published.ballots)


def test_published_contests_come_out_round_by_round(published: Published) -> None:
    figures = counted(published.asked, published.ballots, published.settle)
    assert [_as_reported(one) for one in figures["rounds"]] == [_reported(one) for one in published.report["results"]]
    assert figures["winner"] == published.report["results"][-1]["tallyResults"][0]["elected"]


def test_ties_of_published_contests_are_reported_until_they_are_settled(published: Published) -> None:
    stopped = counted(published.asked, published.ballots)
    settled = counted(published.asked, published.ballots, published.settle)["ties"]
    assert [(tie["round"], tie["between"]) for tie in settled] == {
        "Portland 2015 Mayoral Race": [
            (2, ["Marshall, David A.", "Rathband, Jed"]),
            (7, ["Lapchick, Jodie L.", "Vail, Christopher L."]),
        ],
        "Test Set 0": [],
        "Tiebreak test": [(2, ["Sneezy", "Dopey", "Grumpy"]), (3, ["Sneezy", "Dopey"])],
    }[published.config["outputSettings"]["contestName"]]
    assert (stopped["winner"] is None) == bool(settled)
    assert len(stopped["ties"]) == min(len(settled), 1)


def test_ballina_2015_elects_smith_in_the_sixth_round(shared_data: Path) -> None:
    lines = (shared_data / "ranked" / "nswla_00058-00000003_Ballina2015.soi").read_text().splitlines()
    names = [line.split(": ")[1] for line in lines if line.startswith("# ALTERNATIVE NAME")]
    orders = [line.split(": ") for line in lines if not line.startswith("#")]
    ballots = [([names[int(number) - 1] for number in order.split(",")], int(times)) for times, order in orders]
    figures = counted(Asked(Method.RANKING, tuple(names)), ballots)
    last = figures["rounds"][-1]
    assert figures["ballots"] == 47_458
    assert (figures["winner"], len(figures["rounds"]), figures["ties"]) == ("SMITH Tamara", 6, [])
    assert (last["tally"]["SMITH Tamara"], last["active"]) == (21_528, 40_524)
    assert last["active"] + sum(last["exhausted"].values()) == 47_458


# ── By hand ───────────────────────────────────────────────────────────────────────────────────────────────────────────
# Each reference reads ballots one by one and says who wins, or what ties, as a set. None shares a line with the count.
def _selection_by_hand(asked: Asked, ballots: list[Any]) -> set[str]:
    seats = asked.terms["seats"]
    votes = {option: sum(option in ballot for ballot in ballots) for option in asked.options}
    return {one for one in votes if votes[one] and sum(other > votes[one] for other in votes.values()) < seats}


def _points_by_hand(asked: Asked, ballots: list[Any]) -> set[str]:
    points = {option: sum(ballot.get(option, 0) for ballot in ballots) for option in asked.options}
    seats = asked.terms["seats"]
    return {one for one in points if points[one] and sum(other > points[one] for other in points.values()) < seats}


def _importance_by_hand(asked: Asked, ballots: list[Any]) -> dict[str, str | None]:
    given = {option: [ballot[option] for ballot in ballots if option in ballot] for option in asked.options}
    return {option: f"{sum(all_) / len(all_) + 1e-9:.4f}" if all_ else None for option, all_ in given.items()}


def _budget_by_hand(asked: Asked, ballots: list[Any], order: list[str]) -> list[str]:
    votes = {option: sum(option in ballot for ballot in ballots) for option in asked.options}
    funded: list[str] = []
    for option in sorted(votes, key=lambda one: (-votes[one], order.index(one))):
        if votes[option] and sum(asked.costs[one] for one in [*funded, option]) <= asked.terms["sum"]:
            funded.append(option)
    return funded


def _ranking_by_hand(asked: Asked, ballots: list[Any], order: list[str]) -> str | None:
    running = set(asked.options)
    while True:
        firsts = [next((one for one in ballot if one in running), None) for ballot in ballots]
        votes = {option: firsts.count(option) for option in running}
        if not any(votes.values()):
            return None
        if len(running) == 1 or max(votes.values()) > sum(votes.values()) / 2:
            return max(votes, key=lambda one: votes[one])
        running.remove(min(running, key=lambda one: (votes[one], -order.index(one))))


def _in_order_of(order: list[str]) -> Settle:
    return lambda tie, figures: sorted(tie["between"], key=order.index)


def _random_terms(method: Method, dice: Random, options: int) -> dict[str, Any]:
    return {
        Method.SELECTION: {"most": dice.randint(1, options), "none": True, "seats": dice.randint(1, options)},
        Method.POINTS: {"points": dice.randint(3, 9), "most_per_option": 3, "seats": dice.randint(1, options)},
        Method.IMPORTANCE: {"scale": [{"value": value, "label": {"de": str(value)}} for value in range(1, 6)]},
        Method.RANKING: {"batch_elimination": dice.random() < 0.5},
        Method.BUDGET: {"sum": dice.randint(5, 25), "within_sum": False, "none": True},
    }.get(method, {})


def _random_choice(asked: Asked, dice: Random) -> Any:
    chosen = dice.sample(asked.options, dice.randint(1, len(asked.options)))
    match asked.method:
        case Method.APPROVAL:
            return chosen[0]
        case Method.SELECTION:
            return sorted(chosen[: asked.terms["most"]] if dice.random() < 0.9 else [])
        case Method.POINTS:
            return {option: 1 + dice.randrange(2) for option in chosen[: asked.terms["points"] // 2]}
        case Method.IMPORTANCE:
            return {option: dice.randint(1, 5) for option in chosen}
        case Method.BUDGET:
            return sorted(chosen)
    return chosen


def _random_contest(method: Method, number: int) -> tuple[Asked, list[Any], list[str]]:
    """Return a small contest, so that ties are common, and an order in which its ties are settled."""
    dice = Random(f"{method}/{number}")
    options = tuple("abcdef"[: dice.randint(2, 6)])
    costs = {option: dice.randint(1, 10) for option in options}
    asked = Asked(method, options, _random_terms(method, dice, len(options)), costs)
    ballots = [_random_choice(asked, dice) for _ in range(dice.randint(1, 25))]
    return asked, ballots, dice.sample(options, len(options))


@pytest.mark.parametrize("method", Method)
def test_two_hundred_random_contests_come_out_as_counted_by_hand(method: Method) -> None:
    met = 0
    for number in range(200):
        asked, ballots, order = _random_contest(method, number)
        assert [why_invalid(ballot, asked) for ballot in ballots] == [None] * len(ballots)
        figures = counted(asked, [(ballot, 1) for ballot in ballots], _in_order_of(order))
        _compare(asked, ballots, order, figures)
        assert figures["ballots"] == len(ballots)
        canonical(figures)
        met += len(figures.get("ties", []))
    expects_ties = method not in {Method.APPROVAL, Method.IMPORTANCE}
    assert (met > 10) == expects_ties, f"{met} ties among them"


def _compare(asked: Asked, ballots: list[Any], order: list[str], figures: Figures) -> None:
    match asked.method:
        case Method.APPROVAL:
            assert {one["slug"]: one["votes"] for one in figures["options"]} == {
                option: ballots.count(option) for option in asked.options
            }
        case Method.SELECTION:
            _compare_seats(asked, figures, _selection_by_hand(asked, ballots), order)
        case Method.POINTS:
            _compare_seats(asked, figures, _points_by_hand(asked, ballots), order)
        case Method.IMPORTANCE:
            assert {one["slug"]: one["mean"] for one in figures["options"]} == _importance_by_hand(asked, ballots)
        case Method.BUDGET:
            assert figures["funded"] == _as_funded(figures, _budget_by_hand(asked, ballots, order))
        case Method.RANKING:
            assert figures["winner"] == _ranking_by_hand(asked, ballots, order)


def _compare_seats(asked: Asked, figures: Figures, best: set[str], order: list[str]) -> None:
    """With a tie on the last place the reference names all of it; the order of the decision says who of it wins."""
    if figures["ties"]:
        (tie,) = figures["ties"]
        sure = best - set(tie["between"])
        assert set(tie["between"]) <= best
        left = asked.terms["seats"] - len(sure)
        best = sure | set(sorted(tie["between"], key=order.index)[:left])
    assert set(figures["elected"]) == best


def _as_funded(figures: Figures, by_hand: list[str]) -> list[str]:
    """What has equal votes and fits together is funded in the order of the options: nobody had to decide on it."""
    tied = [set(tie["between"]) for tie in figures["ties"]]
    votes = {one["slug"]: one["votes"] for one in figures["options"]}
    places = {one["slug"]: place for place, one in enumerate(figures["options"])}

    def place(option: str) -> tuple[int, int]:
        decided = any(option in between for between in tied)
        return -votes[option], by_hand.index(option) if decided else places[option]

    return sorted(by_hand, key=place)


# ── By the verifier that journalists get ──────────────────────────────────────────────────────────────────────────────
def _verified(asked: Asked, ballots: Ballots, figures: Figures) -> Figures:
    """Count again by verify.py, which shares nothing with the count but the description of the rules."""
    options = [{"slug": one, "label": {"de": one}, "cost": asked.costs.get(one)} for one in asked.options]
    question = Question("runde", str(asked.method), {"slug": "frage", "terms": asked.terms, "options": options})
    ties = Ties(question, figures.get("ties", []))
    return {**recount(question, list(ballots), ties), "ballots": figures["ballots"]}


@pytest.mark.parametrize("method", Method)
def test_the_verifier_comes_to_the_same_figures(method: Method) -> None:
    for number in range(200):
        asked, choices, order = _random_contest(method, number)
        ballots: Ballots = [(choice, 1) for choice in choices]
        figures = counted(asked, ballots, _in_order_of(order))
        assert _verified(asked, ballots, figures) == figures


def test_the_verifier_reads_skips_overvotes_and_repeats_alike() -> None:
    reasons: dict[str, int] = {}
    for number in range(300):
        dice = Random(f"paper/{number}")
        terms = {
            "skips": dice.choice([0, 1, None]),
            "overvotes": dice.choice(["exhaust", "skip"]),
            "repeats": "skip",
            "batch_elimination": dice.random() < 0.5,
        }
        options = tuple("abcde")
        asked = Asked(Method.RANKING, options, terms)
        ballots = [(_paper(dice, asked), dice.randint(1, 9)) for _ in range(dice.randint(3, 20))]
        ballots = [(ranks, times) for ranks, times in ballots if why_invalid(ranks, asked) is None]
        figures = counted(asked, ballots, _in_order_of(dice.sample(options, 5)))
        assert _verified(asked, ballots, figures) == figures
        for reason, out in figures["rounds"][-1]["exhausted"].items() if figures["rounds"] else ():
            reasons[reason] = reasons.get(reason, 0) + out
    assert all(reasons[reason] > 100 for reason in ("choices", "overvotes", "skips")), reasons


def _paper(dice: Random, asked: Asked) -> Any:
    """Return the ranks of a ballot that was filled in by hand: gaps, several on one rank, the same one twice."""
    ranks: list[Any] = []
    for _ in range(dice.randint(1, 5)):
        kind = dice.random()
        if kind < 0.2:
            ranks.append(None)
        elif kind < 0.3:
            ranks.append(sorted(dice.sample(asked.options, 2)))
        else:
            ranks.append(dice.choice(asked.options))
    return tidied(ranks, asked)


# ── Ties ──────────────────────────────────────────────────────────────────────────────────────────────────────────────
def _tie(figures: Figures) -> tuple[Any, ...]:
    (tie,) = figures["ties"]
    return tie["kind"], tie["between"], tie["order"]


def test_a_tie_on_the_last_seat_is_reported_and_gives_nobody_that_seat() -> None:
    asked = Asked(Method.SELECTION, ("a", "b", "c", "d"), {"most": 2, "seats": 2})
    ballots = [(["a", "b"], 2), (["a", "c"], 2), (["d"], 1)]
    figures = counted(asked, ballots)
    assert (figures["elected"], _tie(figures)) == (["a"], ("seat", ["b", "c"], None))
    settled = counted(asked, ballots, lambda tie, figures: ["c", "b"])
    assert (settled["elected"], _tie(settled)) == (["a", "c"], ("seat", ["b", "c"], ["c", "b"]))


def test_a_tie_that_fills_the_seats_exactly_needs_nobody() -> None:
    asked = Asked(Method.POINTS, ("a", "b", "c"), {"points": 5, "seats": 2})
    assert counted(asked, [({"a": 2, "c": 2, "b": 1}, 1)])["ties"] == []


def test_options_without_a_vote_win_no_seat() -> None:
    asked = Asked(Method.SELECTION, ("a", "b", "c"), {"most": 1, "seats": 2})
    figures = counted(asked, [(["a"], 3)])
    assert (figures["elected"], figures["ties"]) == (["a"], [])


def test_a_tie_in_the_budget_matters_only_where_not_all_of_it_fits() -> None:
    costs = {"a": 6, "b": 5, "c": 4}
    asked = Asked(Method.BUDGET, ("a", "b", "c"), {"sum": 10}, costs)
    ballots = [(["a", "b", "c"], 2)]
    figures = counted(asked, ballots)
    assert (figures["funded"], _tie(figures)) == ([], ("order", ["a", "b", "c"], None))
    settled = counted(asked, ballots, lambda tie, figures: ["c", "b", "a"])
    assert (settled["funded"], settled["spent"]) == (["c", "b"], 9)
    wide = Asked(Method.BUDGET, ("a", "b", "c"), {"sum": 15}, costs)
    assert (counted(wide, ballots)["funded"], counted(wide, ballots)["ties"]) == (["a", "b", "c"], [])


def test_what_is_too_expensive_is_passed_over_and_takes_no_part_in_a_tie() -> None:
    asked = Asked(Method.BUDGET, ("a", "b", "c"), {"sum": 10}, {"a": 11, "b": 6, "c": 4})
    figures = counted(asked, [(["a", "b", "c"], 1)])
    assert (figures["funded"], figures["ties"]) == (["b", "c"], [])


def test_who_leaves_is_asked_only_where_it_can_matter() -> None:
    asked = Asked(Method.RANKING, ("a", "b", "c", "d", "e"))
    ballots: Ballots = [(["a"], 5), (["b"], 4), (["c", "b"], 1), (["d", "b"], 1)]
    figures = counted(asked, ballots)
    assert [one["eliminated"] for one in figures["rounds"]] == [["e"], ["c", "d"], []]
    assert (figures["winner"], figures["ties"]) == ("b", [])


def test_two_who_are_left_with_equal_votes_are_a_tie_for_the_winner() -> None:
    asked = Asked(Method.RANKING, ("a", "b"))
    figures = counted(asked, [(["a"], 3), (["b"], 3)])
    assert (figures["winner"], _tie(figures)) == (None, ("winner", ["a", "b"], None))
    settled = counted(asked, [(["a"], 3), (["b"], 3)], lambda tie, figures: ["b", "a"])
    assert (settled["winner"], len(settled["rounds"])) == ("b", 1)


def test_a_decision_says_by_what_it_came_about() -> None:
    asked = Asked(Method.RANKING, ("a", "b"))
    drawn = {("a", "b"): Decision(("b", "a"), "lot", seed="4 8 15", reason="Lottozahlen vom Samstag")}
    (tie,) = count_question(asked, [(["a"], 1), (["b"], 1)], drawn)["ties"]
    assert (tie["how"], tie["seed"], tie["reason"]) == ("lot", "4 8 15", "Lottozahlen vom Samstag")


def test_a_decision_that_names_others_is_an_error() -> None:
    asked = Asked(Method.RANKING, ("a", "b", "c"))
    with pytest.raises(ValueError, match="names others"):
        count_question(asked, [(["a"], 1), (["b"], 1)], {("a", "b"): Decision(("a", "c"), "staff")})


# ── Rules of Rangfolge ────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("terms", "ranks", "out"),
    [
        ({"skips": 1}, ["c", None, "a"], None),
        ({"skips": 1}, ["c", None, None, "a"], "skips"),
        ({"skips": None}, ["c", None, None, "a"], None),
        ({"skips": 1, "repeats": "skip"}, ["c", None, "c", None, "a"], None),
        ({"skips": 1, "overvotes": "skip"}, ["c", None, ["a", "b"], None, "a"], None),
        ({"skips": 0}, ["c", None, "a"], "skips"),
        ({"skips": 0}, ["c", None], "skips"),
        ({"overvotes": "exhaust"}, ["c", ["a", "b"], "a"], "overvotes"),
        ({"overvotes": "skip"}, ["c", ["a", "b"], "a"], None),
        ({"overvotes": "skip"}, ["c", ["a", "b"]], "choices"),
        ({"repeats": "skip"}, ["c", "c", "a"], None),
        ({}, ["c"], "choices"),
    ],
    ids=str,
)
def test_a_ballot_goes_on_or_is_out_by_the_rules(terms: dict[str, Any], ranks: list[Any], out: str | None) -> None:
    asked = Asked(Method.RANKING, ("a", "b", "c"), terms)
    figures = counted(asked, [(["a"], 4), (["b"], 4), (ranks, 1)], lambda tie, figures: tie["between"])
    assert figures["rounds"][0]["transfers"] == [{"from": "c", "to": None if out else "a", "votes": 1}]
    gone = {reason for reason, number in figures["rounds"][1]["exhausted"].items() if number}
    assert gone == ({out} if out else set())


def test_batch_elimination_takes_out_all_who_together_stay_below_the_next() -> None:
    ballots: Ballots = [(["a"], 9), (["b"], 8), (["c"], 3), (["d"], 2)]
    at_once = counted(Asked(Method.RANKING, ("a", "b", "c", "d"), {"batch_elimination": True}), ballots)
    one_by_one = counted(Asked(Method.RANKING, ("a", "b", "c", "d")), ballots)
    assert [one["eliminated"] for one in at_once["rounds"]] == [["c", "d"], []]
    assert [one["eliminated"] for one in one_by_one["rounds"]] == [["d"], ["c"], []]


def test_without_a_ballot_there_is_no_round_and_no_winner() -> None:
    figures = counted(Asked(Method.RANKING, ("a", "b")), [])
    assert (figures["rounds"], figures["winner"], figures["ties"], figures["ballots"]) == ([], None, [], 0)


# ── Figures ───────────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("part", "whole", "written"),
    [(1, 3, "0.3333"), (2, 3, "0.6667"), (1, 1, "1.0000"), (0, 7, "0.0000"), (1, 20000, "0.0001"), (0, 0, None)],
)
def test_shares_are_exact_fractions_with_four_decimals(part: int, whole: int, written: str | None) -> None:
    assert decimal(part, whole) == written


def test_importance_tells_values_shares_and_the_mean() -> None:
    scale = [{"value": value, "label": {"de": str(value)}} for value in (1, 2, 3)]
    figures = counted(Asked(Method.IMPORTANCE, ("a", "b"), {"scale": scale}), [({"a": 1}, 1), ({"a": 3}, 2)])
    first, second = figures["options"]
    assert first == {
        "slug": "a",
        "values": {"1": 1, "2": 0, "3": 2},
        "shares": {"1": "0.3333", "2": "0.0000", "3": "0.6667"},
        "rated": 3,
        "sum": 7,
        "mean": "2.3333",
    }
    assert (second["rated"], second["mean"], second["shares"]["1"]) == (0, None, None)


def test_none_of_them_is_counted_apart() -> None:
    figures = counted(Asked(Method.SELECTION, ("a", "b"), {"most": 1, "none": True}), [(["a"], 3), ([], 2)])
    assert (figures["none"], figures["ballots"], figures["options"][0]["share"]) == (2, 5, "0.6000")


def test_one_ballot_that_does_not_hold_stops_the_count() -> None:
    asked: Mapping[str, Asked] = {"frage": Asked(Method.SELECTION, ("a", "b"), {"most": 1})}
    for choice in ('["a","b"]', '"a"', "[", '["c"]', "[]"):
        with pytest.raises(InvalidChoice):
            count(asked, [Votes("frage", '["a"]'), Votes("frage", choice)], {})
    with pytest.raises(InvalidChoice):
        count(asked, [Votes("andere", '["a"]')], {})
    assert count(asked, [Votes("frage", '["a"]', 3)], {})["frage"]["options"][0]["votes"] == 3
