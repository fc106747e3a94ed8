"""Lots can be drawn again by anyone: the tickets below were made with printf and sha256sum."""

from __future__ import annotations

from itertools import permutations

import pytest

from participation.foundation.lots import draw, ticket

SEED, ABOUT = "4 8 15 16 23 42", "runde-1/frage/a,b,c"
TICKETS = {
    "a": "61aa41da4548fa4d86ee09fbf10e78b9339d60136fa189b0c846542dfbe064b9",
    "b": "80160f4ee6b2d92dd0e04eb7c7eec02cca2aebab1ff7da61081dab49fa53d576",
    "c": "02d8f58e3a9b2effa5efbee772ce8799dbf5701d842b3b1eb9175ef19ee9f96a",
}
UMLAUTS = {
    "Straße": "0f5b158baab1522ea5c2422070cab1e277d713e51d9756662651f3d3ecdbecea",
    "Bürgergarten": "b695164a203d75eec9dded441113006d7ab0c825c57ba74f0100f619b39c35b6",
    "ÖPNV": "c1abb54da4c3c109d8189a48e8d492b5fa210414963252cfadaedf94fb5b9543",
}


@pytest.mark.parametrize("name", TICKETS)
def test_a_ticket_is_what_sha256sum_says(name: str) -> None:
    assert ticket(seed=SEED, about=ABOUT, name=name) == TICKETS[name]


@pytest.mark.parametrize("name", UMLAUTS)
def test_names_and_seeds_may_hold_any_letters(name: str) -> None:
    seed = "Lottozahlen vom 28.11.2026: 3 – 11"
    assert ticket(seed=seed, about="bochum/frage/x", name=name) == UMLAUTS[name]


@pytest.mark.parametrize("names", [*permutations("abc")])
def test_the_order_of_the_names_does_not_matter(names: tuple[str, ...]) -> None:
    assert draw(seed=SEED, about=ABOUT, names=names) == ["c", "a", "b"]


def test_another_thing_gets_another_order_from_the_same_seed() -> None:
    orders = {tuple(draw(seed=SEED, about=f"frage-{number}", names="abc")) for number in range(100)}
    assert orders == {*permutations("abc")}


def test_over_many_seeds_each_name_is_first_about_as_often() -> None:
    firsts = [draw(seed=str(seed), about=ABOUT, names="abc")[0] for seed in range(3000)]
    assert all(900 <= firsts.count(name) <= 1100 for name in "abc")


@pytest.mark.parametrize("names", [["a", "a"], ["a\nb", "c"]], ids=["twice", "line feed"])
def test_what_could_be_read_in_two_ways_is_refused(names: list[str]) -> None:
    with pytest.raises(ValueError, match=r"twice|line feed"):
        draw(seed=SEED, about=ABOUT, names=names)


def test_a_seed_of_two_lines_is_refused() -> None:
    with pytest.raises(ValueError, match="line feed"):
        draw(seed="4\n8", about=ABOUT, names="ab")
