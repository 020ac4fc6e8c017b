"""Images that an endpoint accepts beside the video and the prompt."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath

from django.utils.translation import gettext_lazy as _

from .clip import Picture
from .measure import ASPECT, BYTES, SHORT_SIDE, Span, file_types, first_refusal, statements
from .values import Count, Extensions, Limit, Name, Text

URL = "https://"


@dataclass(frozen=True, kw_only=True)
class References:
    """The reference images: in the options a list of texts under `param`.

    Each text is an https URL, or else a name in the site's storage.
    """

    param: Name
    as_list: bool
    """False when the wire wants a single text; the options hold a list all the same."""
    maximum: Count
    tag: str = ""
    """How the prompt names the image number n, as “@Image{n}”."""
    extensions: Extensions = (".jpg", ".jpeg", ".png", ".webp")
    max_bytes: Count | None = None
    min_side: Count | None = None
    """In pixels, of the shorter side."""
    min_aspect: Limit | None = None
    """Width divided by height."""
    max_aspect: Limit | None = None
    label: Text = ""
    help: Text = ""

    def problem(self, value: object) -> Text | None:
        """Say why these references can't be sent, if they can't."""
        if not isinstance(value, list | tuple):
            return _("“%(name)s” must be a list.") % {"name": self.param}
        if len(value) > self.maximum:
            return _("“%(name)s” has %(number)d images, but at most %(most)d are allowed.") % {
                "name": self.param,
                "number": len(value),
                "most": self.maximum,
            }
        return next((wrong for image in value if (wrong := self._wrong(image))), None)

    def refusal(self, image: Picture) -> Text | None:
        """Say why this image can't be accepted, if it can't."""
        if self.extensions and image.extension not in self.extensions:
            return _("It is an image of type %(kind)s, but the model accepts %(names)s.") % {
                "kind": file_types([image.extension]),
                "names": file_types(self.extensions),
            }
        return first_refusal(self._spans(), image)

    def limits(self) -> list[Text]:
        """List which images are accepted, in short statements."""
        return statements(self.extensions, self._spans())

    def _spans(self) -> tuple[Span, ...]:
        return (
            Span(measure=BYTES, most=self.max_bytes),
            Span(measure=SHORT_SIDE, least=self.min_side),
            Span(measure=ASPECT, least=self.min_aspect, most=self.max_aspect),
        )

    def _wrong(self, image: object) -> Text | None:
        if not isinstance(image, str) or not image:
            message = _("“%(name)s” must contain only texts, but “%(image)s” is not a text.")
        elif is_url(image):
            return None
        elif "://" in image or image.startswith("data:"):
            message = _("“%(name)s” must contain only https URLs, but “%(image)s” is not one.")
        elif self.extensions and PurePosixPath(image).suffix.lower() not in self.extensions:
            message = _(
                "“%(name)s” can't contain “%(image)s”: its name must end in %(extensions)s."
            )
        else:
            return None
        extensions = ", ".join(self.extensions)
        return message % {"name": self.param, "image": image, "extensions": extensions}

    def names(self, value: object) -> list[str]:
        """List the names in the storage among these references, each once."""
        images = value if isinstance(value, list | tuple) else ()
        return list(dict.fromkeys(image for image in images if not is_url(image)))


def is_url(image: str) -> bool:
    """Tell whether this is an address, not a name in the storage."""
    return image.startswith(URL)
