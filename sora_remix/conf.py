"""The settings of the app, read live; the only module that reads any."""

from __future__ import annotations

from typing import Any

from django.conf import settings

PREFIX = "SORA_REMIX_"


class Conf:
    """Hold the default of each setting; a name in the site's settings goes before it."""

    SORA_REMIX_FAL_KEY: str | None = None
    """fal API key; `None` leaves it to fal-client, which reads `FAL_KEY`."""

    SORA_REMIX_ENDPOINT: str = ""
    """Key of the endpoint that is offered first; empty: the first living one that takes a video."""

    SORA_REMIX_ENDPOINTS: dict[str, Any] = {}
    """More endpoint records, or replacements, by key."""

    SORA_REMIX_STORAGE: str = "default"
    """Alias in `STORAGES` for all files of the app."""

    SORA_REMIX_RESULT_HOSTS: list[str] = ["fal.media", "*.fal.media"]
    """Hosts that results may be downloaded from; only one named exactly may be private."""

    SORA_REMIX_MAX_RESULT_BYTES: int = 1024**3
    """Larger results are refused while streaming."""

    SORA_REMIX_MAX_IN_FLIGHT: int = 1000
    """Remixes being sent to fal or made by it at the same time, whole site."""

    SORA_REMIX_MAX_BATCH: int = 10_000
    """Remixes that one confirmation may request, and rows that one action may change."""

    SORA_REMIX_WEBHOOK_BASE_URL: str = ""
    """Public `https://…` base of the site; empty: polling only."""

    SORA_REMIX_WEBHOOK_USER_ID: str = ""
    """fal account id that webhooks must carry."""

    SORA_REMIX_JWKS_URL: str = "https://rest.fal.ai/.well-known/jwks.json"
    """Where the keys that sign webhooks are read."""

    SORA_REMIX_FAL_API_URL: str = "https://api.fal.ai/v1"
    """Platform API: endpoint status, request list, prices."""

    SORA_REMIX_FAL_REST_URL: str = "https://rest.fal.ai"
    """Where uploads to fal begin."""

    SORA_REMIX_SOURCE_DELIVERY: str = "upload"
    """How a stored clip reaches an endpoint that takes a URL: `"upload"` or `"url"`."""

    SORA_REMIX_AI_LABEL: bool = True
    """Whether players on the site say which videos were made with AI."""

    LANGUAGES: list[tuple[str, str]] = []
    """Django's own, for the system checks."""

    LANGUAGE_CODE: str = "en-us"
    """Django's own: the language of captions that name none."""

    Q_CLUSTER: dict[str, Any] = {}
    """django-q2's own settings, for the system checks."""

    STORAGES: dict[str, Any] = {}
    """Django's own storages, for the system checks."""

    def __getattribute__(self, name: str) -> Any:
        default = object.__getattribute__(self, name)
        return default if name.startswith("_") else getattr(settings, name, default)


conf = Conf()


def unknown_settings() -> list[str]:
    """Return the names in the site's settings that look like ours and are not."""
    return sorted(
        name for name in dir(settings) if name.startswith(PREFIX) and not hasattr(Conf, name)
    )
