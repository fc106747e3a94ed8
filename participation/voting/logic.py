"""Ways to vote: what the rules of a question say, and which choices hold under them. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from participation.foundation.facts import Fact, marked
from participation.voting.facts import (
    Asked,
    ChosenTwice,
    Method,
    NoSuchOption,
    NothingChosen,
    NotOnScale,
    NoWholePoints,
    OtherwiseSpelt,
    RankedTwice,
    RankShared,
    RankSkipped,
    TooExpensive,
    TooManyChosen,
    TooManyOnOne,
    TooManyPoints,
    TooManyRanks,
    UnfitTerms,
)


# ── What the rules say ────────────────────────────────────────────────────────────────────────────────────────────────
def rule_of(asked: Asked) -> tuple[str, dict[str, int]]:
    """Return the sentence that tells people what they can do, a marked msgid, and its values."""
    match asked.method:
        case Method.SELECTION:
            return _selection_rule(asked.terms["most"])
        case Method.POINTS:
            return _points_rule(asked.terms)
        case Method.IMPORTANCE:
            return marked("Sie können bei jeder Möglichkeit sagen, wie wichtig sie Ihnen ist."), {}
        case Method.RANKING:
            return _ranking_rule(asked)
        case Method.BUDGET:
            return _budget_rule(asked.terms)
    return marked("Sie können zustimmen, ablehnen oder sich enthalten."), {}


def _selection_rule(most: int) -> tuple[str, dict[str, int]]:
    if most == 1:
        return marked("Sie können eine Möglichkeit wählen."), {}
    return marked("Sie können bis zu %(most)s Möglichkeiten wählen."), {"most": most}


def _points_rule(terms: Mapping[str, Any]) -> tuple[str, dict[str, int]]:
    points, most = terms["points"], terms.get("most_per_option")
    if most is None:
        return marked("Sie können bis zu %(points)s Punkte frei verteilen."), {"points": points}
    sentence = marked("Sie können bis zu %(points)s Punkte vergeben, höchstens %(most)s auf eine Möglichkeit.")
    return sentence, {"points": points, "most": most}


def _ranking_rule(asked: Asked) -> tuple[str, dict[str, int]]:
    if most_ranks(asked) == len(asked.options):
        return marked("Sie können die Möglichkeiten in Ihre Reihenfolge bringen, die liebste zuerst."), {}
    sentence = marked("Sie können bis zu %(most)s Möglichkeiten in Ihre Reihenfolge bringen, die liebste zuerst.")
    return sentence, {"most": most_ranks(asked)}


def _budget_rule(terms: Mapping[str, Any]) -> tuple[str, dict[str, int]]:
    most = {"most": terms["most"]} if terms.get("most") else {}
    match (bool(most), bool(terms.get("within_sum"))):
        case (True, True):
            sentence = marked("Sie können bis zu %(most)s Vorhaben wählen, die zusammen höchstens %(sum)s Euro kosten.")
            return sentence, {**most, "sum": terms["sum"]}
        case (False, True):
            sentence = marked("Sie können Vorhaben wählen, die zusammen höchstens %(sum)s Euro kosten.")
            return sentence, {"sum": terms["sum"]}
        case (True, False):
            return marked("Sie können bis zu %(most)s Vorhaben wählen."), most
    return marked("Sie können so viele Vorhaben wählen, wie Sie möchten."), {}


def most_ranks(asked: Asked) -> int:
    """Return how many ranks a ballot of Rangfolge has."""
    return int(asked.terms.get("most_ranks") or len(asked.options))


def why_unfit(asked: Asked) -> Fact | None:
    """Return why a question cannot be asked like this, or None: before the rules are frozen."""
    for term, fits in _terms_fit(asked):
        if not fits:
            return UnfitTerms(term=term)
    return None


def _terms_fit(asked: Asked) -> Iterator[tuple[str, bool]]:
    """Yield each term with whether it fits, by what the method needs."""
    terms, number = asked.terms, len(asked.options)
    yield "options", number > 0 and len(set(asked.options)) == number
    for term in ("seats", "most_per_option", "most_ranks"):
        yield term, terms.get(term) is None or _whole(terms[term])
    yield "seats", (terms.get("seats") or 1) <= number
    yield "ties", terms.get("ties") in {None, "lot", "staff"}
    match asked.method:
        case Method.SELECTION:
            yield "most", _whole(terms.get("most")) and terms["most"] <= number
        case Method.POINTS:
            yield "points", _whole(terms.get("points"))
        case Method.IMPORTANCE:
            yield "scale", _is_scale(terms.get("scale"))
        case Method.RANKING:
            yield "most_ranks", most_ranks(asked) <= number
            skips = terms.get("skips", "refuse")
            yield "skips", skips is None or skips == "refuse" or _whole(skips, 0)
            yield "overvotes", terms.get("overvotes", "refuse") in {"refuse", "exhaust", "skip"}
            yield "repeats", terms.get("repeats", "refuse") in {"refuse", "skip"}
        case Method.BUDGET:
            yield "sum", _whole(terms.get("sum"))
            yield "most", terms.get("most") is None or _whole(terms["most"])
            yield "cost", all(_whole(asked.costs.get(option), 0) for option in asked.options)


def _is_scale(scale: object) -> bool:
    if not isinstance(scale, Sequence) or not all(isinstance(step, Mapping) for step in scale):
        return False
    values = [step.get("value") for step in scale]
    return 2 <= len(values) <= 11 and all(_whole(one, 0) for one in values) and values == sorted(set(values))


def _whole(number: object, least: int = 1) -> bool:
    return type(number) is int and number >= least


# ── Choices ───────────────────────────────────────────────────────────────────────────────────────────────────────────
def tidied(choice: object, asked: Asked) -> object:
    """Return a choice in the one way it is written, as far as no meaning changes; whether it holds is another matter.

    Options of Auswahl and Budget go into their order, no points are left out, empty ranks at the end go.
    """
    places = {option: place for place, option in enumerate(asked.options)}
    match choice:
        case list() if asked.method in {Method.SELECTION, Method.BUDGET} and all(
            isinstance(one, str) for one in choice
        ):
            return sorted(choice, key=lambda option: places.get(option, len(places)))
        case list() if asked.method is Method.RANKING:
            named = [place for place, rank in enumerate(choice, 1) if rank is not None]
            return choice[: max(named, default=0)]
        case dict() if asked.method is Method.POINTS:
            return {option: points for option, points in choice.items() if points != 0}
    return choice


def why_invalid(choice: object, asked: Asked) -> Fact | None:
    """Return why a choice does not hold under the rules, or None.

    :param choice: a JSON value, as docs/ways-to-vote.md tells for each method
    """
    match asked.method, choice:
        case Method.APPROVAL, str():
            return None if choice in asked.options else NoSuchOption()
        case ((Method.SELECTION | Method.BUDGET), list()):
            return _why_not_chosen(choice, asked)
        case Method.POINTS, dict():
            return _why_not_spread(choice, asked)
        case Method.IMPORTANCE, dict():
            return _why_not_rated(choice, asked)
        case Method.RANKING, list():
            return _why_not_ranked(choice, asked)
    return NoSuchOption()


def _why_not_chosen(chosen: list[Any], asked: Asked) -> Fact | None:
    terms = asked.terms
    if not all(isinstance(one, str) and one in asked.options for one in chosen):
        return NoSuchOption()
    if len(set(chosen)) < len(chosen):
        return ChosenTwice()
    if not chosen:
        return None if terms.get("none") else NothingChosen()
    if terms.get("most") and len(chosen) > terms["most"]:
        return TooManyChosen(most=terms["most"], chosen=len(chosen), over=len(chosen) - terms["most"])
    if asked.method is Method.BUDGET and terms.get("within_sum"):
        cost = sum(asked.costs[option] for option in chosen)
        if cost > terms["sum"]:
            return TooExpensive(cost=cost, sum=terms["sum"], over=cost - terms["sum"])
    return None if chosen == tidied(chosen, asked) else OtherwiseSpelt()


def _why_not_spread(spread: dict[str, Any], asked: Asked) -> Fact | None:
    most, given = asked.terms.get("most_per_option"), asked.terms["points"]
    if not all(option in asked.options for option in spread):
        return NoSuchOption()
    if not all(_whole(points) for points in spread.values()):
        return NoWholePoints()
    if not spread:
        return NothingChosen()
    if most and max(spread.values()) > most:
        return TooManyOnOne(most=most)
    over = sum(spread.values()) - given
    return TooManyPoints(given=given + over, points=given, over=over) if over > 0 else None


def _why_not_rated(rated: dict[str, Any], asked: Asked) -> Fact | None:
    if not all(option in asked.options for option in rated):
        return NoSuchOption()
    if not all(type(value) is int and value in asked.values for value in rated.values()):
        return NotOnScale()
    return None if rated else NothingChosen()


def _why_not_ranked(ranks: list[Any], asked: Asked) -> Fact | None:
    terms, named = asked.terms, [option for rank in ranks for option in _on_rank(rank)]
    if not all(isinstance(option, str) and option in asked.options for option in named):
        return NoSuchOption()
    if not named:
        return NothingChosen()
    if len(ranks) > most_ranks(asked):
        return TooManyRanks(most=most_ranks(asked))
    for place, rank in enumerate(ranks, 1):
        reason = _why_not_rank(rank, place, asked)
        if reason is not None:
            return reason
    if terms.get("repeats", "refuse") == "refuse" and len(set(named)) < len(named):
        return RankedTwice()
    return OtherwiseSpelt() if ranks[-1] is None else None


def _on_rank(rank: object) -> Sequence[Any]:
    """What stands on a rank: nothing, one option, or several."""
    if rank is None:
        return ()
    return rank if isinstance(rank, list) else (rank,)


def _why_not_rank(rank: object, place: int, asked: Asked) -> Fact | None:
    if rank is None and asked.terms.get("skips", "refuse") == "refuse":
        return RankSkipped(rank=place)
    if not isinstance(rank, list):
        return None
    if asked.terms.get("overvotes", "refuse") == "refuse":
        return RankShared(rank=place)
    ordered = [option for option in asked.options if option in rank]
    return None if len(rank) > 1 and rank == ordered else OtherwiseSpelt()
