"""The tests in this folder find violations of a strict content security policy."""

from __future__ import annotations

from playwright.sync_api import Page

from tests.browser.page_errors import PageErrors
from tests.browser.page_states import VIDEOS
from tests.browser.policy import POLICY, header

ATTEMPT = """() => {
    const script = document.createElement("script");
    script.textContent = "window.ran = true";
    document.body.append(script);
    document.body.insertAdjacentHTML("beforeend", '<p style="color: red">');
    return Boolean(window.ran);
}"""


def test_inline_code_is_forbidden_and_reported(page: Page, page_errors: PageErrors) -> None:
    response = page.goto(VIDEOS)
    assert response and response.header_value("content-security-policy") == header(POLICY)

    with page.expect_console_message(lambda message: "style-src-attr" in message.text):
        assert page.evaluate(ATTEMPT) is False

    heard = {one.partition(" (")[0] for one in page_errors.unexpected}
    assert {
        "securitypolicyviolation: script-src-elem inline",
        "securitypolicyviolation: style-src-attr inline",
    } <= heard
    page_errors.expect("inline")


def test_script_error_is_reported(page: Page, page_errors: PageErrors) -> None:
    page.goto(VIDEOS)

    with page.expect_event("pageerror"):
        page.evaluate("() => { setTimeout(() => { throw new Error('on purpose'); }); }")

    assert any("on purpose" in one for one in page_errors.unexpected)
    page_errors.expect("on purpose")
