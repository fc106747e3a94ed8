"""Which choices hold under the rules of each way to vote, and the sentence that tells people what they can do."""

from __future__ import annotations

from typing import Any

import pytest

from participation.foundation.facts import Fact
from participation.voting import facts, logic
from participation.voting.facts import Asked, Method

OPTIONS = ("a", "b", "c")
SCALE = [{"value": value, "label": {"de": str(value)}} for value in (0, 1, 2)]
PAPER = {"skips": 1, "overvotes": "skip", "repeats": "skip"}


def asked(method: Method, terms: dict[str, Any]) -> Asked:
    """Ask something with three options, each of a cost of its own."""
    return Asked(method, OPTIONS, terms, {"a": 5, "b": 6, "c": 7})


HOLD: list[tuple[Method, dict[str, Any], Any]] = [
    (Method.APPROVAL, {}, "a"),
    (Method.SELECTION, {"most": 2}, ["a", "c"]),
    (Method.SELECTION, {"most": 2, "none": True}, []),
    (Method.POINTS, {"points": 5}, {"a": 5}),
    (Method.POINTS, {"points": 5, "most_per_option": 3}, {"a": 3, "c": 2}),
    (Method.IMPORTANCE, {"scale": SCALE}, {"b": 0}),
    (Method.RANKING, {}, ["c", "a", "b"]),
    (Method.RANKING, {"most_ranks": 2}, ["c", "a"]),
    (Method.RANKING, PAPER, ["c", None, "a"]),
    (Method.RANKING, PAPER, [["a", "c"]]),
    (Method.RANKING, PAPER, ["a", "a", "b"]),
    (Method.RANKING, {"skips": None}, [None, None, "a"]),
    (Method.BUDGET, {"sum": 11, "within_sum": True}, ["a", "b"]),
    (Method.BUDGET, {"sum": 11}, ["a", "b", "c"]),
]

DO_NOT_HOLD: list[tuple[Method, dict[str, Any], Any, type[Fact]]] = [
    (Method.APPROVAL, {}, "d", facts.NoSuchOption),
    (Method.APPROVAL, {}, ["a"], facts.NoSuchOption),
    (Method.APPROVAL, {}, None, facts.NoSuchOption),
    (Method.SELECTION, {"most": 2}, "a", facts.NoSuchOption),
    (Method.SELECTION, {"most": 2}, ["d"], facts.NoSuchOption),
    (Method.SELECTION, {"most": 2}, [["a"]], facts.NoSuchOption),
    (Method.SELECTION, {"most": 2}, [1], facts.NoSuchOption),
    (Method.SELECTION, {"most": 2}, [], facts.NothingChosen),
    (Method.SELECTION, {"most": 2}, ["a", "b", "c"], facts.TooManyChosen),
    (Method.SELECTION, {"most": 2}, ["a", "a"], facts.ChosenTwice),
    (Method.SELECTION, {"most": 2}, ["b", "a"], facts.OtherwiseSpelt),
    (Method.POINTS, {"points": 5}, ["a"], facts.NoSuchOption),
    (Method.POINTS, {"points": 5}, {"d": 1}, facts.NoSuchOption),
    (Method.POINTS, {"points": 5}, {}, facts.NothingChosen),
    (Method.POINTS, {"points": 5}, {"a": 4, "b": 2}, facts.TooManyPoints),
    (Method.POINTS, {"points": 5, "most_per_option": 3}, {"a": 4}, facts.TooManyOnOne),
    (Method.POINTS, {"points": 5}, {"a": 0}, facts.NoWholePoints),
    (Method.POINTS, {"points": 5}, {"a": -1}, facts.NoWholePoints),
    (Method.POINTS, {"points": 5}, {"a": True}, facts.NoWholePoints),
    (Method.POINTS, {"points": 5}, {"a": 1.5}, facts.NoWholePoints),
    (Method.POINTS, {"points": 5}, {"a": "1"}, facts.NoWholePoints),
    (Method.IMPORTANCE, {"scale": SCALE}, {"a": 3}, facts.NotOnScale),
    (Method.IMPORTANCE, {"scale": SCALE}, {"a": True}, facts.NotOnScale),
    (Method.IMPORTANCE, {"scale": SCALE}, {"a": 1.0}, facts.NotOnScale),
    (Method.IMPORTANCE, {"scale": SCALE}, {"a": None}, facts.NotOnScale),
    (Method.IMPORTANCE, {"scale": SCALE}, {"d": 1}, facts.NoSuchOption),
    (Method.IMPORTANCE, {"scale": SCALE}, {}, facts.NothingChosen),
    (Method.RANKING, {}, [], facts.NothingChosen),
    (Method.RANKING, PAPER, [None], facts.NothingChosen),
    (Method.RANKING, {}, ["d"], facts.NoSuchOption),
    (Method.RANKING, {}, [{"a": 1}], facts.NoSuchOption),
    (Method.RANKING, PAPER, [["a", ["b"]]], facts.NoSuchOption),
    (Method.RANKING, {"most_ranks": 2}, ["a", "b", "c"], facts.TooManyRanks),
    (Method.RANKING, {}, ["a", None, "b"], facts.RankSkipped),
    (Method.RANKING, {}, ["a", ["b", "c"]], facts.RankShared),
    (Method.RANKING, {}, ["a", "a"], facts.RankedTwice),
    (Method.RANKING, PAPER, ["a", None], facts.OtherwiseSpelt),
    (Method.RANKING, PAPER, [["c", "a"]], facts.OtherwiseSpelt),
    (Method.RANKING, PAPER, ["a", ["b"]], facts.OtherwiseSpelt),
    (Method.RANKING, PAPER, ["a", []], facts.OtherwiseSpelt),
    (Method.RANKING, PAPER, [["a", "a"]], facts.OtherwiseSpelt),
    (Method.BUDGET, {"sum": 10, "within_sum": True}, ["a", "b"], facts.TooExpensive),
    (Method.BUDGET, {"sum": 20, "most": 1}, ["a", "b"], facts.TooManyChosen),
    (Method.BUDGET, {"sum": 20}, [], facts.NothingChosen),
]


