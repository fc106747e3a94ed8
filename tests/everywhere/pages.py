"""Reads pages as a browser does: their forms, and what they must not hold."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urljoin, urlsplit
from xml.etree.ElementTree import Element

import html5lib

LOADS = {"script": "src", "img": "src", "source": "src", "iframe": "src", "object": "data", "embed": "src"}
TYPED = {"text", "email", "password", "search", "tel", "url", "number", "date", "datetime-local", "textarea"}


@dataclass(frozen=True)
class PageForm:
    """A form on a page: where it goes and what it would send if nobody touched it."""

    page: str
    action: str
    method: str
    fields: tuple[tuple[str, str], ...]
    choices: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Values that radio buttons, checkboxes and lists offer, by name."""
    typed: frozenset[str] = frozenset()
    """Names of fields that a person types into."""


def tree_of(html: str) -> Element:
    """Parse a page the way browsers do."""
    tree: Element = html5lib.parse(html, treebuilder="etree", namespaceHTMLElements=False)
    return tree


def forms_on(html: str, path: str) -> Iterator[PageForm]:
    """Yield every form of a page."""
    tree = tree_of(html)
    for form in tree.iter("form"):
        controls = [
            one for one in form.iter() if one.tag in {"input", "textarea", "select", "button"} and one.get("name")
        ]
        yield PageForm(
            page=path,
            action=urljoin(path, form.get("action") or path),
            method=(form.get("method") or "get").lower(),
            fields=tuple(pair for one in controls for pair in _sent(one)),
            choices=_choices(controls),
            typed=frozenset(one.get("name", "") for one in controls if _kind(one) in TYPED),
        )


def _kind(control: Element) -> str:
    return control.get("type", "text").lower() if control.tag == "input" else control.tag


def _sent(control: Element) -> Iterator[tuple[str, str]]:
    name, kind = control.get("name", ""), _kind(control)
    if kind == "textarea":
        yield name, "".join(control.itertext()).removeprefix("\n")
    elif kind == "select":
        options = list(control.iter("option"))
        chosen = [one for one in options if one.get("selected") is not None] or options[:1]
        yield from ((name, one.get("value", "")) for one in chosen)
    elif kind in {"radio", "checkbox"}:
        if control.get("checked") is not None:
            yield name, control.get("value", "on")
    elif kind not in {"submit", "button", "file", "image", "reset"}:
        yield name, control.get("value", "")


def _choices(controls: list[Element]) -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    for one in controls:
        name, kind = one.get("name", ""), _kind(one)
        if kind in {"radio", "checkbox", "submit", "button"}:
            found.setdefault(name, []).append(one.get("value", "on"))
        elif kind == "select":
            found.setdefault(name, []).extend(option.get("value", "") for option in one.iter("option"))
    return {name: tuple(values) for name, values in found.items()}


def links_on(html: str, path: str) -> set[str]:
    """Return the paths of this site that a page links to."""
    links = (urljoin(path, one.get("href", "")) for one in tree_of(html).iter("a"))
    return {urlsplit(link).path for link in links if link.startswith("/") and not link.startswith("//")}


def faults_on(html: str) -> list[str]:
    """Return what stands in a page and must not: scripts, styles and handlers inline, and things loaded from elsewhere."""
    return [fault for element in tree_of(html).iter() if isinstance(element.tag, str) for fault in _faults(element)]


def _faults(element: Element) -> Iterator[str]:
    tag, attributes = element.tag, dict(element.attrib)
    if tag == "style" or (tag == "script" and not attributes.get("src")):
        yield f"inline <{tag}>"
    for name, value in attributes.items():
        if name == "style" or name.startswith("on"):
            yield f"<{tag} {name}={value!r}>"
        if name in {"href", "src", "action", "formaction"} and value.strip().lower().startswith(
            ("javascript:", "data:text")
        ):
            yield f"<{tag} {name}={value!r}>"
    loaded = attributes.get(LOADS.get(tag, ""), "") or (attributes.get("href", "") if tag == "link" else "")
    if _is_foreign(loaded) and attributes.get("rel") not in {"canonical", "alternate"}:
        yield f"<{tag}> loads {loaded!r}"
    if tag == "form" and _is_foreign(attributes.get("action", "")):
        yield f"form goes to {attributes['action']!r}"


def _is_foreign(address: str) -> bool:
    return bool(urlsplit(address).netloc)


def unguarded_forms(html: str, path: str) -> list[PageForm]:
    """Return the forms that would post without a token."""
    return [form for form in forms_on(html, path) if form.method == "post" and "csrf_token" not in dict(form.fields)]


def text_of(html: str) -> str:
    """Return what a person reads, in one line."""
    body: Any = tree_of(html).find("body")
    return " ".join(" ".join(body.itertext()).split())
