"""The page as it is served, and the same page with its data within, as one file."""

from __future__ import annotations

import base64
import functools
import hashlib
import json
import re
from collections.abc import Sequence
from pathlib import Path

from agents.inference.trajectory import Json

STATIC = Path(__file__).parent / "static"
_STYLE = re.compile(r'<link rel="stylesheet" href="static/([\w.]+)">')
_SCRIPT = re.compile(r'<script src="static/([\w.]+)"></script>')
_HEAD = "<head>"
_STREAM = '<script src="static/stream.js"></script>'
_INSTEAD = ("static/rules.js", "static/local.js")
_ALONE = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; base-uri 'none'; form-action 'self'"
RUNTIME = ("ort.wasm.min.js", "ort-wasm-simd-threaded.mjs", "ort-wasm-simd-threaded.wasm")
"""The files of onnxruntime-web that the page without a server needs, in ``runtime/``; the first is its script."""


def index() -> str:
    """The page, which takes its parts from ``static/``."""
    return _read("index.html")


def replay(episodes: Sequence[Json]) -> str:
    """The page with ``episodes`` within, records of runs (see ``events.record``): one text that needs no server."""
    page = index()
    style = "".join(_read(name) for name in _STYLE.findall(page))
    script = "\n".join(_read(name) for name in _SCRIPT.findall(page))
    # "<" could end the element; as a sign of JSON it says the same in this form.
    data = json.dumps({"episodes": list(episodes)}, allow_nan=False).replace("<", "\\u003c")
    policy = f"default-src 'none'; style-src {_hash(style)}; script-src {_hash(script)}"
    meta = f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
    within = f'<script type="application/json" id="replay">{data}</script>\n<script>{script}</script>'
    page = _STYLE.sub("", page).replace(_HEAD, f"{_HEAD}\n{meta}\n<style>{style}</style>", 1)
    head, _, tail = page.partition(next(match.group() for match in _SCRIPT.finditer(page)))
    return head + within + _SCRIPT.sub("", tail)


def missing_runtime(runtime: Path) -> list[str]:
    """The files of onnxruntime-web that are not in a folder."""
    return [name for name in RUNTIME if not (runtime / name).is_file()]


def alone() -> str:
    """The page with what answers for a server within the browser, and onnxruntime-web's script in ``runtime/``."""
    scripts = "\n".join(f'<script src="{name}"></script>' for name in (f"runtime/{RUNTIME[0]}", *_INSTEAD))
    meta = f'<meta http-equiv="Content-Security-Policy" content="{_ALONE}">'
    return index().replace(_STREAM, scripts, 1).replace(_HEAD, f"{_HEAD}\n{meta}", 1)


@functools.cache
def _read(name: str) -> str:
    return (STATIC / name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    """What a content security policy calls a text that is within the page."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