@pytest.mark.parametrize(("method", "terms", "choice"), HOLD, ids=str)
def test_a_choice_under_the_rules_holds(method: Method, terms: dict[str, Any], choice: Any) -> None:
    assert logic.why_unfit(asked(method, terms)) is None
    assert logic.why_invalid(choice, asked(method, terms)) is None
    assert logic.tidied(choice, asked(method, terms)) == choice


@pytest.mark.parametrize(("method", "terms", "choice", "reason"), DO_NOT_HOLD, ids=str)
def test_any_other_choice_is_refused_by_name(
    method: Method, terms: dict[str, Any], choice: Any, reason: type[Fact]
) -> None:
    found = logic.why_invalid(choice, asked(method, terms))
    assert type(found) is reason
    assert found.status == 422
    assert found.sentence % found.values


@pytest.mark.parametrize(
    ("method", "untidy", "tidy"),
    [
        (Method.SELECTION, ["c", "a"], ["a", "c"]),
        (Method.BUDGET, ["c", "b"], ["b", "c"]),
        (Method.BUDGET, ["z", "b"], ["b", "z"]),
        (Method.POINTS, {"a": 0, "b": 2}, {"b": 2}),
        (Method.RANKING, ["c", None, None], ["c"]),
        (Method.RANKING, [None, None], []),
        (Method.RANKING, ["c", None, "a"], ["c", None, "a"]),
        (Method.SELECTION, [1, "a"], [1, "a"]),
        (Method.POINTS, ["a"], ["a"]),
        (Method.APPROVAL, "a", "a"),
    ],
    ids=str,
)
def test_one_choice_has_one_spelling(method: Method, untidy: Any, tidy: Any) -> None:
    assert logic.tidied(untidy, asked(method, {})) == tidy


@pytest.mark.parametrize(
    ("method", "terms", "term"),
    [
        (Method.SELECTION, {}, "most"),
        (Method.SELECTION, {"most": 0}, "most"),
        (Method.SELECTION, {"most": 4}, "most"),
        (Method.SELECTION, {"most": 1, "seats": 4}, "seats"),
        (Method.SELECTION, {"most": 1, "ties": "dice"}, "ties"),
        (Method.POINTS, {"points": 0}, "points"),
        (Method.POINTS, {"points": 5, "most_per_option": 0}, "most_per_option"),
        (Method.IMPORTANCE, {}, "scale"),
        (Method.IMPORTANCE, {"scale": SCALE[:1]}, "scale"),
        (Method.IMPORTANCE, {"scale": SCALE[::-1]}, "scale"),
        (Method.IMPORTANCE, {"scale": [1, 2]}, "scale"),
        (Method.RANKING, {"most_ranks": 4}, "most_ranks"),
        (Method.RANKING, {"skips": "some"}, "skips"),
        (Method.RANKING, {"skips": -1}, "skips"),
        (Method.RANKING, {"overvotes": "guess"}, "overvotes"),
        (Method.RANKING, {"repeats": "guess"}, "repeats"),
        (Method.BUDGET, {}, "sum"),
        (Method.BUDGET, {"sum": 5, "most": 0}, "most"),
    ],
    ids=str,
)
def test_terms_that_do_not_hold_together_are_named(method: Method, terms: dict[str, Any], term: str) -> None:
    reason = logic.why_unfit(asked(method, terms))
    assert reason is not None
    assert (reason.name, reason.values) == ("UnfitTerms", {"term": term})


