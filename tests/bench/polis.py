"""How long the import of a real Polis conversation takes."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

from tests.engines import ROOT, Databases

CONVERSATION = ROOT.parent / "shared" / "data" / "polis" / "austria-climate.5twd2jsnkf"
SECONDS = 60


def import_time(folder: Path, store: Databases) -> None:
    """Import the conversation as the shell does, into a fresh database, and print the time beside its bar."""
    if not CONVERSATION.is_dir():
        print("Import of 61,936 votes: left out, ../shared/data is missing")
        return
    url = store.migrated()
    environ = os.environ | {
        "PARTICIPATION_ENV": "test",
        "SECRET_KEY": "k" * 32,
        "VAR_DIR": str(folder),
        "DATABASE_URL": url.replace("+psycopg", ""),
        "FLASK_APP": "wsgi.py",
    }
    command = [sys.executable, "-m", "flask", "import", "polis", str(CONVERSATION), "--round", "klimarat"]
    began = time.perf_counter()
    subprocess.run(command, env=environ, check=True, stdout=subprocess.DEVNULL, cwd=ROOT)
    took = time.perf_counter() - began
    store.drop(url)
    print(f"\nImport of 61,936 votes: {took:.1f} s (wanted: under {SECONDS})  {'ok' if took < SECONDS else 'MISSED'}")
