"""Reference images: checked when they are uploaded, and stored with the draft at once."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.template.defaultfilters import filesizeformat
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from ... import media
from ...endpoints import References
from ...endpoints.measure import BYTES
from ...exceptions import NotAnImage, TryLater
from ...media import ImageFacts
from ...models import ReferenceImage, RemixBatch, delete_after_commit
from ...storage import StoredFile, new_name
from ..formatting import html


@dataclass(frozen=True)
class Upload:
    """An uploaded image that passed the checks."""

    file: UploadedFile[bytes]
    facts: ImageFacts
    digest: str


@dataclass(frozen=True)
class DraftImage:
    """An image of the draft, as the page shows it."""

    image: ReferenceImage
    number: int
    references: References

    @property
    def tag(self) -> str:
        """Return its name in prompts."""
        tag = self.references.tag.replace("{n}", str(self.number))
        return tag or gettext("Image %(number)d") % {"number": self.number}

    @property
    def picture(self) -> SafeString:
        return html.small_picture(self.image, self.tag)

    @property
    def size(self) -> str:
        shape = gettext("%(width)d by %(height)d pixels, %(size)s")
        size = filesizeformat(self.image.size)
        return shape % {"width": self.image.width, "height": self.image.height, "size": size}

    @property
    def problem(self) -> str:
        """Say why the endpoint can't accept it, if it can't."""
        if self.number > self.references.maximum:
            return too_many(self.references)
        return str(self.references.refusal(self.image) or "")


class ImagesInput(forms.FileInput):
    """Choose several files at once."""

    allow_multiple_selected = True

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        return files.getlist(name)


class ImagesField(forms.FileField):
    """Accept images that an endpoint takes as references."""

    def __init__(self, references: References, stored: Sequence[ReferenceImage]) -> None:
        self.references = references
        self.stored = stored
        attrs: dict[str, Any] = {"accept": ",".join(references.extensions) or "image/*"}
        super().__init__(
            required=False,
            label=references.label or _("Reference images"),
            help_text=references.help,
            widget=ImagesInput(attrs={**attrs, "multiple": references.maximum > 1}),
        )

    def clean(self, data: Sequence[UploadedFile[bytes]], initial: Any = None) -> list[Upload]:
        """Return the images that are not stored yet; name every problem with any of them."""
        uploads, errors = {}, []
        for file in data:
            try:
                upload = _checked(file, self.references)
                uploads[upload.digest] = upload
            except forms.ValidationError as error:
                errors.append(error)
                if error.code == "unchecked":
                    break  # the next ones may take as long again
        known = {image.digest for image in self.stored}
        new = [upload for digest, upload in uploads.items() if digest not in known]
        if new and len(self.stored) + len(new) > self.references.maximum:
            errors.append(forms.ValidationError(too_many(self.references), code="too_many"))
        if errors:
            raise forms.ValidationError(errors)
        return new


def too_many(references: References) -> str:
    """Say how many images are allowed."""
    message = ngettext(
        "Only %(most)d image is allowed.",
        "At most %(most)d images are allowed.",
        references.maximum,
    )
    return message % {"most": references.maximum}


def store_images(batch: RemixBatch, uploads: Iterable[Upload]) -> None:
    """Store images with their draft, each once."""
    for upload in uploads:
        name = media.store(new_name("references", upload.facts.extension), upload.file)
        try:
            image, is_new = batch.images.get_or_create(
                digest=upload.digest,
                defaults={
                    "file": name,
                    "stored_files": [name],
                    "width": upload.facts.width,
                    "height": upload.facts.height,
                    "size": upload.facts.size,
                },
            )
        except BaseException:
            media.remove(name)
            raise
        if not is_new:
            delete_after_commit([StoredFile(name)], str(image._state.db))


def _checked(file: UploadedFile[bytes], references: References) -> Upload:
    """Check an uploaded image; raise `ValidationError`, which names the file."""
    name = {"name": str(file.name)}
    try:
        facts = media.image_facts(file)
    except (NotAnImage, TryLater) as error:
        raise _unusable(error, name, references) from error
    if refusal := references.refusal(facts):
        params = {**name, "reason": str(refusal)}
        raise forms.ValidationError(_("“%(name)s”: %(reason)s"), code="refused", params=params)
    return Upload(file, facts, _digest(file))


def _unusable(
    error: NotAnImage | TryLater, name: dict[str, str], references: References
) -> forms.ValidationError:
    """Say why a file can't be accepted."""
    if isinstance(error, NotAnImage) and not error.is_over_limit:
        most = min(references.max_bytes or media.MAX_IMAGE_BYTES, media.MAX_IMAGE_BYTES)
        message = _(
            "“%(name)s” is not a readable image. Choose a JPG, PNG or WebP of at most %(most)s."
        )
        params = {**name, "most": BYTES.with_unit(most)}
        return forms.ValidationError(message, code="not_an_image", params=params)
    message = _("“%(name)s” can't be checked. %(reason)s")
    params = {**name, "reason": str(error)}
    return forms.ValidationError(message, code="unchecked", params=params)


def _digest(file: UploadedFile[bytes]) -> str:
    digest = hashlib.sha256()
    for chunk in file.chunks():
        digest.update(chunk)
    file.seek(0)
    return digest.hexdigest()
