"""Languages: which one a page speaks, staff's texts in it, and how numbers and moments are written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any

from babel import Locale
from babel.dates import format_date, format_datetime
from babel.numbers import format_decimal, format_percent
from flask import Flask, g, has_request_context, request
from flask_babel import get_locale, get_translations, gettext, ngettext
from jinja2 import pass_eval_context
from jinja2.nodes import EvalContext
from markupsafe import Markup, escape
from werkzeug.datastructures import LanguageAccept
from werkzeug.http import parse_accept_header

from participation.foundation.clock import berlin
from participation.foundation.facts import Fact
from participation.foundation.web import viewer

LANGUAGES = ("de", "en")
LOCALES = {language: Locale(language) for language in LANGUAGES}
COOKIE = "sprache"


@dataclass(frozen=True)
class Wording:
    """A text and, where it is not in the language of the page, the language it is in."""

    text: str
    language: str | None


def language_of_request() -> str:
    """Return the language to answer in: chosen by cookie, else the account's, else the browser's, else German."""
    if not has_request_context():
        return "de"
    chosen = request.cookies.get(COOKIE)
    if chosen in LANGUAGES:
        return chosen
    somebody = viewer()
    if somebody is not None:
        return somebody.language
    return _preferred(request.headers.get("Accept-Language", ""))


def locale_of_request() -> Locale:
    """Return the same as a locale that is there already: Babel would read the language as a text at each request."""
    return LOCALES[language_of_request()]


@lru_cache(maxsize=256)
def _preferred(header: str) -> str:
    """Return what a browser prefers. Few headers exist, and each is the same for years."""
    return parse_accept_header(header, LanguageAccept).best_match(LANGUAGES, default="de") or "de"


def current_language() -> str:
    """Return the language that is being spoken."""
    # Asked for with every text of a page: what Flask-Babel settled for this request is read where it lies.
    locale = getattr(g.get("_flask_babel"), "babel_locale", None) if g else None
    return (locale or get_locale() or LOCALES["de"]).language


def pick(variants: dict[str, str] | None, language: str) -> Wording:
    """Return a text in the language, else in German with its language named."""
    known = variants or {"de": ""}
    if known.get(language):
        return Wording(known[language], None)
    return Wording(known["de"], None if language == "de" else "de")


def in_words(variants: dict[str, str] | None) -> Markup:
    """Return a text for the page, wrapped in its language where it is not the page's."""
    language = current_language()
    own = variants.get(language) if variants else None
    if own:
        return escape(own)
    wording = pick(variants, language)
    if wording.language is None or not wording.text:
        return escape(wording.text)
    return Markup('<span lang="{}">{}</span>').format(wording.language, wording.text)


def plain_words(variants: dict[str, str] | None) -> str:
    """Return a text where no markup can stand: titles, options, letters."""
    return pick(variants, current_language()).text


def moment(value: datetime | str | None) -> str:
    """Return a moment as people in Bochum read it: »22.11.2026, 18:00 Uhr«.

    :param value: of the facts of a letter, which are JSON, as ISO 8601
    """
    if value is None:
        return ""
    if isinstance(value, str):
        value = datetime.fromisoformat(value)
    return _written(value, current_language())


@lru_cache(maxsize=4096)
def _written(value: datetime, language: str) -> str:
    if language == "de":
        return format_datetime(berlin(value), "dd.MM.yyyy, HH:mm\xa0'Uhr'", locale="de")
    return format_datetime(berlin(value), "d\xa0MMMM yyyy, HH:mm", locale="en_GB")


def day(value: datetime | date | None) -> str:
    """Return the day of a moment: »22.11.2026«."""
    if value is None:
        return ""
    on = berlin(value).date() if isinstance(value, datetime) else value
    return format_date(on, "dd.MM.yyyy" if current_language() == "de" else "d\xa0MMMM yyyy", locale=current_language())


def number(value: float | None) -> str:
    """Return a number with the separators of the language."""
    return "" if value is None else _counted(value, current_language())


@lru_cache(maxsize=4096, typed=True)
def _counted(value: float, language: str) -> str:
    return format_decimal(value, locale=language)


