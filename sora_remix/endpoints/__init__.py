"""The endpoints as records; adding one is adding a record, here or in the site's settings."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from ..conf import conf
from ..exceptions import UnknownEndpoint
from .builtin import BUILT_IN, SORA_2
from .reading import read_endpoint
from .record import UNSET, Clip, Endpoint, Option, Outputs, Price, Source

__all__ = [
    "SORA_2",
    "UNSET",
    "Clip",
    "Endpoint",
    "Option",
    "Outputs",
    "Price",
    "Source",
    "all_endpoints",
    "default_endpoint",
    "get_endpoint",
]


def all_endpoints() -> dict[str, Endpoint]:
    """Return the built-in records and the site's own by key; raise `InvalidEndpoint`."""
    own = conf.SORA_REMIX_ENDPOINTS
    return BUILT_IN | {key: read_endpoint(key, record) for key, record in own.items()}


def get_endpoint(key: str) -> Endpoint:
    """Return the record with this key; raise `UnknownEndpoint`, `InvalidEndpoint`."""
    endpoints = all_endpoints()
    try:
        return endpoints[key]
    except KeyError:
        message = _("There is no endpoint “%(key)s”; there are: %(known)s.")
        raise UnknownEndpoint(message % {"key": key, "known": ", ".join(endpoints)}) from None


def default_endpoint() -> Endpoint:
    """Return the record that is offered first; raise `UnknownEndpoint`, `InvalidEndpoint`."""
    return get_endpoint(conf.SORA_REMIX_ENDPOINT)
