"""What happens in the example and when: the data files read, ratings and votes drawn. Pure; no tables, no clock."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from random import Random
from typing import Any

from participation.concepts.facts import slug_of
from participation.foundation.clock import from_berlin

DATA = Path(__file__).parent / "data"

UNTIL_READ = timedelta(minutes=15)
"""How long the example's moderators take to publish a comment where they look first."""

UNTIL_RATED = timedelta(minutes=75)
"""Nobody rates a comment sooner, so that its author can still edit it."""

VALUES = ("agree", "disagree", "pass")
CHOICES = ("dafuer", "dagegen", "enthaltung")


@dataclass(frozen=True)
class Act:
    """Something that somebody does. ``by`` is the key of a person, or None for a visitor."""

    at: datetime
    by: str | None


@dataclass(frozen=True)
class Comment(Act):
    """Somebody comments on a Handlungsfeld; ``key`` is how the other acts name the comment."""

    key: str
    handlungsfeld: str
    stance: str
    text: str
    held: bool = False


@dataclass(frozen=True)
class Reply(Act):
    """Somebody replies to a comment."""

    key: str
    to: str
    text: str


@dataclass(frozen=True)
class Edit(Act):
    """An author changes a comment."""

    key: str
    text: str


@dataclass(frozen=True)
class Withdrawal(Act):
    """An author takes a comment back."""

    key: str


@dataclass(frozen=True)
class Notice(Act):
    """Somebody reports a comment."""

    key: str
    kind: str
    text: str


@dataclass(frozen=True)
class Decision(Act):
    """A moderator publishes a comment, or withholds it by a rule and for a reason."""

    key: str
    outcome: str
    rule: str | None = None
    reason: str = ""


@dataclass(frozen=True)
class Rating(Act):
    """Somebody rates a comment or a reply."""

    key: str
    value: str


@dataclass(frozen=True)
class Ballot(Act):
    """Somebody votes: on a Handlungsfeld, or on the one question of a round that asks about all at once."""

    question: str
    choice: Any


@dataclass(frozen=True)
class Times:
    """The moments of an example round."""

    published: datetime
    opens: datetime
    talk_closes: datetime
    vote_closes: datetime
    counted: datetime | None
    release_by: datetime | None
    released: datetime | None


@dataclass(frozen=True)
class Script:
    """A round of the example: its texts and settings as the data file has them, its moments, and what happens."""

    words: dict[str, Any]
    times: Times
    acts: tuple[Act, ...] = field(repr=False)


def data_file(name: str) -> dict[str, Any]:
    """Return the content of a data file: ``people.toml``."""
    with (DATA / name).open("rb") as opened:
        return tomllib.load(opened)


def small_concept(slug: str) -> dict[str, Any]:
    """Return a concept of one Leitthema, as a round beside the concept has it."""
    return data_file(f"small-{slug}.toml")


def leitthemen() -> list[dict[str, Any]]:
    """Return the Leitthemen of the concept in their order, each with its ``handlungsfeld`` list."""
    return [data_file(path.name) for path in sorted(DATA.glob("concept-*.toml"))]


def scripts(today: date) -> tuple[Script, ...]:
    """Return the three rounds on the concept, then those beside it, as somebody finds them who loads the example this day."""
    people = data_file("people.toml")
    keys = [sign_in["email"].partition("@")[0] for sign_in in people["sign_in"] if "shown_as" in sign_in]
    keys += [citizen["key"] for citizen in people["citizen"]]
    return tuple(_script(words, today, keys) for words in data_file("rounds.toml")["round"])


def _script(words: dict[str, Any], today: date, people: list[str]) -> Script:
    when = {name: moment(today, words[name]) for name in _moments_named_in(words)}
    times = Times(
        published=when["published"],
        opens=when["opens"],
        talk_closes=when["talk_closes"],
        vote_closes=when["vote_closes"],
        counted=when.get("counted"),
        release_by=when.get("release_by"),
        released=when.get("released"),
    )
    midnight = moment(today, {"day": 0, "time": time(0)})
    acts = [
        *_talk(words, times, people, today, min(times.talk_closes, midnight)),
        *_ballots(words["slug"], people, times.opens, min(times.vote_closes, midnight)),
        *_ways(words, people, times.opens, min(times.vote_closes, midnight)),
    ]
    return Script(words, times, tuple(sorted(acts, key=lambda act: act.at)))


def _moments_named_in(words: dict[str, Any]) -> list[str]:
    return [name for name, value in words.items() if isinstance(value, dict) and "day" in value]


def moment(start: date, at: dict[str, Any]) -> datetime:
    """Return the moment that a data file gives as a day counted from a start and a local time."""
    return from_berlin(datetime.combine(start + timedelta(days=at["day"]), at["time"]))


# ── Comments, replies and what becomes of them ────────────────────────────────────────────────────────────────────────
def _talk(words: dict[str, Any], times: Times, people: list[str], today: date, until: datetime) -> Iterator[Act]:
    start = today + timedelta(days=words["opens"]["day"])
    folder = DATA / f"comments-{words['stage']}"
    chances = data_file("chances.toml")
    for path in sorted(folder.glob("*.toml")):
        comments = data_file(f"{folder.name}/{path.name}")["comment"]
        for number, comment in enumerate(comments, 1):
            key = f"{words['slug']}/{path.stem}/{number}"
            acts = list(_life(comment, key, path.stem, start, premoderated=words["premoderated"]))
            yield from acts
            yield from _ratings(acts, people, chances, until)


