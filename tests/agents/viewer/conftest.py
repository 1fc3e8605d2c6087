"""A page in Chromium for the tests of the viewer; skipped where there is no Chromium, or nothing to drive it."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from typing import Any

import pytest

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
WAIT = 60_000


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    driver = pytest.importorskip("playwright.sync_api", reason="playwright drives: pip install 'trm-gym[browser]'")
    if CHROMIUM is None:
        pytest.skip("there is no Chromium here: apt-get install chromium")
    with driver.sync_playwright() as started:
        opened = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield opened
        opened.close()


@pytest.fixture
def page(browser) -> Iterator[Any]:
    """A page that notes what it asks for, and what goes wrong in it."""
    made = browser.new_page(viewport={"width": 1200, "height": 900}, reduced_motion="reduce")
    made.set_default_timeout(WAIT)
    made.noted = {"asked": [], "faults": []}
    made.on("request", lambda request: made.noted["asked"].append(request.url))
    made.on("pageerror", lambda error: made.noted["faults"].append(str(error)))
    yield made
    assert made.noted["faults"] == []
    made.close()


def until(page, expression: str) -> None:
    """Wait until a JavaScript expression is true. The driver's own way evaluates text, which the page's policy bars."""
    ended = time.monotonic() + WAIT / 1000
    while not page.evaluate(expression):
        assert time.monotonic() < ended, expression
        page.wait_for_timeout(50)


def cells(page) -> list[str]:
    return page.eval_on_selector_all(".pane:first-child .cell", "all => all.map(one => one.textContent)")


def classes(page, name: str) -> list[bool]:
    found = page.eval_on_selector_all(
        ".pane:first-child .cell", f"all => all.map(one => one.classList.contains('{name}'))"
    )
    return list(found)
