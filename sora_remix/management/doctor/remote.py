"""What lies outside of the site: fal, its word on the endpoints, and the way of its calls."""

from __future__ import annotations

import socket
from collections.abc import Iterator, Mapping
from datetime import datetime
from ipaddress import ip_address
from urllib.parse import urlsplit

from ... import fal
from ...clock import today
from ...conf import conf
from ...endpoints import Endpoint, all_endpoints, default_endpoint
from ...exceptions import InvalidEndpoint, TryLater
from ...fal import keys
from ...fal.webhook import known_account
from ...media.hosts import is_public
from ...models import EndpointFact
from .. import words
from ..asking import Answers, ask, check_key
from .report import OK, PROBLEM, WARNING, Line, within

LOOK_UP_SECONDS = 10.0
COMMAND = "manage.py sora_remix_endpoints --check"
NO_ANSWER = "Let this machine reach the URL in SORA_REMIX_FAL_API_URL, or try again later."
RECORDS = "The documentation lists the fields of a record and has an example."
KEYS = {
    fal.Key.GOOD: Line(OK, "The fal API key is good, and may read the list of requests."),
    fal.Key.LIMITED: Line(
        WARNING,
        "The fal API key may not read the list of requests.",
        "Unconfirmed remixes can't be found there by themselves: use a key that may.",
    ),
    fal.Key.REFUSED: Line(
        PROBLEM,
        "fal refuses the API key.",
        "Make one at https://fal.ai/dashboard/keys, and set SORA_REMIX_FAL_KEY or FAL_KEY.",
    ),
    fal.Key.MISSING: Line(
        PROBLEM,
        "There is no fal API key, or none that could be sent.",
        "Set SORA_REMIX_FAL_KEY, or FAL_KEY in the environment of the workers and of this command.",
    ),
}


def look_at_key() -> Iterator[Line]:
    """Ask fal what the key is good for."""
    try:
        yield KEYS[check_key()]
    except TryLater as error:
        yield Line(PROBLEM, f"fal could not be asked about the API key: {error}", NO_ANSWER)


def look_at_endpoints() -> Iterator[Line]:
    """Say of each endpoint whether it lives and is as recorded, of that offered first at first."""
    try:
        records, default = all_endpoints(), conf.SORA_REMIX_ENDPOINT or _first_living()
    except InvalidEndpoint as error:
        yield Line(PROBLEM, f"A record of SORA_REMIX_ENDPOINTS can't be read: {error}", RECORDS)
        return
    if default not in records:
        yield Line(PROBLEM, f"SORA_REMIX_ENDPOINT names “{default}”, and there is none such.")
    try:
        answers = ask(records.values())
    except TryLater as error:
        yield Line(PROBLEM, f"fal could not be asked about the endpoints: {error}", NO_ANSWER)
        return
    if answers.no_prices:
        yield Line(WARNING, f"The prices could not be compared: {answers.no_prices}")
    retired = EndpointFact.objects.retired()
    for record in sorted(records.values(), key=lambda record: record.key != default):
        yield _endpoint(record, answers, retired, is_default=record.key == default)


def _first_living() -> str:
    """Return the key of the endpoint that is offered first when the site names none."""
    return default_endpoint((), EndpointFact.objects.retired(), today()).key


def _endpoint(
    record: Endpoint, answers: Answers, retired: Mapping[str, datetime], *, is_default: bool
) -> Line:
    day, findings = today(), answers.drift(record)
    life = words.life(record, retired, day)
    name = f"Endpoint {record.key}{', offered first' if is_default else ''}"
    if record.is_retired(day):
        level = PROBLEM if is_default else OK
        hint = "Name a living endpoint in SORA_REMIX_ENDPOINT." if is_default else ""
        return Line(level, f"{name}: {life}, as its record says.", hint)
    if not answers.lives(record):
        hint = "Use another one; for a record of yours, compare its endpoint_id with fal's."
        return Line(PROBLEM if is_default else WARNING, f"{name}: {findings[0].text}.", hint)
    if record.endpoint_id in retired:
        return Line(WARNING, f"{name}: {life}, and has it again.", f"{COMMAND} takes note of it.")
    if findings:
        text = f"{name}: differences between fal and its record: {len(findings)}."
        return Line(WARNING, text, f"{COMMAND} {record.key} names them.")
    return Line(OK, f"{name}: {life}, and as recorded.")


def look_at_webhooks() -> Iterator[Line]:
    """Say whether fal could call the site, and whether the site could believe it."""
    base = conf.SORA_REMIX_WEBHOOK_BASE_URL
    if not base:
        yield Line(OK, "Webhooks are off: fal is only asked (polling).")
        return
    yield _host(urlsplit(base).hostname or "")
    try:
        keys.current()
        yield Line(OK, f"fal's keys can be read at {conf.SORA_REMIX_JWKS_URL}.")
    except TryLater:
        yield Line(
            PROBLEM,
            f"fal's keys can't be read at {conf.SORA_REMIX_JWKS_URL}; its calls are put off.",
            "Let this machine reach that address; after a try, the next is a minute later.",
        )
    if not conf.SORA_REMIX_WEBHOOK_USER_ID:
        yield _account(known_account())


def _host(host: str) -> Line:
    """Look the site's host up, as fal has to."""
    try:
        found = within(LOOK_UP_SECONDS, lambda: socket.getaddrinfo(host, None))
    except (OSError, UnicodeError) as error:
        return Line(
            PROBLEM,
            f"The host “{host}” of SORA_REMIX_WEBHOOK_BASE_URL is not found: {error}",
            "fal has to find it by its name.",
        )
    addresses = {str(entry[4][0]).partition("%")[0] for entry in found}
    if any(is_public(ip_address(address)) for address in addresses):
        return Line(OK, f"fal is to call {host}, at {', '.join(sorted(addresses))}.")
    return Line(
        WARNING,
        f"Seen from here, {host} has no public address: {', '.join(sorted(addresses))}.",
        "fal calls public addresses only; without its calls it is asked, which is slower.",
    )


def _account(account: str) -> Line:
    if account:
        return Line(
            WARNING,
            f"Webhooks of every fal account are taken; those about your remixes name {account}.",
            f'Set SORA_REMIX_WEBHOOK_USER_ID = "{account}".',
        )
    return Line(
        WARNING,
        "Webhooks of every fal account are taken for yours.",
        "Your account's id stands in the site's log (sora_remix.views, at INFO) once fal has "
        "called about a remix: set SORA_REMIX_WEBHOOK_USER_ID to it.",
    )
