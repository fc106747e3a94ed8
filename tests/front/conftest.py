"""The sample pages beside the real ones."""

from __future__ import annotations

import pytest
from flask import Flask

from tests.front import pattern


@pytest.fixture
def app(app: Flask) -> Flask:
    """The application with the sample pages."""
    app.register_blueprint(pattern.bp)
    pattern.Kept.vote, pattern.Kept.rating, pattern.Kept.arrivals = "for", None, 0
    return app
