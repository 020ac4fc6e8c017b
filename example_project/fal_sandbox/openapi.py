"""An endpoint's OpenAPI document, in the shape that fal gives it."""

from typing import Any

from .endpoints import Endpoint
from .schemas import model, optional, text, whole

JSON = dict[str, Any]
REF = "#/components/schemas/"
WHOLE, NUMBER = optional({"type": "integer"}), optional({"type": "number"})
FILE_FIELDS = {
    "url": text(),
    "content_type": optional(text()),
    "file_name": optional(text()),
    "file_size": WHOLE,
}
FILE = model(**FILE_FIELDS)
VIDEO_FILE = model(
    **FILE_FIELDS, width=WHOLE, height=WHOLE, fps=NUMBER, duration=NUMBER, num_frames=WHOLE
)
STATUS = {
    "type": "object",
    "properties": {
        "status": {"type": "string", "enum": ["IN_QUEUE", "IN_PROGRESS", "COMPLETED"]},
        "request_id": {"type": "string"},
        "response_url": {"type": "string"},
        "status_url": {"type": "string"},
        "cancel_url": {"type": "string"},
        "queue_position": {"type": "integer"},
        "metrics": {"type": "object"},
    },
    "required": ["status", "request_id"],
}


def document(endpoint: Endpoint) -> JSON:
    """Return the document; the input is behind a reference."""
    name = "".join(word.capitalize() for word in endpoint.title.split() if word.isalnum())
    schemas = {
        "QueueStatus": STATUS,
        f"{name}Input": endpoint.input | {"title": f"{name}Input"},
        f"{name}Output": _output(endpoint) | {"title": f"{name}Output"},
        **endpoint.models,
        "File": FILE,
        "VideoFile": VIDEO_FILE,
    }
    key = {"type": "apiKey", "in": "header", "name": "Authorization", "description": "Fal Key"}
    return {
        "openapi": "3.0.4",
        "info": _info(endpoint),
        "components": {"securitySchemes": {"apiKeyAuth": key}, "schemas": schemas},
        "paths": _paths(endpoint, name),
        "servers": [{"url": "https://queue.fal.run"}],
        "security": [{"apiKeyAuth": []}],
    }


def _info(endpoint: Endpoint) -> JSON:
    return {
        "title": f"Queue OpenAPI for {endpoint.id}",
        "version": "1.0.0",
        "description": f"The OpenAPI schema for the {endpoint.id} queue.",
        "x-fal-metadata": {
            "endpointId": endpoint.id,
            "category": "video-to-video",
            "playgroundUrl": f"https://fal.ai/models/{endpoint.id}",
            "documentationUrl": f"https://fal.ai/models/{endpoint.id}/api",
        },
    }


def _output(endpoint: Endpoint) -> JSON:
    file: JSON = {"allOf": [{"$ref": f"{REF}File"}]}
    video: JSON = {"allOf": [{"$ref": f"{REF}{'VideoFile' if endpoint.tells_facts else 'File'}"}]}
    kinds = {"video_id": text(), "seed": whole(0, 2**31 - 1), "actual_prompt": optional(text())}
    pictures = {"thumbnail": optional(file), "spritesheet": optional(file)}
    known = {"video": video, **kinds, **pictures}
    return model(**{name: known[name] for name in endpoint.outputs})


def _paths(endpoint: Endpoint, name: str) -> JSON:
    place, request = f"/{endpoint.id}", f"/{endpoint.id}/requests/{{request_id}}"
    given = [{"name": "request_id", "in": "path", "required": True, "schema": {"type": "string"}}]
    asked = {"required": True, "content": _content(f"{name}Input")}
    success = {"type": "object", "properties": {"success": {"type": "boolean"}}}
    status, result = _answer(_content("QueueStatus")), _answer(_content(f"{name}Output"))
    cancelled = _answer({"application/json": {"schema": success}})
    return {
        f"{request}/status": {"get": {"parameters": given, "responses": status}},
        f"{request}/cancel": {"put": {"parameters": given, "responses": cancelled}},
        place: {"post": {"parameters": [], "requestBody": asked, "responses": status}},
        request: {"get": {"parameters": given, "responses": result}},
    }


def _content(name: str) -> JSON:
    return {"application/json": {"schema": {"$ref": f"{REF}{name}"}}}


def _answer(content: JSON) -> JSON:
    return {"200": {"description": "Successful response.", "content": content}}
