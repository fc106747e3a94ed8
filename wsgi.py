"""The application for a WSGI server: ``wsgi:app``."""

from participation.app import create_app
from participation.foundation.serving import keep_connections

keep_connections()
app = create_app()
