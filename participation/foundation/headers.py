"""Security headers on every answer, and answers that a browser may keep."""

from __future__ import annotations

import gzip
import hashlib
from collections import OrderedDict
from collections.abc import Callable
from functools import lru_cache
from threading import Lock

from flask import Response, current_app, request

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
PRIVATE = {"Cache-Control": "private, no-cache", "Vary": "Cookie, Accept-Language"}
"""What a page says besides, unless it says otherwise itself."""
TRANSPORT = "max-age=31536000; includeSubDomains"


def secure(response: Response, *, transport: bool) -> Response:
    """Add the headers.

    :param transport: whether the site is served by https only
    """
    wanted = ALWAYS | PRIVATE | ({"Strict-Transport-Security": TRANSPORT} if transport else {})
    present = {name.lower() for name, _ in response.headers}
    response.headers.extend([(name, value) for name, value in wanted.items() if name.lower() not in present])
    if "vary" in present:
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


class PageMemory:
    """The last pages that visitors saw, as bytes under their marks, for one process.

    A page is found again only under the very mark that it was made for, and the mark is worked out from the database
    at each request; so a change is seen by the next request, and nothing has to be cleared. Pages of people who are
    signed in have no mark and are never kept.
    """

    def __init__(self, pages: int = 256) -> None:
        self.pages = pages
        self._kept: OrderedDict[str, bytes] = OrderedDict()
        self._lock = Lock()

    def find(self, mark: str) -> bytes | None:
        """Return a page, or None."""
        with self._lock:
            body = self._kept.get(mark)
            if body is not None:
                self._kept.move_to_end(mark)
            return body

    def keep(self, mark: str, body: bytes) -> None:
        """Keep a page, and let go the one that was asked for least lately."""
        with self._lock:
            self._kept[mark] = body
            self._kept.move_to_end(mark)
            while len(self._kept) > self.pages:
                self._kept.popitem(last=False)


def for_visitors(mark: str, render: Callable[[], Response]) -> Response:
    """Answer a visitor in the shortest way: nothing new, the page as remembered under its mark, or rendered now."""
    known = unchanged(mark)
    if known is not None:
        return known
    memory: PageMemory = current_app.extensions["pages"]
    packed = request.accept_encodings["gzip"] > 0
    place = f"{mark} gzip" if packed else mark
    body = memory.find(place)
    answer = Response(body, mimetype="text/html") if body is not None else render()
    if body is None and answer.status_code == 200:
        body = gzip.compress(answer.get_data(), mtime=0) if packed else answer.get_data()
        memory.keep(place, body)
        answer.set_data(body)
    if body is not None and packed:
        # Only here: the page of somebody signed in holds a secret, which its packed length could give away (BREACH).
        answer.content_encoding = "gzip"
    answer.vary.add("Accept-Encoding")
    answer.set_etag(mark, weak=True)
    return answer


def unchanged(mark: str) -> Response | None:
    """Return the short answer if the browser has this state already."""
    if request.if_none_match.contains_weak(mark):
        response = Response(status=304)
        response.set_etag(mark, weak=True)
        return response
    return None
