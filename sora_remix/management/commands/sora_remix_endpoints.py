"""`manage.py sora_remix_endpoints`: list the endpoint records, and compare them with fal."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Iterable, Sequence
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from ...clock import today
from ...endpoints import Endpoint, all_endpoints
from ...exceptions import SoraRemixError, TryLater
from ...models import EndpointFact
from ..fal_answers import FalAnswers, ask, presentable
from ..labels import availability, price_label

HEADER = ("KEY", "ENDPOINT", "PRICE", "STATUS", "CHECKED ON")


class Command(BaseCommand):
    """List or check the records. It changes neither records nor settings."""

    help = "List the endpoints. With --check, compare their records with fal."

    def add_arguments(self, parser: ArgumentParser) -> None:
        add = parser.add_argument
        add(
            "keys",
            nargs="*",
            metavar="KEY",
            help="key of an endpoint to list or check; all by default",
        )
        add("--check", action="store_true", help="ask fal, and exit with 1 if a record differs")

    def handle(self, *args: Any, **options: Any) -> None:
        records = _chosen(options["keys"])
        if options["check"]:
            self._check(records)
        else:
            self._list(records)

    def _list(self, records: Iterable[Endpoint]) -> None:
        retired, day = EndpointFact.objects.retired(), today()
        rows = [HEADER]
        for record in records:
            cost, status = price_label(record.price), availability(record, retired, day)
            checked_on = str(record.checked_on or "never")
            rows.append((record.key, record.endpoint_id, cost, status, checked_on))
        for line in _table(rows):
            self.stdout.write(line)

    def _check(self, records: Sequence[Endpoint]) -> None:
        try:
            answers = ask(records)
        except TryLater as error:
            raise CommandError(f"fal could not be reached. {presentable(error)}") from error
        _note(records, answers)
        findings = [finding for record in records for finding in answers.drift(record)]
        for finding in findings:
            self.stdout.write(f"{finding.key}: {presentable(finding.text)}")
        problems = []
        if count := sum(not finding.is_known for finding in findings):
            problems.append(f"Differences between fal and the records: {count}.")
        if answers.no_prices:
            problems.append(f"The prices could not be compared. {presentable(answers.no_prices)}")
        if problems:
            raise CommandError("\n".join(problems))
        self.stdout.write(f"Checked {len(records)}: all records agree with fal.")


def _chosen(keys: Sequence[str]) -> list[Endpoint]:
    """Return the records with these keys, each once, or all."""
    try:
        records = all_endpoints()
    except SoraRemixError as error:
        raise CommandError(str(error)) from error
    if unknown := [key for key in keys if key not in records]:
        names = ", ".join(f"“{key}”" for key in unknown)
        raise CommandError(
            f"There is no endpoint {names}. Choose from these: {', '.join(records)}."
        )
    return [records[key] for key in dict.fromkeys(keys or records)]


def _note(records: Iterable[Endpoint], answers: FalAnswers) -> None:
    """Store which endpoints fal has deprecated, and the price of a unit."""
    facts = EndpointFact.objects
    for endpoint_id in dict.fromkeys(record.endpoint_id for record in records):
        model = answers.models.get(endpoint_id)
        # An endpoint that fal does not list may be private and still work.
        if model and model.is_deprecated:
            facts.note_retired(endpoint_id)
        elif model and model.is_active:
            facts.note_living(endpoint_id)
    for endpoint_id, price in answers.prices.items():
        facts.note_price(endpoint_id, price.amount, price.unit, price.currency)


def _table(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]
