"""Texts in templates, in the language of the page and safe whatever is put into them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask, render_template_string
from flask_babel import force_locale

from participation.foundation.i18n import current_language, in_words, time_left

NAME = "<b>Kim</b>"
SECOND = timedelta(seconds=1)
TEXT = "{{ _('Der Beitrag von %(author)s.', author=name) }}"


@pytest.mark.parametrize(
    ("template", "written"),
    [
        ("{{ _('Diskussion') }}", "Discussion"),
        ("{{ pgettext('tun', 'Antworten') }}", "Reply"),
        ("{{ ngettext('%(num)s Kommentar', '%(num)s Kommentare', 1) }}", "1 comment"),
        ("{{ ngettext('%(num)s Kommentar', '%(num)s Kommentare', 2) }}", "2 comments"),
        ("{% trans %}Diskussion{% endtrans %}", "Discussion"),
        ("{{ _('Das übersetzt niemand.') }}", "Das übersetzt niemand."),
    ],
)
def test_a_template_speaks_the_language_of_the_moment(app: Flask, template: str, written: str) -> None:
    with app.test_request_context():
        german = render_template_string(template)
        with force_locale("en"):
            assert (current_language(), render_template_string(template)) == ("en", written)
        assert (current_language(), render_template_string(template)) == ("de", german)


def test_what_is_put_into_a_text_is_escaped_on_pages_and_left_as_it_is_in_letters(app: Flask) -> None:
    app.jinja_env.globals["name"] = NAME
    with app.test_request_context():
        assert render_template_string(TEXT) == "Der Beitrag von &lt;b&gt;Kim&lt;/b&gt;."
        assert (
            render_template_string(f"{{% autoescape false %}}{TEXT}{{% endautoescape %}}") == f"Der Beitrag von {NAME}."
        )


def test_a_text_that_is_missing_is_nothing_on_a_page_of_any_language(app: Flask) -> None:
    with app.test_request_context():
        for language in ("de", "en"):
            with force_locale(language):
                assert not in_words({"de": ""}) and not in_words(None)


def test_the_time_left_is_told_in_the_largest_unit_that_says_enough(app: Flask) -> None:
    left = (timedelta(days=2), timedelta(days=2) - SECOND, timedelta(hours=2) - SECOND, timedelta(minutes=2) - SECOND)
    told = {
        "de": ["noch 2 Tage", "noch 47 Stunden", "noch 119 Minuten", "noch 1 Minute", *["weniger als eine Minute"] * 2],
        "en": ["2 days left", "47 hours left", "119 minutes left", "1 minute left", *["less than a minute left"] * 2],
    }
    now = datetime(2026, 6, 1, 12, tzinfo=UTC)
    with app.test_request_context():
        for language, words in told.items():
            with force_locale(language):
                assert [time_left(now + one, now) for one in (*left, SECOND, -SECOND)] == words


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", "de"),
        ("en-GB,en;q=0.9,de;q=0.1", "en"),
        ("fr, de;q=0.5, en;q=0.4", "de"),
        ("tlh", "de"),
        ("\x80;q=x", "de"),
    ],
)
def test_a_page_speaks_what_the_browser_prefers(app: Flask, header: str, language: str) -> None:
    with app.test_request_context(headers={"Accept-Language": header}):
        assert current_language() == language
