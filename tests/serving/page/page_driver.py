"""Does on the page what a person does, and waits for what a person waits for."""

import time
from typing import Any

_SECONDS = 60.0


def wait_for(page: Any, expression: str, argument: Any = None) -> None:
    """Wait until a JavaScript expression is true.

    Playwright's own wait evaluates texts in the page, which the page's policy forbids.
    """
    deadline = time.monotonic() + _SECONDS
    while not page.evaluate(expression, argument):
        assert time.monotonic() < deadline, f"{expression} is not true in time: {argument}"
        time.sleep(0.05)


def choose(page: Any, model: str, signature: str) -> None:
    """Choose a model and one of its signatures."""
    page.get_by_label("Model", exact=True).select_option(model)
    wait_until_filled(page)
    page.get_by_label("Signature", exact=True).select_option(signature)


def wait_until_filled(page: Any) -> None:
    """Wait for the form of the version that was chosen."""
    wait_for(page, "() => !document.querySelector('#form').hasAttribute('aria-busy')")


def send(page: Any) -> None:
    """Send the form and wait for the answer."""
    page.get_by_role("button", name="Send").click()
    wait_for(page, "() => document.querySelector('#status').textContent.startsWith('Answered')")


def table(page: Any, selector: str) -> list[list[str]]:
    """The cells of a table's body."""
    rows = page.locator(f"{selector} tbody tr").all()
    return [row.locator("th, td").all_inner_texts() for row in rows]
