"""The application for a WSGI server: ``wsgi:app``."""

import os

from participation.app import create_app, name_key_gaps

app = create_app()

# The shell loads this file too, before there are tables, and has `flask contests check` for it.
if os.environ.get("FLASK_RUN_FROM_CLI") != "true":
    name_key_gaps(app)
