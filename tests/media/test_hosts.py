"""Hosts from which results may be downloaded."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Any

import httpx
import pytest

from sora_remix.exceptions import FileRefused
from sora_remix.media import hosts


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/x.mp4",
        "ftp://127.0.0.1/x.mp4",
        "file:///etc/hostname",
        "https://example.com/x.mp4",
        "https://127.0.0.1.example.com/x.mp4",
        "https://127.0.0.1@example.com/x.mp4",
        "https:///x.mp4",
        "no url",
        "",
        "https://[::broken/x",
        "https://\x1b[2J/x",
    ],
)
def test_url_of_a_host_that_is_not_allowed_is_refused(url: str) -> None:
    with pytest.raises(FileRefused):
        hosts.read_url(url)


@pytest.mark.parametrize(
    "url",
    [
        "https://v3.fal.media:99999/x",
        "https://v3.fal.media:0/x",
        "https://v3.fal.media:-1/x",
        "https://v3..fal.media/x",
        f"https://{'a' * 64}.fal.media/x",
        f"https://{'a.' * 130}fal.media/x",
        "https://v3%2efal.media/x",
        "https://v 3.fal.media/x",
        "https://*.fal.media/x",
        "https://xn--a.fal.media/x",
        "https://user:password@v3.fal.media/x",
        "https://[fe80::1%25eth0]/x",
    ],
)
def test_invalid_url_is_refused_without_a_crash(settings: Any, url: str) -> None:
    settings.SORA_REMIX_RESULT_HOSTS = ["*"]

    with pytest.raises(FileRefused, match="can't be read"):
        hosts.read_url(url)


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "127.0.0.1.",
        "127.1",
        "0x7f.1",
        "2130706433",
        "0",
        "10.1.2.3",
        "169.254.169.254",
        "224.0.0.1",
        "localhost",
        "LOCALHOST.",
        "a.localhost",
        "[::1]",
        "[::]",
        "[::127.0.0.1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:10.1.2.3]",
        "[64:ff9b::127.0.0.1]",
        "[2002:7f00:1::]",
        "[2002:5db8:d70e::1]",
        "[2001:0:5db8:d70e::1]",
        "[64:ff9b::224.0.0.1]",
        "[64:ff9b:1::5db8:d70e]",
        "[::ffff:224.0.0.1]",
        "[3fff::1]",
        "192.88.99.1",
        "[fd00::1]",
        "[fec0::1]",
        "[fe80::1]",
        "[ff02::1]",
    ],
)
def test_private_address_is_refused_behind_a_wildcard_in_every_notation(
    settings: Any, host: str
) -> None:
    settings.SORA_REMIX_RESULT_HOSTS = ["*"]

    with pytest.raises(FileRefused, match="not a public address"):
        hosts.read_url(f"https://{host}/x")


@pytest.mark.parametrize(
    "host", ["93.184.215.14", "[2606:4700::1]", "[64:ff9b::93.184.215.14]", "v3.fal.media"]
)
def test_public_address_and_a_name_are_allowed_behind_a_wildcard(settings: Any, host: str) -> None:
    settings.SORA_REMIX_RESULT_HOSTS = ["*"]

    assert hosts.read_url(f"https://{host}/x").path == "/x"


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "files.internal"])
def test_exactly_named_host_can_be_private(settings: Any, host: str) -> None:
    settings.SORA_REMIX_RESULT_HOSTS = [host]
    url = httpx.URL("https://x/y").copy_with(host=host)

    assert hosts.read_url(str(url)) == url


def test_international_name_matches_its_readable_form(settings: Any) -> None:
    settings.SORA_REMIX_RESULT_HOSTS = ["bücher.example"]

    url = hosts.read_url("https://xn--bcher-kva.example/x")

    assert hosts.is_trusted(url)


@pytest.mark.parametrize(
    "location",
    ["https://xn--a/", "//evil/x", "https://[::1", "https://h:99999/", "http://v3.fal.media/x"],
)
def test_redirect_is_checked_like_the_first_url(settings: Any, location: str) -> None:
    settings.SORA_REMIX_RESULT_HOSTS = ["*.fal.media"]

    with pytest.raises(FileRefused):
        hosts.read_url(location, base=httpx.URL("https://v3.fal.media/a/b"))


def test_public_address_mapped_into_ipv6_is_allowed() -> None:
    mapped = ip_address("::ffff:93.184.215.14")

    hosts.check_public(httpx.URL("https://x/"), mapped)


def test_foreign_text_is_shown_as_one_short_line_without_a_signature() -> None:
    shown = hosts.plain("GET /x?signature=secret\r\nCRITICAL forged\x1b[2J\u202e " + "x" * 1000)

    assert shown.startswith("GET /x?…  CRITICAL forged [2J")
    assert shown.isprintable()
    assert len(shown) == hosts.SHOWN
