"""The application for a WSGI server: ``wsgi:app``."""

from participation.app import create_app

app = create_app()
