"""Security headers on every answer, and answers that a browser may keep."""

from __future__ import annotations

import hashlib
from functools import lru_cache

from flask import Response, request

from participation.foundation.config import ROOT

POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
ALWAYS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
TRANSPORT = "max-age=31536000; includeSubDomains"


def secure(response: Response, *, transport: bool) -> Response:
    """Add the headers.

    :param transport: whether the site is served by https only
    """
    for name, value in ALWAYS.items():
        response.headers.setdefault(name, value)
    if transport:
        response.headers.setdefault("Strict-Transport-Security", TRANSPORT)
    if "Cache-Control" not in response.headers:
        response.headers["Cache-Control"] = "private, no-cache"
    response.vary.update(("Cookie", "Accept-Language"))
    return response


def etag(*parts: object) -> str:
    """Return the mark of a page's state: all that its text depends on."""
    return hashlib.sha256("\x1f".join(str(part) for part in parts).encode()).hexdigest()[:32]


@lru_cache(maxsize=1)
def build() -> str:
    """Return the mark of the program itself, the same in every worker: a new version answers with new pages."""
    folders = (ROOT / "participation", ROOT / "translations")
    files = (
        file for folder in folders for file in folder.rglob("*") if file.suffix in {".py", ".html", ".mo", ".json"}
    )
    return etag(*sorted(f"{file.relative_to(ROOT)} {file.stat().st_mtime_ns}" for file in files))


def unchanged(mark: str) -> Response | None:
    """Return the short answer if the browser has this state already."""
    if request.if_none_match.contains_weak(mark):
        response = Response(status=304)
        response.set_etag(mark, weak=True)
        return response
    return None
