"""`manage.py sora_remix_import`: add videos for the files of a site's own model."""

from __future__ import annotations

import re
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from django.apps import apps
from django.core.exceptions import FieldDoesNotExist
from django.core.management.base import BaseCommand, CommandError
from django.db.models import FileField, Model

from ... import importing
from ...exceptions import StorageUnavailable, VideoRefused
from ..fal_answers import presentable

OTHERS = re.compile(
    r"\.(aac|aiff?|flac|m4[ab]|mp3|og[ag]|opus|wav|wma"
    r"|avif|bmp|eps|hei[cf]|ico|jpe?g|png|psd|svgz?|tiff?|webp"
    r"|csv|docx?|epub|html?|json|md|od[pst]|pdf|pptx?|rtf|srt|txt|vtt|xlsx?|xml|gz|rar|tar|zip)$",
    re.IGNORECASE,
)
"""How the names of audio files, images and documents end. A GIF may be a video."""
REWRITE = "\r\x1b[K"
"""Move to the start of the line and clear it."""


class Command(BaseCommand):
    """Add only the files that were not added before, so running it twice makes no doubles."""

    help = (
        "Add a video for each file of a model of your site. The files stay where they are and are "
        "never deleted. Workers read their lengths and make thumbnails afterwards."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        add = parser.add_argument
        add("model", metavar="APP.MODEL", help="model whose files are added")
        add("--file-field", required=True, metavar="NAME", help="its field with the file")
        add("--title-field", metavar="NAME", help="field or method for titles; default: str()")
        add("--approved", action="store_true", help="approve the videos, so that sites show them")
        add("--dry-run", action="store_true", help="say what would be done, and write nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        model = _model(options["model"])
        _check_fields(model, options["file_field"], options["title_field"])
        self._counts: Counter[str] = Counter()
        refused: list[VideoRefused] = []
        rows = model._default_manager.order_by("pk").iterator(chunk_size=2000)
        names = options["file_field"], options["title_field"] or ""
        files = self._without_others(importing.files_of(rows, *names, refused))
        try:
            self._import(_outcomes(files, options), refused)
        except StorageUnavailable as error:
            raise CommandError(str(error)) from error
        self._finish(is_dry=options["dry_run"])

    def _import(
        self, outcomes: Iterable[importing.ImportedVideos], refused: list[VideoRefused]
    ) -> None:
        for outcome in outcomes:
            refused += outcome.refused
            self._counts["added"] += len(outcome.added)
            self._counts["known"] += len(outcome.known) + len(outcome.repeated)
            self._name_repeated(outcome.repeated)
            self._report(refused)
            refused.clear()
        self._report(refused)

    def _without_others(self, files: Iterable[importing.NewVideo]) -> Iterator[importing.NewVideo]:
        """Leave out files of other kinds, which a model may have beside its videos."""
        for new in files:
            if OTHERS.search(new.file.name):
                self._counts["others"] += 1
            else:
                yield new

    def _name_repeated(self, names: list[str]) -> None:
        for name in names:
            self.stderr.write(presentable(f"“{name}” is there several times. It is added once."))

    def _report(self, refused: list[VideoRefused]) -> None:
        """Name what was refused, and show the progress on a terminal."""
        for refusal in refused:
            self._counts["refused"] += 1
            self.stderr.write(presentable(str(refusal)))
        if self.stdout.isatty():
            self.stdout.write(f"{REWRITE}{self._summary('Added')}", ending="")
            self.stdout.flush()

    def _finish(self, *, is_dry: bool) -> None:
        if self.stdout.isatty():
            self.stdout.write(REWRITE, ending="")
        self.stdout.write(self._summary("Would add" if is_dry else "Added"))
        if self._counts["added"] and not is_dry:
            self.stdout.write("Workers read the new files in the background.")
        if self._counts["refused"]:
            raise CommandError(f"{self._counts['refused']} files were refused.")

    def _summary(self, verb: str) -> str:
        counts = self._counts
        known = f"{counts['known']} were there already"
        said = f"{verb} {counts['added']} videos, {known}, {counts['refused']} were refused."
        others = f"{counts['others']} other files were left out."
        return f"{said} {others}" if counts["others"] else said


def _outcomes(
    files: Iterator[importing.NewVideo], options: dict[str, Any]
) -> Iterator[importing.ImportedVideos]:
    if options["dry_run"]:
        return importing.examine_files(files)
    return importing.import_files(files, by=None, approved=options["approved"])


def _model(label: str) -> type[Model]:
    try:
        return apps.get_model(label)
    except (LookupError, ValueError) as error:
        raise CommandError(f"There is no model “{label}”. Write it as app.Model.") from error


def _check_fields(model: type[Model], file_field: str, title_field: str | None) -> None:
    try:
        is_file = isinstance(model._meta.get_field(file_field), FileField)
    except FieldDoesNotExist:
        is_file = False
    if not is_file:
        raise CommandError(f"{model.__name__} has no file field “{file_field}”.")
    if title_field and not hasattr(model, title_field):
        raise CommandError(f"{model.__name__} has no field or method “{title_field}”.")
