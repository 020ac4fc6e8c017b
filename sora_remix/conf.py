"""The settings of the app. Only this module reads Django's settings, at each use."""

from __future__ import annotations

from typing import Any

from django.conf import settings

PREFIX = "SORA_REMIX_"


class Conf:
    """Hold the default of each setting. A value in the site's settings takes precedence."""

    SORA_REMIX_FAL_KEY: str | None = None
    """Your fal API key.

    `None` leaves the search to fal-client, which reads the environment variable `FAL_KEY` first.
    Set it to keep the key in Django's settings.
    """

    SORA_REMIX_FAL_ADMIN_KEY: str | None = None
    """A fal API key of admin scope, with which the workers read what fal billed.

    `None`: the environment variable `FAL_ADMIN_KEY`. Without either, what fal billed stays unknown,
    and remixes show estimated and calculated costs. Set it for the workers only: with such a key,
    anyone can read the account's billing and delete results at fal.
    """

    SORA_REMIX_LOW_BALANCE: float | None = None
    """Dollars below which the account's balance at fal raises a notice. Needs the admin key.

    `None`: no notice. Set it to what you spend within a few days.
    """

    SORA_REMIX_ENDPOINT: str = ""
    """Key of the endpoint that is offered first and used when a request names none.

    Empty: the first endpoint that is still offered and accepts all the videos. Set it if your
    editors usually work with another one.
    """

    SORA_REMIX_ENDPOINTS: dict[str, Any] = {}
    """Endpoint records of your site by key. A built-in record with the same key is replaced.

    Set it to offer endpoints that the app doesn't know, or to change built-in ones.
    """

    SORA_REMIX_STORAGE: str = "default"
    """Alias in `STORAGES` of the storage for all files of the app.

    Change it to keep these files apart from your others, for example in their own bucket.
    """

    SORA_REMIX_RESULT_HOSTS: list[str] = ["fal.media", "*.fal.media"]
    """Hosts that results may be downloaded from, over https only. `*` is a wildcard.

    A host that matches a wildcard must have a public address. A host that is named exactly may have
    a private one. Behind `HTTPS_PROXY` or `ALL_PROXY`, the proxy resolves the names. Change it only
    if fal serves results from other hosts.
    """

    SORA_REMIX_MAX_RESULT_BYTES: int = 1024**3
    """Largest result in bytes, 1 GiB by default.

    The download of a larger one stops, and the remix fails. A worker must be able to download
    and store a result of this size within the `timeout` of `Q_CLUSTER`. Raise it for longer videos.
    """

    SORA_REMIX_MAX_IN_FLIGHT: int = 1000
    """Number of remixes that may be at fal at the same time, for the whole site.

    The others wait and cost nothing meanwhile. Up to 5,000, a worker needs no more memory. Without
    webhooks, fal is asked less often about each: every 12 seconds with 1,000, and every minute with
    5,000. Lower it if other programs use the same fal account.
    """

    SORA_REMIX_MAX_BATCH: int = 10_000
    """Number of remixes that one request may create, and of rows that one action may change.

    Lower it to limit what one click can cost.
    """

    SORA_REMIX_MAX_FITTING: int = 1
    """Number of clips that workers make at the same time, for the whole site.

    Each keeps one worker of `Q_CLUSTER` and up to two processor cores busy. Other remixes go on
    meanwhile, also with a single worker. Raise it if many videos have to be fitted.
    """

    SORA_REMIX_CLIPS_KEPT_DAYS: int = 30
    """Days after their last use that clips are kept which were made to fit an endpoint.

    They are made again when they are needed again.
    """

    SORA_REMIX_START_TIMEOUT: float | None = None
    """Seconds within which fal must start on a remix, more than 1.

    If it hasn't by then, it stops trying: the remix fails with `request_timeout`, and nothing is
    charged. A retry is a new request. The time that a started remix takes is not limited. `None`:
    remixes wait in fal's queue for as long as it takes. Set it if a late result is of no use.
    """

    SORA_REMIX_FAL_RETRIES: bool = True
    """Whether fal may start a remix again by itself after one of its machines failed.

    fal doesn't charge for a run that its machine lost, but doesn't say whether the provider behind
    it may count the work twice. With `False`, such a remix fails and you decide about a retry.
    """

    SORA_REMIX_WEBHOOK_BASE_URL: str = ""
    """Public base URL of your site, such as `https://www.example.com`, for fal's webhooks.

    Empty: no webhooks. The workers ask fal instead. Set it if fal can reach your site, so that
    results arrive sooner.
    """

    SORA_REMIX_WEBHOOK_USER_ID: str = ""
    """Id of your fal account, which fal's webhooks must carry.

    Empty: webhooks from any fal account are accepted. Set it whenever you use webhooks. The log
    shows the id after fal's first call.
    """

    SORA_REMIX_JWKS_URL: str = "https://rest.fal.ai/.well-known/jwks.json"
    """URL where fal publishes the keys that sign its webhooks. Change it only for tests."""

    SORA_REMIX_FAL_API_URL: str = "https://api.fal.ai/v1"
    """Base URL of fal's platform API, which lists requests, endpoints and prices.

    The app sends your API key there. Change it only for tests.
    """

    SORA_REMIX_FAL_REST_URL: str = "https://rest.fal.ai"
    """Base URL of fal's API where uploads start.

    The app sends your API key there. Change it only for tests.
    """

    SORA_REMIX_SOURCE_DELIVERY: str = "upload"
    """How fal gets a stored video.

    `"upload"`: the workers upload it to fal. `"url"`: fal loads it from the storage's own https
    URL. Choose `"url"` to save the upload if your storage is public or signs its URLs.
    """

    SORA_REMIX_AI_LABEL: bool = True
    """Whether players on your site show “Made with AI” below videos that a model made.

    Turn it off only if your site says so elsewhere.
    """

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
