"""Keeps the English catalogue complete: ``python -m tests.house.translations [--update]``."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

from tests.house.rooms import PACKAGE, ROOT

ENGLISH = ROOT / "translations" / "en" / "LC_MESSAGES" / "messages.po"
KEYWORDS = {
    "_": None,
    "_l": None,
    "gettext": None,
    "lazy_gettext": None,
    "marked": None,
    "ngettext": (1, 2),
    "lazy_ngettext": (1, 2),
    "pgettext": ((1, "c"), 2),
}
METHODS = [("**.py", "python"), ("**/templates/**", "jinja2")]
# Without `silent` off, a template that Jinja cannot read would drop out of the catalogue unnoticed.
OPTIONS = {"**/templates/**": {"silent": "false", "trimmed": "true", "newstyle_gettext": "true"}}
PLACEHOLDER = re.compile(r"%\((\w+)\)[sd]")


def marked_texts() -> Catalog:
    """Return every text that the program marks for translation."""
    found = Catalog(charset="utf-8")
    for file, line, message, comments, context in extract_from_dir(
        PACKAGE, METHODS, OPTIONS, KEYWORDS, strip_comment_tags=True
    ):
        found.add(message, None, [(file, line)], auto_comments=comments, context=context)
    return found


def gaps(found: Catalog, english: Catalog) -> list[str]:
    """Return what keeps the English catalogue from being whole, one line each."""
    lines = [f"missing: {_key(message)!r}" for message in found if message.id and _key(message) not in _keys(english)]
    lines += [f"obsolete: {_key(message)!r}" for message in english if message.id and _key(message) not in _keys(found)]
    lines += [f"obsolete: {key!r}" for key in english.obsolete]
    for message in english:
        if message.id:
            lines += [f"{fault}: {_key(message)!r}" for fault in _faults(message)]
    return lines


def update(found: Catalog, english: Catalog) -> Catalog:
    """Return the catalogue with the marked texts of today, translated where they were before."""
    renewed = Catalog(locale="en", charset="utf-8", project="participation", fuzzy=False, header_comment="#")
    renewed.mime_headers = english.mime_headers if ENGLISH.exists() else renewed.mime_headers
    for message in sorted(found, key=lambda one: str(_key(one))):
        if message.id:
            known = english.get(message.id, message.context)
            renewed.add(message.id, known.string if known else "", context=message.context)
    return renewed


def read_english() -> Catalog:
    """Return the English catalogue; an empty one if there is none yet."""
    if not ENGLISH.exists():
        return Catalog(locale="en", charset="utf-8")
    with ENGLISH.open("rb") as file:
        return read_po(file, locale="en", charset="utf-8")


def write_english(catalog: Catalog, path: Path = ENGLISH) -> None:
    """Write the catalogue without places in the code, which would change with every line."""
    path.parent.mkdir(parents=True, exist_ok=True)
    # Whoever reads meanwhile finds the old catalogue or the new one, never half of one.
    half = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with half.open("wb") as file:
            write_po(
                file, catalog, width=110, no_location=True, omit_header=False, sort_output=True, ignore_obsolete=True
            )
        half.replace(path)
    finally:
        half.unlink(missing_ok=True)


def _keys(catalog: Catalog) -> set[tuple[str | None, str]]:
    return {_key(message) for message in catalog if message.id}


def _key(message: Message) -> tuple[str | None, str]:
    return message.context, message.id if isinstance(message.id, str) else message.id[0]


def _faults(message: Message) -> list[str]:
    originals = message.id if isinstance(message.id, (tuple, list)) else (message.id,)
    texts = message.string if isinstance(message.string, (tuple, list)) else (message.string,)
    faults = ["fuzzy"] if message.fuzzy else []
    if not all(texts):
        return [*faults, "untranslated"]
    wanted = set(PLACEHOLDER.findall(originals[-1]))
    # "one comment" may leave the number out; every other form names all that the German one names.
    loose = [set(PLACEHOLDER.findall(text)) - {"n", "num"} != wanted - {"n", "num"} for text in texts[:-1]]
    if any(loose) or set(PLACEHOLDER.findall(texts[-1])) != wanted:
        faults.append("other placeholders")
    if any(text.count("%") - 2 * text.count("%%") != len(PLACEHOLDER.findall(text)) for text in texts if wanted):
        faults.append("stray percent sign")
    return faults


def main(arguments: list[str]) -> int:
    """Check the catalogue, or update it with ``--update``; return the exit status."""
    if "--update" in arguments:
        write_english(update(marked_texts(), read_english()))
    lines = gaps(marked_texts(), read_english())
    print(*lines, f"translations: {len(lines)} gaps" if lines else "translations: whole", sep="\n")
    return 1 if lines and "--update" not in arguments else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