def percent(share: float) -> str:
    """Return a share of one as a percentage with one decimal."""
    return format_percent(
        share, format="#,##0.0 %" if current_language() == "de" else "#,##0.0%", locale=current_language()
    )


def time_left(until: datetime, now: datetime) -> str:
    """Return how long something still runs, in the largest unit that says enough."""
    return _left(current_language(), (until - now) // timedelta(minutes=1))


@lru_cache(maxsize=4096)
def _left(language: str, minutes: int) -> str:
    """Return the words in the language that is being spoken: the mark of each page that counts down needs them."""
    if minutes >= 2 * 24 * 60:
        return ngettext("noch %(num)s Tag", "noch %(num)s Tage", minutes // (24 * 60))
    if minutes >= 2 * 60:
        return ngettext("noch %(num)s Stunde", "noch %(num)s Stunden", minutes // 60)
    if minutes >= 1:
        return ngettext("noch %(num)s Minute", "noch %(num)s Minuten", minutes)
    return gettext("weniger als eine Minute")


def words_of(fact: Fact) -> str:
    """Return the sentence of a fact in the language of the page, moments and numbers written out."""
    return filled((fact.sentence, fact.values))


def filled(said: tuple[str, Mapping[str, object]]) -> str:
    """Return a marked sentence in the language of the page with its values, moments and numbers written out."""
    sentence, values = gettext(said[0]), {name: _worded(value) for name, value in said[1].items()}
    return sentence % values if values else sentence


def _worded(value: object) -> object:
    if isinstance(value, datetime):
        return moment(value)
    return number(value) if type(value) is int else value


# ── Texts in templates ────────────────────────────────────────────────────────────────────────────────────────────────
# A page of comments asks for three hundred translations. Jinja and Flask-Babel pass each through six functions; here it
# is one look into a table. A text is HTML unless escaping is off (letters), and then what is put into it is escaped.
@pass_eval_context
def _text(escaping: EvalContext, msgid: str, /, **values: Any) -> str:
    return _filled(escaping, _translated(current_language(), None, msgid), values)


@pass_eval_context
def _text_in(escaping: EvalContext, context: str, msgid: str, /, **values: Any) -> str:
    return _filled(escaping, _translated(current_language(), context, msgid), {"context": context, **values})


@pass_eval_context
def _counting_text(escaping: EvalContext, one: str, many: str, num: int, /, **values: Any) -> str:
    language = current_language()
    if not values and isinstance(num, int):
        return _counting(language, one, many, num, escaping.autoescape)
    return _filled(escaping, _catalogue(language).ungettext(one, many, num), {"num": num, **values})


@lru_cache(maxsize=4096, typed=True)
def _counting(language: str, one: str, many: str, num: int, escaped: bool) -> str:
    found = _catalogue(language).ungettext(one, many, num) % {"num": num}
    return Markup(found) if escaped else found  # noqa: S704 - our text with a number in it


def _filled(escaping: EvalContext, found: str, values: dict[str, Any]) -> str:
    return (Markup(found) if escaping.autoescape else found) % values  # noqa: S704 - our texts, not what is put in


@lru_cache(maxsize=8192)
def _translated(language: str, context: str | None, msgid: str) -> str:
    spoken = _catalogue(language)
    found: str = spoken.ugettext(msgid) if context is None else spoken.upgettext(context, msgid)
    return found


@lru_cache(maxsize=len(LANGUAGES))
def _catalogue(language: str) -> Any:
    """Return the translations into the language that is being spoken."""
    return get_translations()


def register_filters(app: Flask) -> None:
    """Give templates these words."""
    app.jinja_env.filters.update(
        variants=in_words,
        plain_variants=plain_words,
        moment=moment,
        day=day,
        number=number,
        percent=percent,
        filled=filled,
        time_left=time_left,
    )
    app.jinja_env.globals.update(current_language=current_language, words_of=words_of)
    app.jinja_env.globals.update(_=_text, gettext=_text, ngettext=_counting_text, pgettext=_text_in)
