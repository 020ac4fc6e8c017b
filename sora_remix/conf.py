"""The settings of the app. Only this module reads Django's settings, at each use."""

from __future__ import annotations

from typing import Any

from django.conf import settings

PREFIX = "SORA_REMIX_"


class Conf:
    """Hold the default of each setting. A value in the site's settings takes precedence."""

    SORA_REMIX_FAL_KEY: str | None = None
    """Your fal API key. Set it to keep the key in Django's settings. With `None`, the default,
    fal-client looks for a key itself, first in the environment variable `FAL_KEY`."""

    SORA_REMIX_ENDPOINT: str = ""
    """Key of the endpoint that is offered first, and used when a request names none. Empty by
    default: the app takes the first available endpoint that accepts the videos. Set it if your
    editors usually work with another one."""

    SORA_REMIX_ENDPOINTS: dict[str, Any] = {}
    """Your own endpoint records by key, as `Endpoint` objects or dictionaries. A record with the
    key of a built-in one replaces it. Empty by default. Set it to offer endpoints that the app
    doesn't know, or to change prices and options of built-in ones."""

    SORA_REMIX_STORAGE: str = "default"
    """Alias in `STORAGES` of the storage for all files of the app. The default is `"default"`.
    Change it to keep videos apart from your other files, for example in their own bucket."""

    SORA_REMIX_RESULT_HOSTS: list[str] = ["fal.media", "*.fal.media"]
    """Hosts that results may be downloaded from, over https only. `*` is a wildcard. Hosts that
    only a wildcard matches must have public addresses. Change it only if fal serves results from
    other hosts."""

    SORA_REMIX_MAX_RESULT_BYTES: int = 1024**3
    """Size limit of a result, in bytes. The default is 1 GiB. Larger results are not stored.
    Raise it for longer videos, together with the `timeout` in `Q_CLUSTER`, in which one result
    must be stored."""

    SORA_REMIX_MAX_IN_FLIGHT: int = 1000
    """Number of remixes at fal at the same time, for the whole site. The default is 1000. The
    others wait in your database and cost nothing meanwhile. Lower it to leave room for other
    programs that use the same fal account."""

    SORA_REMIX_MAX_BATCH: int = 10_000
    """Number of remixes that one confirmation may request, and of rows that one action may
    change. The default is 10,000. Lower it to limit what one click can cost."""

    SORA_REMIX_WEBHOOK_BASE_URL: str = ""
    """Public address of your site, such as `"https://www.example.com"`, with a scheme and a host
    only. fal calls it when a remix has finished, so results arrive sooner. Empty by default: the
    app only asks fal. Set it if fal can reach your site."""

    SORA_REMIX_WEBHOOK_USER_ID: str = ""
    """Id of your fal account, which fal's webhooks must carry. Empty by default: webhooks from
    any fal account are accepted. Set it whenever you use webhooks. The log shows the id after
    fal's first call."""

    SORA_REMIX_JWKS_URL: str = "https://rest.fal.ai/.well-known/jwks.json"
    """URL of the public keys that fal signs webhooks with. The default is fal's own URL. Change
    it only for tests."""

    SORA_REMIX_FAL_API_URL: str = "https://api.fal.ai/v1"
    """Base URL of fal's platform API, which lists endpoints, requests and prices. The default is
    fal's own URL. Your API key is sent there. Change it only for tests."""

    SORA_REMIX_FAL_REST_URL: str = "https://rest.fal.ai"
    """Base URL of the API where uploads to fal start. The default is fal's own URL. Your API key
    is sent there. Change it only for tests."""

    SORA_REMIX_SOURCE_DELIVERY: str = "upload"
    """How a stored video reaches an endpoint that takes a URL. With `"upload"`, the default, the
    app copies the file to fal. With `"url"`, fal loads it from the storage's own https URL. Choose
    `"url"` if your storage is public or signs its URLs, to save the upload."""

    SORA_REMIX_AI_LABEL: bool = True
    """Whether players on your site show “Made with AI” below videos that a model made. The
    default is `True`. Turn it off only if your site says so elsewhere."""

    LANGUAGES: list[tuple[str, str]] = []
    """Django's setting, read by the system checks."""

    LANGUAGE_CODE: str = "en-us"
    """Django's setting, used as the language of captions that name none."""

    Q_CLUSTER: dict[str, Any] = {}
    """django-q2's setting, read by the system checks."""

    STORAGES: dict[str, Any] = {}
    """Django's setting, read by the system checks."""

    def __getattribute__(self, name: str) -> Any:
        default = object.__getattribute__(self, name)
        return default if name.startswith("_") else getattr(settings, name, default)


conf = Conf()


def unknown_settings() -> list[str]:
    """Return the names in the site's settings that look like the app's but don't exist."""
    return sorted(
        name for name in dir(settings) if name.startswith(PREFIX) and not hasattr(Conf, name)
    )
