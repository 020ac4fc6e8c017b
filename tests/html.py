"""Pages read as HTML, so that tests see what a user sees."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any
from urllib.parse import urljoin
from xml.etree.ElementTree import Element

import html5lib

SPACES = re.compile(r"[ \t\n\r\f]+")
"""Spaces that browsers collapse; a no-break space isn't among them."""


@lru_cache(maxsize=8)
def _parse(content: str) -> Element:
    root: Element = html5lib.HTMLParser(namespaceHTMLElements=False).parse(content)
    return root


def root_of(page: Any) -> Element:
    """Return the root element of a response, or of HTML; an element stays as it is."""
    if isinstance(page, Element):
        return page
    return _parse(page if isinstance(page, str) else page.content.decode())


def find_all(page: Any, tag: str = "*", class_: str = "", **attributes: str) -> list[Element]:
    """Return the elements with this tag, class, and attributes, in the order of the page."""
    return [
        element
        for element in root_of(page).iter(None if tag == "*" else tag)
        if class_ in ("", *element.get("class", "").split())
        and all(element.get(name) == value for name, value in attributes.items())
    ]


def find(page: Any, tag: str = "*", class_: str = "", **attributes: str) -> Element:
    """Return the first such element; fail if there is none."""
    found = find_all(page, tag, class_, **attributes)
    assert found, f"The page has no <{tag}> with class {class_!r} and {attributes}."
    return found[0]


def inner_text(element: Element) -> str:
    """Return the text of an element with its spaces collapsed."""
    return SPACES.sub(" ", "".join(element.itertext())).strip(" ")


def texts(page: Any, tag: str = "*", class_: str = "", **attributes: str) -> list[str]:
    """Return the texts of all such elements."""
    return [inner_text(element) for element in find_all(page, tag, class_, **attributes)]


def path_of(page: Any) -> str:
    """Return the path of a response, with its query."""
    query = page.request.get("QUERY_STRING", "")
    return f"{page.request['PATH_INFO']}?{query}" if query else str(page.request["PATH_INFO"])


def links(page: Any, within: Any = None) -> list[str]:
    """Return the addresses of all links, resolved as by a browser."""
    found = find_all(page if within is None else within, "a")
    return [urljoin(path_of(page), link.get("href", "")) for link in found]


def messages(page: Any) -> list[str]:
    """Return the messages above a page of the admin."""
    return [inner_text(one) for shown in find_all(page, "ul", "messagelist") for one in shown]


def errors(page: Any) -> dict[str, list[str]]:
    """Return the errors on a page by the names of their fields; others are in "__all__"."""
    found: dict[str, list[str]] = {}
    for shown in find_all(page, "ul", "errorlist"):
        name = shown.get("id", "").removeprefix("id_").removesuffix("_error") or "__all__"
        found.setdefault(name, []).extend(inner_text(error) for error in shown)
    return found


def facts(page: Any) -> dict[str, str]:
    """Return the definitions on a page by their terms."""
    terms = (group for group in find_all(page, "div") if [one.tag for one in group] == ["dt", "dd"])
    return {inner_text(term): inner_text(definition) for term, definition in terms}


def listed(page: Any) -> list[int]:
    """Return the primary keys of the rows of a change list, in its order."""
    own = re.compile(rf"{re.escape(page.request['PATH_INFO'])}(\d+)/")
    found = []
    for table in find_all(page, "table", id="result_list"):
        for row in find_all(find(table, "tbody"), "tr"):
            keys = [match for link in links(page, row) if (match := own.match(link))]
            found.append(int(keys[0][1]))
    return found
