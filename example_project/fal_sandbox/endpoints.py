"""The endpoints that the sandbox knows, and the check of their input."""

from dataclasses import dataclass
from typing import Any

JSON = dict[str, Any]


@dataclass(frozen=True)
class Field:
    """One field of an input schema."""

    name: str
    kind: type[str] | type[bool] = str
    required: bool = False
    default: object = None
    min_length: int = 0

    def complaint(self, body: JSON) -> JSON | None:
        """Return what pydantic would say about the field, or None."""
        if self.name not in body:
            missing = _complaint(self.name, "missing", "Field required", body)
            return missing if self.required else None
        value = body[self.name]
        if not isinstance(value, self.kind):
            word, kind = ("string", "string_type") if self.kind is str else ("boolean", "bool_type")
            return _complaint(self.name, kind, f"Input should be a valid {word}", value)
        if isinstance(value, str) and len(value) < self.min_length:
            text = f"String should have at least {self.min_length} character"
            context = {"min_length": self.min_length}
            return _complaint(self.name, "string_too_short", text, value) | {"ctx": context}
        return None


@dataclass(frozen=True)
class Endpoint:
    """One model: its id, its input, what names the source, what it returns."""

    id: str
    fields: tuple[Field, ...]
    source: str
    outputs: tuple[str, ...]

    @property
    def app(self) -> str:
        """The owner and app under which status, result and cancel are found."""
        return "/".join(self.id.split("/")[:2])

    def complaints(self, body: object) -> list[JSON]:
        """Return pydantic's `detail` list for the body; empty when it is valid."""
        if not isinstance(body, dict):
            text = "Input should be a valid dictionary or object to extract fields from"
            return [_complaint(None, "model_attributes_type", text, body)]
        found = (field.complaint(body) for field in self.fields)
        return [complaint for complaint in found if complaint]

    def with_defaults(self, body: JSON) -> JSON:
        """Return the body with every optional field filled in."""
        return {field.name: field.default for field in self.fields if not field.required} | body


def _complaint(name: str | None, kind: str, text: str, value: object) -> JSON:
    loc = ["body"] if name is None else ["body", name]
    return {"loc": loc, "msg": text, "type": kind, "input": value}


SORA_2_REMIX = Endpoint(
    id="fal-ai/sora-2/video-to-video/remix",
    fields=(
        Field("video_id", required=True, min_length=1),
        Field("prompt", required=True, min_length=1),
        Field("delete_video", bool, default=True),
    ),
    source="video_id",
    outputs=("video", "video_id", "thumbnail", "spritesheet"),
)

ENDPOINTS = {endpoint.id: endpoint for endpoint in (SORA_2_REMIX,)}
APPS = {endpoint.app for endpoint in ENDPOINTS.values()}
