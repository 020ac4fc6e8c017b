"""Check which URLs results may be downloaded from."""

from __future__ import annotations

import re
import socket
from fnmatch import fnmatchcase
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

import httpx
from django.utils.translation import gettext_lazy as _

from ..conf import conf
from ..exceptions import FileRefused

HOST_NAME = re.compile(r"(?=.{1,253}\Z)[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*\.?", re.ASCII)
GLOBAL_UNICAST = IPv6Network("2000::/3")
NAT64 = IPv6Network("64:ff9b::/96")
"""IPv4 addresses as seen in networks without IPv4 (RFC 6052)."""
RELAYS = IPv4Network("192.88.99.0/24")
"""6to4 relays, which anyone may run (RFC 7526)."""
NOT_PLAIN = tuple(map(IPv6Network, ("2002::/16", "2001::/32", "3fff::/20")))
"""6to4 and Teredo, which use other people's relays, and documentation addresses (RFC 9637)."""
SHOWN = 200
"""Characters of foreign text that a message shows."""


def read_url(url: str, base: httpx.URL | None = None) -> httpx.URL:
    """Return the URL, or the target of a redirect at `base`. Raise `FileRefused` if not allowed.

    A host that the setting names exactly is trusted. A host that a wildcard matches must be
    public. This function checks literal addresses; the code that resolves a name checks the rest.
    """
    found = _parsed(url, base)
    if found.scheme != "https" or not found.host:
        raise FileRefused(_("Results are downloaded over https only."))
    if not any(fnmatchcase(found.host, host) for host in conf.SORA_REMIX_RESULT_HOSTS):
        message = _("This site doesn't allow downloads from “%(host)s” (SORA_REMIX_RESULT_HOSTS).")
        raise FileRefused(message % {"host": plain(found.host)})
    address = _spelled_address(found.host)
    if address and not is_trusted(found):
        check_public(found, address)
    return found


def is_trusted(url: httpx.URL) -> bool:
    """Tell whether the setting names this host exactly."""
    return url.host in conf.SORA_REMIX_RESULT_HOSTS


def check_public(url: httpx.URL, address: IPv4Address | IPv6Address) -> None:
    """Raise `FileRefused` unless the address is public."""
    if not is_public(address):
        message = _("“%(host)s” is not a public address.")
        raise FileRefused(message % {"host": plain(url.host)})


def is_public(address: IPv4Address | IPv6Address) -> bool:
    """Tell whether an address is public, without a tunnel."""
    if isinstance(address, IPv6Address):
        inner = address.ipv4_mapped
        if address in NAT64:
            inner = IPv4Address(int(address) % 2**32)
        if inner is None:
            is_plain = not any(address in network for network in NOT_PLAIN)
            return address.is_global and address in GLOBAL_UNICAST and is_plain
        address = inner
    return address.is_global and not address.is_multicast and address not in RELAYS


def plain(text: object) -> str:
    """Return foreign text as one short line without a URL's signature."""
    shown = re.sub(r"\?\S*", "?…", str(text)[: 10 * SHOWN])
    return "".join(letter if letter.isprintable() else " " for letter in shown)[:SHOWN]


def _parsed(url: str, base: httpx.URL | None) -> httpx.URL:
    try:
        found = base.join(url) if base else httpx.URL(url)
        # httpx decodes the host only when it is read.
        if found.host and not _is_host(found.raw_host.decode("ascii")):
            raise ValueError("its host name is invalid")
        if found.port is not None and not 0 < found.port < 2**16:
            raise ValueError("its port is invalid")
        if found.userinfo:
            raise ValueError("it contains a user name or password")
    except (httpx.InvalidURL, ValueError) as error:
        message = _("The file's URL can't be read: %(error)s")
        raise FileRefused(message % {"error": plain(error)}) from error
    return found


def _is_host(host: str) -> bool:
    if ":" in host:
        # Raises for an invalid address. httpx accepts a zone, which belongs to this machine.
        return not IPv6Address(host).scope_id
    return bool(HOST_NAME.fullmatch(host))


def _spelled_address(host: str) -> IPv4Address | IPv6Address | None:
    """Return the address that a host spells out, in any notation that resolvers know."""
    host = host.rstrip(".")
    if host == "localhost" or host.endswith(".localhost"):
        return IPv4Address("127.0.0.1")
    try:
        return ip_address(host)
    except ValueError:
        pass
    try:
        # Also reads `0x7f.1` and `2130706433`.
        return IPv4Address(socket.inet_aton(host))
    except OSError:
        return None