def _life(entry: dict[str, Any], key: str, field: str, start: date, *, premoderated: bool) -> Iterator[Act]:
    at = moment(start, entry["at"])
    held = entry.get("held", False)
    yield Comment(at, entry["by"], key, field, entry["stance"], entry["text"], held)
    yield from _care(entry, key, start)
    if premoderated and not held and "withheld" not in entry:
        yield Decision(at + UNTIL_READ, None, key, "published")
    for number, reply in enumerate(entry.get("reply", []), 1):
        reply_at, reply_key = moment(start, reply["at"]), f"{key}/{number}"
        yield Reply(reply_at, reply["by"], reply_key, key, reply["text"])
        if premoderated:
            yield Decision(reply_at + UNTIL_READ, None, reply_key, "published")


def _care(entry: dict[str, Any], key: str, start: date) -> Iterator[Act]:
    if "edited" in entry:
        yield Edit(moment(start, entry["edited"]["at"]), entry["by"], key, entry["edited"]["text"])
    if "withdrawn" in entry:
        yield Withdrawal(moment(start, entry["withdrawn"]), entry["by"], key)
    for notice in entry.get("notice", []):
        yield Notice(moment(start, notice["at"]), notice.get("by"), key, notice["kind"], notice["text"])
    if "withheld" in entry:
        withheld = entry["withheld"]
        yield Decision(moment(start, withheld["at"]), None, key, "withheld", withheld["rule"], withheld["reason"])


# ── Ratings and votes, drawn ──────────────────────────────────────────────────────────────────────────────────────────
def _ratings(acts: list[Act], people: list[str], chances: dict[str, Any], until: datetime) -> Iterator[Rating]:
    """Draw who rates a comment and its replies, while they are public and open.

    Each draw has a seed of its own, so that one more comment leaves the ratings of all others as they were.
    """
    for act in acts:
        if not isinstance(act, Comment | Reply) or (isinstance(act, Comment) and act.held):
            continue
        begin, end = act.at + UNTIL_RATED, min([until, *_hidden_at(acts, act.key)])
        chosen = chances["ratings"]["by_stance"][act.stance if isinstance(act, Comment) else "reply"]
        chance = chances["ratings"]["comment" if isinstance(act, Comment) else "reply"]
        for person in people:
            draw = Random(f"{chances['seed']} {act.key} {person}")
            wants = _rates(person, chances) and draw.random() < chance
            later = begin + draw.random() ** 2 * (end - begin)
            value = draw.choices(VALUES, chosen)[0]
            if wants and person != act.by and begin < end:
                yield Rating(whole_seconds(later), person, act.key, value)


def _hidden_at(acts: list[Act], key: str) -> list[datetime]:
    return [
        act.at
        for act in acts
        if (isinstance(act, Withdrawal) and act.key == key)
        or (isinstance(act, Decision) and act.key == key and act.outcome == "withheld")
    ]


def _rates(person: str, chances: dict[str, Any]) -> bool:
    return Random(f"{chances['seed']} rates {person}").random() < chances["ratings"]["takers"]


def _ballots(slug: str, people: list[str], begin: datetime, end: datetime) -> Iterator[Ballot]:
    chances = data_file("chances.toml")
    for handlungsfeld, (turnout, *weights) in chances["votes"].get(slug, {}).items():
        for person in people:
            draw = Random(f"{chances['seed']} {slug} {handlungsfeld} {person}")
            votes, share, choice = draw.random() < turnout, draw.random(), draw.choices(CHOICES, weights)[0]
            if votes:
                yield Ballot(whole_seconds(begin + share * (end - begin)), person, handlungsfeld, choice)


def _ways(words: dict[str, Any], people: list[str], begin: datetime, end: datetime) -> Iterator[Ballot]:
    """Draw who votes how where one question asks about everything."""
    chances = data_file("chances.toml")
    chosen = chances["ways"].get(words["slug"])
    for person in people if chosen else ():
        draw = Random(f"{chances['seed']} {words['slug']} {person}")
        votes, share, order = draw.random() < chosen["turnout"], draw.random(), _order(chosen["options"], draw)
        choice = _within_sum(words["way"], order) if words["way"]["method"] == "budget" else order
        if votes:
            yield Ballot(whole_seconds(begin + share * (end - begin)), person, "frage", choice)


def _order(weights: dict[str, int], draw: Random) -> list[str]:
    """Draw some options, at least one, in an order in which those that weigh more tend to come first."""
    keys = {option: draw.random() ** (1 / weight) for option, weight in weights.items()}
    return sorted(keys, key=lambda option: -keys[option])[: draw.randint(1, len(keys))]


def _within_sum(way: dict[str, Any], order: list[str]) -> list[str]:
    """Return what can be paid, taken in that order, in the order of the ballot."""
    costs = {slug_of(project["label"]["de"]): project["cost"] for project in way["projects"]}
    left, taken = way["terms"]["sum"], set()
    for option in order:
        if costs[option] <= left:
            left -= costs[option]
            taken.add(option)
    return [option for option in costs if option in taken]


def whole_seconds(at: datetime) -> datetime:
    """Return the moment without fractions of a second, in UTC."""
    return at.astimezone(UTC).replace(microsecond=0)
