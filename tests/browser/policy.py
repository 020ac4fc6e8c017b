"""A content security policy without any exception, as a careful site sends it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

import django
from django.conf import settings
from django.http import HttpRequest, HttpResponse

POLICY = {
    "default-src": ["'self'"],
    "script-src": ["'self'"],
    "style-src": ["'self'"],
    "img-src": ["'self'", "data:"],
    "media-src": ["'self'"],
}
"""Value of `SECURE_CSP`."""
MIDDLEWARE = (
    "django.middleware.csp.ContentSecurityPolicyMiddleware"
    if django.VERSION >= (6, 0)
    else "tests.browser.policy.strict"
)


def header(policy: Mapping[str, Iterable[str]]) -> str:
    """Return a policy as the value of its header."""
    return "; ".join(" ".join([name, *sources]) for name, sources in policy.items())


def strict(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[..., HttpResponse]:
    """Stand in for Django's own middleware, which 5.2 lacks."""

    def respond(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        response["Content-Security-Policy"] = header(settings.SECURE_CSP)
        return response

    return respond
