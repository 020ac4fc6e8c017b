"""S3 on loopback: moto's server, on which signed URLs expire as on the real one."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from threading import Thread
from typing import Any
from urllib.parse import parse_qs

import boto3
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import make_server

SECONDS = 5
"""How long a signed address is good for."""
PIECE = 16 * 1024
"""Bytes that are sent at once: whoever wants more asks again, with the address that it has."""
SLOWNESS = 0.7
"""Seconds that each piece but the first takes: a whole video takes longer than `SECONDS`."""
BUCKET = "videos"
ACCESS = {"access_key": "test", "secret_key": "only-for-tests", "region_name": "us-east-1"}

Environ = dict[str, Any]
Start = Callable[..., Any]


class Expiring:
    """Refuse signed addresses whose time is over, which moto does not."""

    def __init__(self, application: Callable[[Environ, Start], Iterable[bytes]]) -> None:
        self._application = application

    def __call__(self, environ: Environ, start_response: Start) -> Iterable[bytes]:
        if _has_run_out(environ):
            start_response("403 Forbidden", [("Content-Type", "application/xml")])
            return [b"<Error><Code>AccessDenied</Code></Error>"]
        if opened := re.fullmatch(r"bytes=(\d+)-\d*", environ.get("HTTP_RANGE", "")):
            first = int(opened[1])
            environ["HTTP_RANGE"] = f"bytes={first}-{first + PIECE - 1}"
            time.sleep(SLOWNESS if first else 0)
        return self._application(environ, start_response)


def _has_run_out(environ: Environ) -> bool:
    values = parse_qs(environ["QUERY_STRING"])
    if "X-Amz-Expires" not in values:
        return False
    signed = datetime.strptime(values["X-Amz-Date"][0], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    return datetime.now(UTC) >= signed + timedelta(seconds=int(values["X-Amz-Expires"][0]))


@contextmanager
def s3_server() -> Iterator[str]:
    """Run a server with one empty bucket; yield its URL."""
    application = Expiring(DomainDispatcherApplication(create_backend_app))
    server = make_server("127.0.0.1", 0, application, threaded=True)
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        url = f"http://127.0.0.1:{server.server_port}"
        make_bucket(url)
        yield url
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def make_bucket(url: str) -> None:
    """Make the bucket that `storage_on` names."""
    boto3.client(
        "s3",
        endpoint_url=url,
        aws_access_key_id=ACCESS["access_key"],
        aws_secret_access_key=ACCESS["secret_key"],
        region_name=ACCESS["region_name"],
    ).create_bucket(Bucket=BUCKET)


def storage_on(url: str) -> dict[str, Any]:
    """Return an entry of `STORAGES` that keeps files there and signs their addresses."""
    options = {
        **ACCESS,
        "bucket_name": BUCKET,
        "endpoint_url": url,
        "addressing_style": "path",
        "signature_version": "s3v4",
        "querystring_expire": SECONDS,
        "default_acl": "private",
    }
    return {"BACKEND": "storages.backends.s3.S3Storage", "OPTIONS": options}
