"""The example's data files hold together, so that loading them never stumbles."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, timedelta

import pytest

from participation.audiences.facts import name_is_usable
from participation.contributions.facts import RULE_SLUGS, why_unfit
from participation.discussion.facts import Stance, Value
from participation.example import logic
from participation.moderation.facts import NoticeKind
from participation.rounds.facts import QUESTION, SHORTEST_ROUND, Effect, Level, Way, way_options
from participation.voting.facts import Choice
from participation.voting.logic import why_invalid

TODAY = date(2026, 6, 1)
NOW = datetime(2026, 6, 1, 10, tzinfo=UTC)
OPEN, CLOSED, COMING, *BESIDE = logic.scripts(TODAY)


def handlungsfelder() -> dict[str, dict]:
    return {field["slug"]: field for theme in logic.leitthemen() for field in theme["handlungsfeld"]}


def of_kind(script: logic.Script, kind: type[logic.Act]) -> list:
    return [act for act in script.acts if isinstance(act, kind)]


def test_five_leitthemen_have_three_handlungsfelder_each() -> None:
    themes = logic.leitthemen()
    assert [theme["leitthema"]["title"]["de"] for theme in themes] == [
        "Zukunftsfähige Infrastruktur",
        "Intelligentes Stadtmanagement",
        "Digitale Gesellschaft",
        "Nachhaltige Mobilität & Umwelt",
        "Innovative Wirtschaft & Wissenschaft",
    ]
    assert [len(theme["handlungsfeld"]) for theme in themes] == [3] * 5
    assert len(handlungsfelder()) == 15


@pytest.mark.parametrize("field", handlungsfelder().values(), ids=lambda field: field["slug"])
def test_each_handlungsfeld_is_whole_in_both_languages(field: dict) -> None:
    assert 2 <= len(field["kernziel"]) <= 4
    for words in (field["title"], field["text"], *field["kernziel"]):
        assert words.keys() == {"de", "en"}
    for text in (*field["text"].values(), *field.get("first_text", {}).values()):
        assert 80 <= len(text.split()) <= 200


@pytest.mark.parametrize("script", [OPEN, CLOSED, COMING, *BESIDE], ids=lambda script: script.words["slug"])
def test_each_round_has_all_that_publishing_asks_for(script: logic.Script) -> None:
    for name in ("title", "summary", "mandate", "influence", "decided_by"):
        assert script.words[name].keys() == {"de", "en"}
    assert script.words["level"] in set(Level)
    assert {script.words["effect_talk"], script.words["effect_vote"]} <= set(Effect)
    assert script.times.talk_closes - script.times.opens >= SHORTEST_ROUND


def test_one_round_is_open_one_over_and_one_to_come() -> None:
    assert OPEN.times.opens < NOW < OPEN.times.talk_closes < OPEN.times.vote_closes
    assert CLOSED.times.vote_closes < CLOSED.times.counted < CLOSED.times.released < NOW
    assert COMING.times.published < NOW < COMING.times.opens
    assert not COMING.acts


@pytest.mark.parametrize("script", [OPEN, CLOSED, *BESIDE], ids=lambda script: script.words["slug"])
def test_everything_happens_in_its_time(script: logic.Script) -> None:
    last = {logic.Ballot: script.times.vote_closes}
    for act in script.acts:
        assert script.times.opens <= act.at < min(last.get(type(act), script.times.talk_closes), NOW)


@pytest.mark.parametrize("script", [OPEN, CLOSED, *BESIDE], ids=lambda script: script.words["slug"])
def test_nobody_answers_rates_or_edits_what_cannot_be_answered_rated_or_edited(script: logic.Script) -> None:
    public: dict[str, str] = {}
    touched: set[str] = set()
    for act in script.acts:
        match act:
            case logic.Comment():
                if not act.held and not script.words["premoderated"]:
                    public[act.key] = act.by or ""
            case logic.Reply():
                assert act.to in public
                touched.add(act.to)
                if not script.words["premoderated"]:
                    public[act.key] = act.by or ""
            case logic.Rating():
                assert act.key in public
                assert public[act.key] != act.by
                touched.add(act.key)
            case logic.Edit():
                assert act.key not in touched
            case logic.Notice():
                assert act.key in public
            case logic.Withdrawal():
                del public[act.key]
            case logic.Decision():
                public[act.key] = ""
                if act.outcome == "withheld":
                    del public[act.key]


@pytest.mark.parametrize("script", [OPEN, CLOSED], ids=lambda script: script.words["slug"])
def test_texts_and_choices_are_such_as_the_commands_take(script: logic.Script) -> None:
    for act in script.acts:
        if isinstance(act, logic.Comment | logic.Reply | logic.Edit):
            assert why_unfit(act.text) is None, act.text
    assert {act.handlungsfeld for act in of_kind(script, logic.Comment)} <= handlungsfelder().keys()
    assert {act.stance for act in of_kind(script, logic.Comment)} == set(Stance)
    assert {act.value for act in of_kind(script, logic.Rating)} == set(Value)
    assert {act.choice for act in of_kind(script, logic.Ballot)} == set(Choice)
    assert {act.kind for act in of_kind(script, logic.Notice)} <= set(NoticeKind)
    assert {act.rule for act in of_kind(script, logic.Decision)} <= {None, *RULE_SLUGS}


def test_the_open_round_shows_every_state_a_page_can_have() -> None:
    comments = Counter(act.handlungsfeld for act in of_kind(OPEN, logic.Comment))
    assert len(handlungsfelder().keys() - comments.keys()) == 1
    assert max(comments.values()) > 25
    assert sum(act.held for act in of_kind(OPEN, logic.Comment)) == 8
    assert len(of_kind(OPEN, logic.Notice)) >= 6
    assert (len(of_kind(OPEN, logic.Decision)), len(of_kind(OPEN, logic.Withdrawal))) == (3, 2)
    assert len(of_kind(OPEN, logic.Edit)) == 3


@pytest.mark.parametrize("script", BESIDE, ids=lambda script: script.words["slug"])
def test_what_is_asked_beside_the_concept_is_whole_and_each_ballot_holds(script: logic.Script) -> None:
    fields = logic.small_concept(script.words["concept"])["handlungsfeld"]
    way = Way.of({"projects": [], **script.words["way"]})
    options = way_options(way, [(field["slug"], field["title"]) for field in fields])
    for words in (way.question, *options.values(), *(field["text"] for field in fields)):
        assert words.keys() == {"de", "en"}
    assert {why_invalid(act.choice, way.asked(list(options))) for act in of_kind(script, logic.Ballot)} == {None}
    assert {act.question for act in of_kind(script, logic.Ballot)} == {QUESTION}


def test_names_are_free_and_nobody_has_two() -> None:
    names = [citizen["shown_as"] for citizen in logic.data_file("people.toml")["citizen"]]
    assert len(names) == len(set(names)) >= 60
    assert all(name_is_usable(name) for name in names)


def test_everybody_who_acts_is_somebody() -> None:
    people = logic.data_file("people.toml")
    keys = {citizen["key"] for citizen in people["citizen"]} | {"buergerin", None}
    assert {act.by for script in (OPEN, CLOSED, *BESIDE) for act in script.acts} <= keys


@pytest.mark.parametrize("days", [0, 61, 147, 182, 300])
def test_the_same_day_gives_the_same_example_and_every_day_gives_one(days: int) -> None:
    day = TODAY + timedelta(days=days)
    assert logic.scripts(day) == logic.scripts(day)
    counts = [Counter(type(act) for act in script.acts) for script in logic.scripts(day)]
    assert counts == [Counter(type(act) for act in script.acts) for script in (OPEN, CLOSED, COMING, *BESIDE)]
