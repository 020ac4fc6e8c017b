"""Go through a page by keyboard, as people do who use no pointer."""

from __future__ import annotations

from playwright.sync_api import Page

MOST_STEPS = 80

# The look of what has the focus, and of the card around it, with the focus and without.
LOOKS = """() => {
    const element = document.activeElement;
    const look = () => [element, element.closest("label"), element.closest("summary")]
        .filter(Boolean)
        .map((one) => getComputedStyle(one))
        .map(({outlineStyle, outlineWidth, outlineColor, boxShadow}) =>
            [outlineStyle, outlineWidth, outlineColor, boxShadow].join(" "))
        .join();
    const focused = look();
    element.blur();
    const blurred = look();
    element.focus({focusVisible: true, preventScroll: true});
    return {html: element.outerHTML.slice(0, 200), ours: Boolean(element.closest("#content")),
            visible: focused !== blurred};
}"""


def tab_to(page: Page, selector: str, key: str = "Tab") -> None:
    """Press Tab until this has the focus; it must be visible at each step of ours."""
    for _ in range(MOST_STEPS):
        page.keyboard.press(key)
        looks = page.evaluate(LOOKS)
        assert looks["visible"] or not looks["ours"], looks["html"]
        if page.evaluate("(wanted) => document.activeElement.matches(wanted)", selector):
            return
    raise AssertionError(f"{selector} can't be reached")
