"""Faults that axe-core finds on a page, except those of Django's own admin."""

from __future__ import annotations

from importlib.resources import files
from typing import Any, NamedTuple

import django
from playwright.sync_api import Page

AXE = (files("axe_playwright_python") / "axe.min.js").read_text()
ALL = {
    "type": "tag",
    "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"],
}
COLOURS = {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}
"""What may differ between the light page and the dark one."""

RUN = """async ([rules, excused, within]) => {
    document.getAnimations().forEach((one) => one.finish());  // colours on their way
    const options = {runOnly: rules, resultTypes: ["violations"], preload: false};
    const {violations} = await axe.run(within ?? document, options);
    return violations.flatMap(({id, nodes}) => nodes.map((node) => {
        const element = document.querySelector(node.target.at(-1));
        const excuse = excused.find(([rule, selector]) => rule === id && element.matches(selector));
        return {
            text: `${id}: ${node.target.join(" ")}\\n${node.html}\\n${node.failureSummary}`,
            excuse: excuse ?? null,
        };
    }));
}"""


class Excuse(NamedTuple):
    """A fault of Django's own templates."""

    rule: str
    selector: str


UNTIL_6_1 = {
    Excuse("link-in-text-block", "div.breadcrumbs > a"): "Django underlines no link to go back by",
    Excuse("link-in-text-block", "#changelist-search .small a"): "nor one beside a count",
    Excuse("link-in-text-block", ".delete-confirmation li > a"): "nor one to what is deleted",
}
EXCUSED = UNTIL_6_1 if django.VERSION < (6, 1) else {}
"""The reason of each; a test finds every one of them on a page that is Django's alone."""


class Found(NamedTuple):
    """Faults that axe found on one page."""

    faults: list[str]
    excused: set[Excuse]


def look_at(page: Page, rules: dict[str, Any] = ALL, within: str | None = None) -> Found:
    """Run axe on the page in its current state, or on what matches a selector."""
    if not page.evaluate("typeof axe === 'object'"):
        page.evaluate(f"() => {{ {AXE}\n }}")
    found = page.evaluate(RUN, [rules, [list(excuse) for excuse in EXCUSED], within])
    faults = [one["text"] for one in found if not one["excuse"]]
    return Found(faults, {Excuse(*one["excuse"]) for one in found if one["excuse"]})


def faults_everywhere(page: Page) -> list[str]:
    """Return the faults of a page wide and narrow, light and dark."""
    faults = []
    for width, scheme, rules in (
        (1280, "light", ALL),
        (1280, "dark", COLOURS),
        (390, "dark", ALL),
        (390, "light", COLOURS),
    ):
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        faults += [f"{width} {scheme}: {one}" for one in look_at(page, rules).faults]
    return faults
