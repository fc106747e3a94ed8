"""Staff's Markdown and citizens' text become HTML in which nothing foreign runs."""

from __future__ import annotations

import json
import time
from pathlib import Path
from urllib.parse import urlsplit

import html5lib
import pytest
from jinja2.utils import urlize

from participation.foundation.markup import (
    CITIZEN_LINK,
    LONGEST_MARKDOWN,
    TAGS,
    citizen_html,
    clean,
    link_is_safe,
    staff_html,
)

HOSTILE = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "[klick](javascript:alert(1))",
    "[klick](javascript:123)",
    "[klick](//boese.example/x)",
    "[klick](/\\boese.example)",
    "[klick](https://stadt@boese.example)",
    "<a href='data:1'>x</a>",
    "<svg><style><img src=x onerror=alert(1)></style></svg>",
    "<p style='background:url(x)'>x</p>",
)


def foreign(html: str, tags: frozenset[str], attributes: frozenset[tuple[str, str]]) -> list[str]:
    """Return what stands in the HTML, parsed as a browser does, and is not on the list."""
    found = []
    for node in html5lib.parseFragment(html, namespaceHTMLElements=False).iter():
        if node.tag == "DOCUMENT_FRAGMENT":
            continue
        if node.tag not in tags:
            found.append(f"<{node.tag}>")
        for name, value in node.attrib.items():
            if (node.tag, name) not in attributes or (name == "href" and not leads_where_it_says(value)):
                found.append(f"{node.tag} {name}={value!r}")
    return found


def leads_where_it_says(link: str) -> bool:
    parts = urlsplit(link)
    if parts.scheme in {"http", "https"}:
        return "@" not in parts.netloc
    return parts.scheme == "mailto" or (not parts.scheme and not parts.netloc and "\\" not in link)


STAFF = frozenset({("a", "href"), ("a", "title")})
CITIZEN = frozenset({("a", "href"), ("a", "rel"), ("p", "dir")})


def corpus() -> list[str]:
    folder = Path(__file__).parents[3] / "shared" / "data" / "xss"
    if not folder.is_dir():
        return []
    inputs = [str(case["payload"]) for case in json.loads((folder / "dompurify-expect.json").read_text("utf-8"))]
    inputs += [
        str(case["input"]) for case in json.loads((folder / "html5lib-sanitizer-tests1.json").read_text("utf-8"))
    ]
    inputs += [file.read_text("utf-8").split("\n--\n")[0] for file in sorted((folder / "bleach-tests").glob("*.test"))]
    return inputs + json.loads((folder / "blns.json").read_text("utf-8"))


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_of_staff_leaves_nothing_but_allowed_tags(text: str) -> None:
    assert foreign(str(staff_html(text)), TAGS, STAFF) == []


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_of_citizens_is_shown_as_typed(text: str) -> None:
    assert foreign(str(citizen_html(text)), frozenset({"p", "br", "a"}), CITIZEN) == []


def test_the_whole_corpus_is_harmless_and_cleaning_twice_changes_nothing(shared_data: Path) -> None:
    inputs = corpus()
    assert len(inputs) == 830
    for text in inputs:
        assert foreign(str(staff_html(text)), TAGS, STAFF) == [], text
        assert foreign(str(citizen_html(text)), frozenset({"p", "br", "a"}), CITIZEN) == [], text
        once = clean(text)
        assert clean(once) == once, text
        assert foreign(once, TAGS, STAFF) == [], text


@pytest.mark.parametrize(
    ("link", "safe"),
    [
        ("https://www.bochum.de/x?a=1#b", True),
        ("http://example.org", True),
        ("mailto:amt@example.org", True),
        ("/runden/x", True),
        ("#anfang", True),
        ("//boese.example", False),
        ("/\\boese.example", False),
        ("https://stadt@boese.example/", False),
        ("javascript:123", False),
        ("vbscript:1", False),
        ("data:1", False),
        ("java\tscript:alert(1)", False),
        ("http:", False),
        ("http://[", False),
    ],
)
def test_links_lead_where_they_say(link: str, safe: bool) -> None:
    assert link_is_safe(link) is safe


def test_markdown_of_staff_keeps_its_structure() -> None:
    html = str(
        staff_html('# Ziel\n\nSchnelles **Netz** für *alle*:\n\n- Glasfaser\n- [mehr](https://example.org "Mehr")')
    )
    assert html.count("<li>") == 2
    assert "<h2>Ziel</h2>" in html and "<strong>Netz</strong>" in html and 'href="https://example.org"' in html


def test_paragraphs_lines_and_links_of_citizens() -> None:
    html = str(citizen_html("Erste Zeile\nzweite & <b>\n\nAbsatz https://example.org/a?b=1&c=2"))
    assert html.count("<p") == 2 and "<br>" in html and "&lt;b&gt;" in html
    assert 'rel="nofollow ugc noopener"' in html and "b=1&amp;c=2" in html


def test_too_long_a_text_of_staff_is_refused_before_it_is_cleaned() -> None:
    with pytest.raises(ValueError, match="too long"):
        staff_html("a" * (LONGEST_MARKDOWN + 1))


def test_a_text_of_full_length_is_done_in_bounded_work() -> None:
    """A ceiling against quadratic work, far above what it takes; no measurement."""
    began = time.process_time()
    citizen_html("a@b.c " * 800)
    citizen_html("<" * 5000)
    assert time.process_time() - began < 5


@pytest.mark.parametrize(
    "text",
    [
        "Kein Link, nur <b>Zeichen</b> & Wörter. Und (Klammern)!",
        "http://bochum.example/a?b=1&c=2, und weiter",
        "(HTTPS://BOCHUM.EXAMPLE)",
        "www.bochum.de.",
        "stadt.info und wald.org",
        "http://127.0.0.1:8000/x",
        "mailto:stadt@bochum.example",
        "<stadt@bochum.example>",
        "stadt\u0130.\u0130nfo",
        *HOSTILE,
    ],
)
def test_links_of_citizens_are_found_wherever_there_is_one(text: str) -> None:
    """Texts that cannot hold one are not searched word by word; that must never hide one."""
    assert citizen_html(text) == f'<p dir="auto">{urlize(text, rel=CITIZEN_LINK)}</p>'
