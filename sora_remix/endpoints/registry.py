"""The built-in records and those of the site's settings, by key."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from ..conf import conf
from ..exceptions import InvalidEndpoint, UnknownEndpoint
from .builtin import BUILT_IN
from .reading import read_endpoint
from .record import Endpoint


def all_endpoints() -> dict[str, Endpoint]:
    """Return the built-in records and the site's own by key; raise `InvalidEndpoint`."""
    own = conf.SORA_REMIX_ENDPOINTS
    endpoints = BUILT_IN | {key: read_endpoint(key, record) for key, record in own.items()}
    for key in own:
        if (successor := endpoints[key].successor) and successor not in endpoints:
            message = _("%(key)s.successor: there is no endpoint “%(successor)s”.")
            raise InvalidEndpoint(message % {"key": key, "successor": successor})
    return endpoints


def get_endpoint(key: str) -> Endpoint:
    """Return the record with this key; raise `UnknownEndpoint`, `InvalidEndpoint`."""
    endpoints = all_endpoints()
    try:
        return endpoints[key]
    except KeyError:
        message = _("There is no endpoint “%(key)s”. Choose one of these: %(known)s.")
        raise UnknownEndpoint(message % {"key": key, "known": ", ".join(endpoints)}) from None
