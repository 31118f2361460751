"""The page at both widths, in light and dark, and without a mouse."""

from collections.abc import Callable
from typing import Any

import pytest
from page_driver import choose, send, wait_for
from page_layout import contrast, faults

Open = Callable[..., Any]


def show(page: Any, model: str, signature: str) -> None:
    choose(page, model, signature)
    send(page)


@pytest.mark.parametrize("width", [1280, 420])
def test_nothing_is_cut_and_nothing_overlaps(open_page: Open, width: int) -> None:
    page = open_page(width)
    for summary in page.locator("summary").all():
        if summary.is_visible():
            summary.click()
    assert faults(page) == []
    for signature in ("predict", "rank"):
        show(page, "ranking", signature)
        page.locator("#history-weights").wait_for()
        assert faults(page) == []
    page.get_by_label("Sort by").select_option("weighted mix")
    page.get_by_label("tag of candidate 3").fill("x" * 200)
    page.get_by_label("tab").fill("no number")
    page.get_by_role("button", name="Send").click()
    page.locator("[aria-invalid]").wait_for()
    assert faults(page) == []
    show(page, "plain", "echo")
    assert faults(page) == []


def test_the_check_of_the_layout_sees_faults(open_page: Open) -> None:
    page = open_page(420)
    page.evaluate("document.querySelector('#send').style.marginRight = '-60px'")
    assert any("Send overlaps button Back" in fault for fault in faults(page))
    page.evaluate("document.querySelector('h1').style.width = '900px'")
    found = faults(page)
    assert any("leaves the page" in fault for fault in found)
    assert any("wide" in fault for fault in found)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_is_readable_in_light_and_in_dark(open_page: Open, scheme: str) -> None:
    page = open_page(color_scheme=scheme)
    for selector in ("h1", "header p", "label", "#send", "#reset", ".available", ".failed"):
        if page.locator(selector).count():
            assert contrast(page, selector) >= 4.5, selector
    background = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (background == "rgb(255, 255, 255)") == (scheme == "light")


def test_a_ranking_without_a_mouse(open_page: Open) -> None:
    page = open_page()
    keys = page.keyboard

    def focused(expression: str) -> Any:
        return page.evaluate(f"(node => {expression})(document.activeElement)")

    def tab_to(name: str) -> None:
        for _ in range(80):
            keys.press("Tab")
            text = focused(
                "(node.getAttribute('aria-label') || node.labels?.[0]?.textContent"
                " || node.textContent).trim()"
            )
            # Whatever has the focus shows it.
            assert focused("getComputedStyle(node).outlineStyle") != "none", text
            if text.startswith(name):
                return
        raise AssertionError(f"the focus never comes to {name}")

    keys.press("Tab")
    assert focused("node.textContent") == "Skip to the form"
    keys.press("Enter")
    tab_to("Model")
    assert focused("node.value") == "ranking"
    tab_to("Signature")
    keys.press("ArrowDown")
    page.wait_for_selector("[aria-label='Candidates']")
    assert focused("node.value") == "rank"
    tab_to("user_id")
    keys.press("Control+A")
    keys.type("bob")
    keys.press("Enter")  # sends the form from any of its fields
    page.wait_for_selector("#history-weights")
    assert '"user_id": ["bob"]' in page.locator("#request-body").text_content()
    tab_to("Add a candidate")
    keys.press("Enter")
    assert focused("node.getAttribute('aria-label')").endswith("of candidate 11")
    tab_to("Send")
    keys.press("Space")
    wait_for(page, "() => document.querySelectorAll('#ranking tbody tr').length === 11")
    tab_to("Sort by")
    keys.press("End")
    assert focused("node.value") == "weighted mix"
    tab_to("share")
    keys.press("Control+A")
    keys.type("9")
    assert page.locator("#ranking th[aria-sort]").inner_text().startswith("mix")
    tab_to("Attention of candidate")
    keys.press("Enter")
    wait_for(
        page, "() => document.querySelector('#attention-body').textContent.startsWith('Candidate')"
    )
    tab_to("The request")
    keys.press("Space")
    assert page.locator("#request-body").is_visible()


def test_every_control_has_a_name(open_page: Open) -> None:
    page = open_page()
    show(page, "ranking", "rank")
    nameless = page.evaluate(
        """[...document.querySelectorAll("input, select, textarea, button, [tabindex='0']")]
            .filter(n => !(n.getAttribute("aria-label") || n.getAttribute("aria-labelledby")
                || n.labels?.[0]?.textContent.trim() || n.textContent.trim()))
            .map(n => n.outerHTML)"""
    )
    assert nameless == []
