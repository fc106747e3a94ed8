"""The application for a WSGI server: ``wsgi:app``."""

import os

from participation.app import create_app, name_key_gaps
from participation.foundation.config import ConfigurationGap

try:
    app = create_app()
except ConfigurationGap as gap:
    raise SystemExit(f"The platform does not start: {gap}") from None

# The shell loads this file too, before there are tables, and has `flask contests check` for it.
if os.environ.get("FLASK_RUN_FROM_CLI") != "true":
    name_key_gaps(app)