def test_a_budget_needs_a_cost_for_each_project_and_options_are_needed_at_all() -> None:
    missing = logic.why_unfit(Asked(Method.BUDGET, OPTIONS, {"sum": 5}, {"a": 1, "b": 2}))
    assert missing is not None
    assert missing.values == {"term": "cost"}
    for options in ((), ("a", "a")):
        assert logic.why_unfit(Asked(Method.APPROVAL, options)) is not None


@pytest.mark.parametrize(
    ("method", "terms", "sentence"),
    [
        (Method.APPROVAL, {}, "Sie können zustimmen, ablehnen oder sich enthalten."),
        (Method.SELECTION, {"most": 1}, "Sie können eine Möglichkeit wählen."),
        (Method.SELECTION, {"most": 3}, "Sie können bis zu 3 Möglichkeiten wählen."),
        (Method.POINTS, {"points": 5}, "Sie können bis zu 5 Punkte frei verteilen."),
        (
            Method.POINTS,
            {"points": 5, "most_per_option": 3},
            "Sie können bis zu 5 Punkte vergeben, höchstens 3 auf eine Möglichkeit.",
        ),
        (Method.IMPORTANCE, {"scale": SCALE}, "Sie können bei jeder Möglichkeit sagen, wie wichtig sie Ihnen ist."),
        (Method.RANKING, {}, "Sie können die Möglichkeiten in Ihre Reihenfolge bringen, die liebste zuerst."),
        (
            Method.RANKING,
            {"most_ranks": 2},
            "Sie können bis zu 2 Möglichkeiten in Ihre Reihenfolge bringen, die liebste zuerst.",
        ),
        (Method.BUDGET, {"sum": 9}, "Sie können so viele Vorhaben wählen, wie Sie möchten."),
        (Method.BUDGET, {"sum": 9, "most": 2}, "Sie können bis zu 2 Vorhaben wählen."),
        (
            Method.BUDGET,
            {"sum": 9, "within_sum": True},
            "Sie können Vorhaben wählen, die zusammen höchstens 9 Euro kosten.",
        ),
        (
            Method.BUDGET,
            {"sum": 9, "most": 2, "within_sum": True},
            "Sie können bis zu 2 Vorhaben wählen, die zusammen höchstens 9 Euro kosten.",
        ),
    ],
    ids=str,
)
def test_each_way_says_in_one_sentence_what_people_can_do(method: Method, terms: dict[str, Any], sentence: str) -> None:
    msgid, values = logic.rule_of(asked(method, terms))
    assert msgid % values == sentence


def test_a_question_is_read_from_the_frozen_rules() -> None:
    rules = {
        "method": "budget",
        "questions": [
            {"slug": "andere", "options": []},
            {"slug": "frage", "terms": {"sum": 9}, "options": [{"slug": "a", "cost": 3}, {"slug": "b", "cost": 0}]},
        ],
    }
    assert Asked.of(rules, "frage") == Asked(Method.BUDGET, ("a", "b"), {"sum": 9}, {"a": 3, "b": 0})
    assert Asked.of(rules, "andere").terms == {}
    with pytest.raises(KeyError):
        Asked.of(rules, "keine")


def test_whole_ballots_are_public_only_where_they_tell_little_or_the_rules_say_so() -> None:
    public = {method for method in Method if asked(method, {}).ballots_public}
    assert public == {Method.APPROVAL, Method.SELECTION, Method.IMPORTANCE}
    assert asked(Method.RANKING, {"ballots_public": True}).ballots_public
    assert not asked(Method.SELECTION, {"ballots_public": False}).ballots_public
