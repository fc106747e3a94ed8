"""The best-supported comments of each side, in which ties stay ties."""

from __future__ import annotations

from participation.results.facts import Supported, best_supported


def _side(*agreements: int, side: str = "in_favour") -> list[Supported]:
    return [Supported(number, side, agree, 0, 0, agreements.count(agree)) for number, agree in enumerate(agreements)]


def _named(found: dict[str, object]) -> list[int]:
    return [one["agree"] for one in found["comments"]]  # type: ignore[attr-defined]


def test_three_are_named_where_nothing_is_equal() -> None:
    best = best_supported(_side(9, 7, 5, 3))["in_favour"]
    assert (_named(best), best["tied"]) == ([9, 7, 5], None)


def test_all_of_the_third_place_are_named() -> None:
    assert _named(best_supported(_side(9, 7, 5, 5, 5, 1))["in_favour"]) == [9, 7, 5, 5, 5]


def test_three_in_front_leave_no_further_place() -> None:
    assert _named(best_supported(_side(9, 9, 9, 8, 8))["in_favour"]) == [9, 9, 9]


def test_a_tie_too_long_to_name_is_told_by_its_size() -> None:
    best = best_supported(_side(9, *[1] * 40)[:11])["in_favour"]
    assert _named(best) == [9]
    best_with_all = best_supported([Supported(n, "in_favour", 1, 0, 0, 40) for n in range(11)])["in_favour"]
    assert (best_with_all["comments"], best_with_all["tied"]) == ([], {"agree": 1, "comments": 40})


def test_sides_stand_apart() -> None:
    best = best_supported([*_side(2, 1), *_side(3, side="against")])
    assert (_named(best["in_favour"]), _named(best["against"])) == ([2, 1], [3])
