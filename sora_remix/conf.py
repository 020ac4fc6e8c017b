"""The settings of the app, read live; the only module that reads any."""

from __future__ import annotations

from typing import Any

from django.conf import settings

PREFIX = "SORA_REMIX_"


class Conf:
    """Hold the default of each setting; a name in the site's settings goes before it."""

    SORA_REMIX_FAL_KEY: str | None = None
    """fal API key. `None` leaves the search to fal-client, which reads `FAL_KEY` first."""

    SORA_REMIX_ENDPOINT: str = ""
    """Key of the endpoint that is offered first and used when a request names none.

    Empty: the first endpoint that is still offered and accepts all the videos.
    """

    SORA_REMIX_ENDPOINTS: dict[str, Any] = {}
    """Endpoint records of the site by key. A built-in record with the same key is replaced."""

    SORA_REMIX_STORAGE: str = "default"
    """Alias in `STORAGES` for all files of the app."""

    SORA_REMIX_RESULT_HOSTS: list[str] = ["fal.media", "*.fal.media"]
    """Hosts that results may be downloaded from, over https only.

    A host that matches a wildcard must have a public address. A host that is named exactly may have
    a private one. Behind `HTTPS_PROXY` or `ALL_PROXY`, the proxy resolves the names.
    """

    SORA_REMIX_MAX_RESULT_BYTES: int = 1024**3
    """Largest result in bytes, 1 GiB by default.

    The download of a larger one stops, and the remix fails. A worker must be able to download
    and store a result of this size within the `timeout` of `Q_CLUSTER`.
    """

    SORA_REMIX_MAX_IN_FLIGHT: int = 1000
    """Remixes that may be at fal at the same time, for the whole site."""

    SORA_REMIX_MAX_BATCH: int = 10_000
    """Remixes that one request may create, and rows that one action in a list may change."""

    SORA_REMIX_WEBHOOK_BASE_URL: str = ""
    """Public base URL of the site, such as `https://www.example.com`, for fal's webhooks.

    Empty: no webhooks. The workers ask fal instead.
    """

    SORA_REMIX_WEBHOOK_USER_ID: str = ""
    """Id of your fal account, which webhooks must carry. Empty: those of any account count."""

    SORA_REMIX_JWKS_URL: str = "https://rest.fal.ai/.well-known/jwks.json"
    """Where fal publishes the keys that sign its webhooks."""

    SORA_REMIX_FAL_API_URL: str = "https://api.fal.ai/v1"
    """fal's platform API: its list of requests, its endpoints and its prices."""

    SORA_REMIX_FAL_REST_URL: str = "https://rest.fal.ai"
    """Where uploads to fal start."""

    SORA_REMIX_SOURCE_DELIVERY: str = "upload"
    """How fal gets a stored clip.

    `"upload"`: the workers upload it to fal. `"url"`: fal loads it from the storage's own URL.
    """

    SORA_REMIX_AI_LABEL: bool = True
    """Whether players on the site show “Made with AI” below videos that a model made."""

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
