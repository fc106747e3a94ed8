"""Text to HTML: staff's Markdown through bleach, citizens' plain text escaped."""

from __future__ import annotations

import re
from functools import lru_cache
from urllib.parse import urlsplit

import bleach
from jinja2.utils import urlize
from markdown_it import MarkdownIt
from markupsafe import Markup, escape

LONGEST_MARKDOWN = 100_000
TAGS = frozenset(
    [
        "p",
        "br",
        "strong",
        "em",
        "ul",
        "ol",
        "li",
        "a",
        "blockquote",
        "h2",
        "h3",
        "h4",
        "code",
        "pre",
        "hr",
        "table",
        "thead",
        "tbody",
        "tr",
        "th",
        "td",
    ]
)
CITIZEN_LINK = "nofollow ugc noopener"
# Where none of these stands, urlize finds no link: most texts need not be taken apart word by word.
_MAY_HOLD_A_LINK = re.compile(r"@|://|www\.|\.(?:com|net|int|edu|gov|org|info|mil)", re.IGNORECASE)

_markdown = MarkdownIt("commonmark", {"html": False}).enable("table")


@lru_cache(maxsize=512)
def staff_html(markdown: str) -> Markup:
    """Return staff's Markdown as HTML of a short list of tags.

    Only here bleach is called: it is no longer maintained, so it sits behind a length limit and in front of an own
    check of links.

    :raises ValueError: beyond 100,000 characters
    """
    if len(markdown) > LONGEST_MARKDOWN:
        raise ValueError("too long")
    html = _markdown.render(markdown).replace("<h1>", "<h2>").replace("</h1>", "</h2>")
    return Markup(clean(html))  # noqa: S704 - cleaned in the same line


def clean(html: str) -> str:
    """Return HTML with nothing in it but the allowed tags and links that lead where they say."""
    return bleach.clean(
        html, tags=TAGS, attributes=_attribute_is_fine, protocols=["http", "https", "mailto"], strip=True
    )


def _attribute_is_fine(tag: str, name: str, value: str) -> bool:
    return tag == "a" and (name == "title" or (name == "href" and link_is_safe(value)))


def link_is_safe(link: str) -> bool:
    """Say whether a link is http(s) without a user part, a mail address, or a path on this site.

    bleach lets ``//host``, ``/\\host``, ``https://a@b`` and ``javascript:123`` through.
    """
    if re.search(r"[\x00-\x20\\]", link):
        return False
    try:
        parts = urlsplit(link)
    except ValueError:
        return False
    if parts.scheme in {"http", "https"}:
        return bool(parts.netloc) and "@" not in parts.netloc
    if parts.scheme == "mailto":
        return "@" in parts.path and not parts.netloc
    return (
        not parts.scheme
        and not parts.netloc
        and ":" not in link
        and link.startswith(("/", "#"))
        and not link.startswith("//")
    )


def citizen_html(text: str) -> Markup:
    """Return plain text as escaped paragraphs, with links made clickable and marked as citizens' own."""
    paragraphs = [part for part in re.split(r"\n\s*\n", text.strip()) if part]
    return Markup("").join(Markup('<p dir="auto">{}</p>').format(_lines(part)) for part in paragraphs)


def _lines(paragraph: str) -> Markup:
    linked = urlize(paragraph, rel=CITIZEN_LINK) if _MAY_HOLD_A_LINK.search(paragraph) else str(escape(paragraph))
    return Markup(linked.replace("\n", "<br>"))  # noqa: S704 - both escape
