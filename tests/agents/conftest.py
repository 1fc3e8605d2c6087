"""A page in Chromium for the tests of pages; skipped where there is no Chromium, or nothing to drive it."""

from __future__ import annotations

import shutil
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
