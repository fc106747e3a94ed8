"""Real Chromium, axe and the Nu HTML checker as fixtures; each is skipped with its reason where it is missing."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.error import URLError
from weakref import WeakSet

import pytest

from tests.engines import ROOT
from tests.servers import Live

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Route

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser") or ""
CHROMIUM_FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
NU_CHECKER = ROOT / "node_modules" / "vnu-jar" / "build" / "dist" / "vnu.jar"
SCRIPTLESS: WeakSet[Page] = WeakSet()
"""Pages opened without JavaScript: axe would wait there for ever."""

AXE_RUN = """async (rules) => {
    const runOnly = rules.length ? {type: 'rule', values: rules} : undefined;
    const result = await axe.run(document, {resultTypes: ['violations', 'incomplete'], runOnly});
    const nodes = (rules) => rules.flatMap((rule) => rule.nodes.map((node) => ({
        rule: rule.id, target: node.target.join(' '), summary: node.failureSummary,
        keys: node.any.concat(node.all, node.none).map((check) => check.data && check.data.messageKey),
    })));
    return {violations: nodes(result.violations), incomplete: nodes(result.incomplete)};
}"""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what opens a browser, so that ``-m "not browser"`` leaves it out."""
    for item in items:
        if "open_browser" in getattr(item, "fixturenames", ()):
            item.add_marker("browser")


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """One running Chromium for all tests of a worker."""
    if not CHROMIUM:
        pytest.skip("needs Chromium: apt install chromium, or CHROMIUM=path")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_FLAGS)
        yield browser
        browser.close()


@dataclass
class Watch:
    """What a browser did that it must not do."""

    origin: str
    foreign: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def guard(self, route: Route) -> None:
        """Let requests to our own origin pass and note and stop all others."""
        url = route.request.url
        if url.startswith((self.origin + "/", "data:", "blob:")) or url == self.origin:
            route.continue_()
        else:
            self.foreign.append(url)
            route.abort()

    def hear(self, message: ConsoleMessage) -> None:
        """Note what the console complains of; an answer 4xx is no complaint of the page."""
        if message.type == "error" and "Failed to load resource" not in message.text:
            self.complaints.append(message.text)


OpenBrowser = Callable[..., "Page"]


@pytest.fixture
def open_browser(request: pytest.FixtureRequest, live: Live) -> Iterator[OpenBrowser]:
    """Opens pages, each as somebody else (cookies of its own): ``open_browser(width=360, dark=True, javascript=False)``.

    At the end the test fails if a page asked another origin for anything, ran into its own Content-Security-Policy
    or threw an error. ``allow_complaints=True`` is for tests that provoke that.
    """
    browser: Browser = request.getfixturevalue("chromium")
    opened: list[tuple[BrowserContext, Watch]] = []

    def make(
        *,
        width: int = 1280,
        dark: bool = False,
        javascript: bool = True,
        forced_colors: bool = False,
        language: str = "de-DE",
        allow_complaints: bool = False,
    ) -> Page:
        context = browser.new_context(
            base_url=live.url,
            viewport={"width": width, "height": 800},
            color_scheme="dark" if dark else "light",
            forced_colors="active" if forced_colors else "none",
            java_script_enabled=javascript,
            locale=language,
            timezone_id="Europe/Berlin",
            reduced_motion="reduce",
        )
        context.set_default_timeout(10_000)
        watch = Watch(live.url)
        context.route("**/*", watch.guard)
        page = context.new_page()
        if not allow_complaints:
            page.on("console", watch.hear)
            page.on("pageerror", lambda error: watch.complaints.append(str(error)))
        if not javascript:
            SCRIPTLESS.add(page)
        opened.append((context, watch))
        return page

    yield make
    for context, _ in opened:
        context.close()
    foreign = [url for _, watch in opened for url in watch.foreign]
    complaints = [text for _, watch in opened for text in watch.complaints]
    assert not foreign, f"requests to another origin: {foreign}"
    assert not complaints, f"the browser complained: {complaints}"


@pytest.fixture
def browser_page(open_browser: OpenBrowser) -> Page:
    """One page of 1280 px, light, with JavaScript."""
    return open_browser()


@pytest.fixture(scope="session")
def axe() -> Callable[..., None]:
    """Fails if axe finds a violation on the page, or text that has the colour of its ground (equalRatio).

    ``axe(page, "color-contrast")`` asks for these rules alone.
    """
    if not AXE.is_file():
        pytest.skip("needs axe-core: make setup")
    source = AXE.read_text(encoding="utf-8")

    def check(page: Page, *rules: str) -> None:
        assert page not in SCRIPTLESS, "axe needs JavaScript: look at the same page with it"
        if not page.evaluate("() => 'axe' in window"):
            page.evaluate(source)
        result: dict[str, list[dict[str, Any]]] = page.evaluate(AXE_RUN, list(rules))
        found = result["violations"] + [node for node in result["incomplete"] if "equalRatio" in node["keys"]]
        lines = [f"{node['rule']} at {node['target']}: {node['summary']}" for node in found]
        assert not lines, f"axe on {page.url}:\n" + "\n".join(lines)

    return check


@pytest.fixture(scope="session")
def nu_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of one Nu HTML checker for all documents of a worker."""
    java = shutil.which("java")
    if not java or not NU_CHECKER.is_file():
        pytest.skip("needs Java and the Nu HTML checker: apt install default-jre-headless, make setup")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    log = tmp_path_factory.mktemp("nu") / "log"
    bound = "-Dnu.validator.servlet.bind-address=127.0.0.1"
    command = [java, "-Xmx512m", "-Xss1m", bound, "-cp", str(NU_CHECKER), "nu.validator.servlet.Main", str(port)]
    with log.open("wb") as output, subprocess.Popen(command, stdout=output, stderr=output) as server:
        try:
            yield _once_it_answers(f"http://127.0.0.1:{port}/?out=json", server, log)
        finally:
            server.kill()


def _once_it_answers(url: str, server: subprocess.Popen[bytes], log: Path) -> str:
    document = "<!doctype html><html lang=en><title>x</title>"
    for _ in range(960):
        with suppress(URLError, ConnectionError, TimeoutError):
            _ask(url, document)
            return url
        if server.poll() is not None:
            break
        time.sleep(0.25)
    raise RuntimeError(f"The Nu checker did not start: {log.read_text(errors='replace')[-2000:]}")


def _ask(url: str, document: str) -> list[dict[str, Any]]:
    request = urllib.request.Request(url, document.encode(), {"Content-Type": "text/html; charset=utf-8"})
    with urllib.request.urlopen(request, timeout=60) as answer:
        messages: list[dict[str, Any]] = json.load(answer)["messages"]
    return messages


@pytest.fixture(scope="session")
def nu(nu_server: str) -> Callable[[str], None]:
    """Fails if the Nu HTML checker finds an error in the document."""

    def check(document: str) -> None:
        errors = [message for message in _ask(nu_server, document) if message["type"] != "info"]
        lines = [f"line {e.get('lastLine')}: {e['message']}  {e.get('extract', '')!r}" for e in errors]
        assert not lines, "Nu HTML checker:\n" + "\n".join(lines)

    return check
