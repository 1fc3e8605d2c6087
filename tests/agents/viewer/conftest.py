"""What tests of the viewer look at on its page in Chromium."""

from __future__ import annotations

import time

from tests.agents.conftest import WAIT


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
