"""The URL map as a document: rule, methods, who may, endpoint.

``python -m tests.house.url_map`` writes ``tests/url_map.txt`` anew; a changed line there is a decision to review.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from flask import Flask

from tests.engines import ROOT, settings_for

DOCUMENT = ROOT / "tests" / "url_map.txt"


def lines(app: Flask) -> list[str]:
    """Return one line for each rule, in the order of the addresses."""
    rows = []
    for rule in app.url_map.iter_rules():
        methods = ",".join(sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}))
        who = ",".join(sorted(getattr(app.view_functions[rule.endpoint], "access", ("?",))))
        rows.append((rule.rule, methods, who, rule.endpoint))
    return [f"{rule:<72} {methods:<8} {who:<24} {endpoint}" for rule, methods, who, endpoint in sorted(rows)]


def main() -> None:
    """Write the document."""
    from participation.app import create_app

    with tempfile.TemporaryDirectory() as folder:
        app = create_app(settings_for(f"sqlite:///{folder}/none.sqlite3", Path(folder), port=8000))
        DOCUMENT.write_text("\n".join(lines(app)) + "\n", "utf-8")


if __name__ == "__main__":
    main()
