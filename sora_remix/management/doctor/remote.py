"""Check what is outside the site: fal, its endpoints, and its webhooks."""

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
from ...fal import webhook_keys
from ...fal.webhook import known_account
from ...media.hosts import is_public
from ...models import EndpointFact
from ..fal_answers import FalAnswers, ask, key_status
from ..labels import availability
from .examination import OK, PROBLEM, WARNING, ReportLine, within

LOOK_UP_SECONDS = 10.0
COMMAND = "manage.py sora_remix_endpoints --check"
NO_ANSWER = "Make sure that this machine can reach SORA_REMIX_FAL_API_URL, or try again later."
RECORDS = "The documentation lists the fields of a record and has an example."
KEYS = {
    fal.KeyStatus.GOOD: ReportLine(
        OK, "The fal API key is valid and may read the list of requests."
    ),
    fal.KeyStatus.LIMITED: ReportLine(
        WARNING,
        "The fal API key may not read the list of requests.",
        "Without that list, unconfirmed remixes can't be settled automatically. Use a key that may "
        "read it.",
    ),
    fal.KeyStatus.REFUSED: ReportLine(
        PROBLEM,
        "fal refuses the API key.",
        "Create a key at https://fal.ai/dashboard/keys, and set SORA_REMIX_FAL_KEY or FAL_KEY.",
    ),
    fal.KeyStatus.MISSING: ReportLine(
        PROBLEM,
        "There is no valid fal API key.",
        "Set SORA_REMIX_FAL_KEY, or FAL_KEY in the environment of the workers and this command.",
    ),
}


def check_key() -> Iterator[ReportLine]:
    """Ask fal what the API key may do."""
    try:
        yield KEYS[key_status()]
    except TryLater as error:
        yield ReportLine(PROBLEM, f"Could not ask fal about the API key: {error}", NO_ANSWER)


def check_endpoints() -> Iterator[ReportLine]:
    """Report whether each endpoint is available and as recorded, the default one first."""
    try:
        records, default = all_endpoints(), conf.SORA_REMIX_ENDPOINT or _first_available()
    except InvalidEndpoint as error:
        yield ReportLine(PROBLEM, f"SORA_REMIX_ENDPOINTS has an invalid record: {error}", RECORDS)
        return
    if default not in records:
        yield ReportLine(
            PROBLEM, f"SORA_REMIX_ENDPOINT names “{default}”, but there is no such endpoint."
        )
    try:
        answers = ask(records.values())
    except TryLater as error:
        yield ReportLine(PROBLEM, f"Could not ask fal about the endpoints: {error}", NO_ANSWER)
        return
    if answers.no_prices:
        yield ReportLine(WARNING, f"The prices could not be compared: {answers.no_prices}")
    retired = EndpointFact.objects.retired()
    for record in sorted(records.values(), key=lambda record: record.key != default):
        yield _endpoint(record, answers, retired, is_default=record.key == default)


def _first_available() -> str:
    """Return the key of the default endpoint when the settings name none."""
    return default_endpoint((), EndpointFact.objects.retired(), today()).key


def _endpoint(
    record: Endpoint, answers: FalAnswers, retired: Mapping[str, datetime], *, is_default: bool
) -> ReportLine:
    day, findings = today(), answers.drift(record)
    status = availability(record, retired, day)
    name = f"Endpoint {record.key}{', the default' if is_default else ''}"
    if record.is_retired(day):
        level = PROBLEM if is_default else OK
        hint = "Set SORA_REMIX_ENDPOINT to an endpoint that is available." if is_default else ""
        return ReportLine(level, f"{name}: {status}, as recorded.", hint)
    if not answers.is_available(record):
        hint = "Use another one. If it is your own record, check its endpoint_id."
        return ReportLine(PROBLEM if is_default else WARNING, f"{name}: {findings[0].text}.", hint)
    if record.endpoint_id in retired:
        return ReportLine(
            WARNING,
            f"{name}: {status}, but fal offers it again.",
            f"Run “{COMMAND}” to store this.",
        )
    if findings:
        text = f"{name}: differences between fal and the record: {len(findings)}."
        return ReportLine(WARNING, text, f"Run “{COMMAND} {record.key}” to see them.")
    return ReportLine(OK, f"{name}: {status}, as recorded.")


def check_webhooks() -> Iterator[ReportLine]:
    """Check that fal can call the site, and that the site can verify its calls."""
    base = conf.SORA_REMIX_WEBHOOK_BASE_URL
    if not base:
        yield ReportLine(OK, "Webhooks are off: the site polls fal.")
        return
    yield _host(urlsplit(base).hostname or "")
    try:
        webhook_keys.current()
        yield ReportLine(OK, f"fal's keys can be read at {conf.SORA_REMIX_JWKS_URL}.")
    except TryLater:
        yield ReportLine(
            PROBLEM,
            f"fal's keys can't be read at {conf.SORA_REMIX_JWKS_URL}, so webhooks are postponed.",
            "Make sure that this machine can reach that URL. Wait a minute before the next try.",
        )
    if not conf.SORA_REMIX_WEBHOOK_USER_ID:
        yield _account(known_account())


def _host(host: str) -> ReportLine:
    """Look up the site's host, as fal does."""
    try:
        found = within(LOOK_UP_SECONDS, lambda: socket.getaddrinfo(host, None))
    except (OSError, UnicodeError) as error:
        return ReportLine(
            PROBLEM,
            f"The host “{host}” in SORA_REMIX_WEBHOOK_BASE_URL was not found: {error}",
            "fal must be able to look it up.",
        )
    addresses = {str(entry[4][0]).partition("%")[0] for entry in found}
    if any(is_public(ip_address(address)) for address in addresses):
        return ReportLine(OK, f"fal can call {host} at {', '.join(sorted(addresses))}.")
    return ReportLine(
        WARNING,
        f"Seen from here, {host} has no public address: {', '.join(sorted(addresses))}.",
        "fal calls only public addresses. Without webhooks, the site polls fal, which is slower.",
    )


def _account(account: str) -> ReportLine:
    if account:
        return ReportLine(
            WARNING,
            f"Webhooks from every fal account are accepted. Your account is {account}.",
            f'Set SORA_REMIX_WEBHOOK_USER_ID = "{account}".',
        )
    return ReportLine(
        WARNING,
        "Webhooks from every fal account are accepted as yours.",
        "After fal's first webhook, your account's id is in the site's log (sora_remix.views, at "
        "INFO). Set SORA_REMIX_WEBHOOK_USER_ID to it.",
    )
