"""For any answer of fal, each function returns or raises only what it documents."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import astuple
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sora_remix import fal
from sora_remix.endpoints import SORA_2, all_endpoints
from sora_remix.exceptions import RemoteFailure, TryLater, WebhookRefused
from sora_remix.fal import platform, queue, submitting, uploads, webhook, webhook_keys
from sora_remix.fal.transport import MIB, BoundedClient
from sora_remix.request_pool import wait_for

ID = SORA_2.endpoint_id
NOW = datetime(2026, 1, 1, tzinfo=UTC)
anything = settings(
    max_examples=150,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)

texts = st.text(st.characters(exclude_categories=()), max_size=30) | st.sampled_from(
    ["", "x" * 300, "\ud83d", "\0", "\x1b[2J", "https://fal.media/a.mp4", "2026-01-01T00:00:00Z"]
)
numbers = st.integers() | st.floats() | st.sampled_from([10**400, -1, 2**31, 1e-300])
leaves = st.none() | st.booleans() | numbers | texts
values = st.recursive(
    leaves, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3)
)


words = texts | texts | values
good_url = st.just("https://v3.fal.media/a")
urls = good_url | good_url | st.just("http://v3.fal.media/a") | words


def _shaped(**shapes: Any) -> st.SearchStrategy[Any]:
    """Return objects with all of these keys, or some."""
    return st.fixed_dictionaries(shapes) | st.fixed_dictionaries({}, optional=shapes)


def _listed(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.lists(strategy | values, max_size=3) | values


errors = _shaped(
    detail=values | _listed(_shaped(type=words, msg=words)) | _shaped(error=words),
    error_type=words,
)
answers = _shaped(request_id=words)
statuses = _shaped(
    status=st.sampled_from(["IN_QUEUE", "IN_PROGRESS", "COMPLETED"]) | values,
    queue_position=values,
    logs=_listed(_shaped(message=words)),
    error=values,
    error_type=values,
)
files = _shaped(url=urls) | values
results = _shaped(
    video=_shaped(url=urls),
    video_id=words,
    thumbnail=files,
    spritesheet=files,
)
times = st.sampled_from(
    ["2026-01-01T00:00:00Z", "2026-01-01T00:00:00", "0001-01-01T00:00:00+14:00"]
)
moments = times | times | times | words
sent = _shaped(request_id=words, sent_at=moments, json_input=_shaped(prompt=values) | values)
listed = _shaped(items=_listed(sent), has_more=st.just(value=False) | values, next_cursor=values)
fields = _shaped(
    type=values | st.sampled_from(["string", "integer"]), enum=values, default=values, anyOf=values
)
schema = values | st.fixed_dictionaries(
    {
        "properties": st.dictionaries(st.sampled_from(["prompt", "video_id"]) | texts, fields),
        "required": st.just(["prompt"]) | values,
    }
)
document = schema.map(
    lambda found: {
        "paths": {
            f"/{ID}": {
                "post": {"requestBody": {"content": {"application/json": {"schema": found}}}}
            }
        }
    }
)
model = st.fixed_dictionaries(
    {
        "endpoint_id": st.just(ID) | values,
        "metadata": _shaped(status=st.just("active") | values),
        "openapi": document | values,
    }
)
price = _shaped(
    endpoint_id=st.just(ID) | values, unit_price=numbers | values, unit=words, currency=words
)
catalogue = _shaped(
    models=_listed(model),
    prices=_listed(price),
    has_more=st.just(value=False) | values,
    next_cursor=values,
)
storage = _shaped(
    token=st.just("t") | st.just("t") | st.just("t") | words,
    token_type=st.just("Bearer") | st.just("Bearer") | st.just("Bearer") | words,
    base_url=urls,
    access_url=urls,
    uploadId=st.just("1") | words,
)
broken = st.binary(max_size=60) | st.sampled_from(
    [b"[" * 100_000, b'{"a":' * 100_000, b"9" * 5000, b"nginx", b"\xff\xfe[]", b"x" * (MIB + 1)]
)
header_values = (
    st.binary(max_size=40).map(lambda raw: raw.translate(None, b"\0\r\n"))
    | numbers.map(lambda number: repr(number)[:400].encode())
    | st.sampled_from([b"inf", b"nan", b"gzip", b"identity", b"text/html; charset=zlib"])
    | st.sampled_from([b"Fri, 31 Dec 9999 23:59:59 -2359", b"https://[", b"a=b; Path=/"])
)
header_names = st.sampled_from(
    [
        b"retry-after",
        b"content-encoding",
        b"content-type",
        b"location",
        b"set-cookie",
        b"etag",
        b"x-fal-error-type",
        b"x-fal-billable-units",
    ]
)


FAILING = (301, 401, 404, 408, 422, 429, 499, 502)


def _responses(shape: st.SearchStrategy[Any], *usual: int) -> st.SearchStrategy[Any]:
    """Return status, headers and body of answers, many of which have this shape."""
    bodies = (shape | shape | shape | errors | values).map(lambda value: json.dumps(value).encode())
    usually = st.sampled_from(usual)
    return st.tuples(
        usually | usually | usually | st.sampled_from(FAILING) | st.integers(100, 599),
        st.just([]) | st.lists(st.tuples(header_names, header_values), max_size=3),
        bodies | bodies | broken,
    )


submitted = _responses(answers, 200, 200, 429)
asked = st.lists(_responses(statuses, 200, 202), min_size=1, max_size=3)
fetched = st.lists(
    _responses(results, 200, 200) | _responses(statuses, 200), min_size=1, max_size=3
)
paged = st.lists(_responses(listed, 200, 200, 200), min_size=1, max_size=4)
catalogued = st.lists(_responses(catalogue, 200, 200, 200), min_size=1, max_size=4)
stored = st.lists(_responses(storage, 200, 200, 200), min_size=1, max_size=4)


def _plainly(**shapes: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Return single answers that are all right but for the values in them."""
    body = st.fixed_dictionaries(shapes).map(lambda value: json.dumps(value).encode())
    return body.map(lambda packed: [(200, [], packed)])


requests_listed = _plainly(
    items=st.lists(
        st.fixed_dictionaries(
            {
                "request_id": st.just("fal-1") | texts,
                "sent_at": moments,
                "json_input": _shaped(prompt=values),
            }
        ),
        min_size=1,
        max_size=3,
    )
)
catalogue_listed = _plainly(
    models=st.lists(model, max_size=3),
    prices=st.lists(
        st.fixed_dictionaries(
            {
                "endpoint_id": st.just(ID),
                "unit_price": st.floats(0, 10) | numbers,
                "unit": words,
                "currency": words,
            }
        ),
        min_size=1,
        max_size=3,
    ),
)
storage_given = _plainly(
    token=st.just("t"),
    token_type=st.just("Bearer"),
    base_url=st.just("https://v3.fal.media/a"),
    access_url=urls,
    uploadId=st.just("1") | words,
)


class _Wire(httpx.AsyncByteStream):
    """A body that comes in pieces."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for start in range(0, len(self._body), 50_000):
            yield self._body[start : start + 50_000]


class _Fal(httpx.AsyncBaseTransport):
    """Gives these answers, one after the other, and the last one again."""

    def __init__(self, given: list[Any]) -> None:
        self._given = given

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        await request.aread()
        status, headers, body = self._given[0]
        if len(self._given) > 1:
            self._given.pop(0)
        return httpx.Response(status, headers=headers, stream=_Wire(body))


@pytest.fixture
def answering(monkeypatch: pytest.MonkeyPatch) -> Callable[[list[Any]], None]:
    """Return what makes fal give answers."""
    monkeypatch.setattr("fal_client.client.MAX_ATTEMPTS", 1)
    monkeypatch.setattr(platform, "PAGES", 3)

    def answer(given: list[Any]) -> None:
        for module in (submitting, queue, platform, uploads):
            make = partial(BoundedClient, MIB, transport=_Fal(list(given)))
            monkeypatch.setattr(module, "_client", make)

    return answer


def _outcome(call: Awaitable[Any]) -> Any:
    async def outcome() -> Any:
        return (await asyncio.gather(call, return_exceptions=True))[0]

    return wait_for(outcome())


def _texts(value: Any) -> Iterator[str]:
    for one in value if isinstance(value, tuple | list) else [value]:
        if isinstance(one, str):
            yield one
        elif isinstance(one, tuple | list):
            yield from _texts(one)


def _check_error(error: Exception, *kinds: type[Exception]) -> None:
    assert isinstance(error, kinds), repr(error)
    assert str(error).isprintable()
    assert len(str(error)) < 700
    if isinstance(error, RemoteFailure):
        assert error.code.isprintable()
        assert 0 < len(error.code) <= 100


@anything
@given(response=submitted)
def test_any_answer_to_a_submit_becomes_an_outcome(
    answering: Callable[[list[Any]], None], response: Any
) -> None:
    answering([response])

    outcome = _outcome(fal.submit(ID, {"prompt": "x"}))

    assert isinstance(outcome, fal.Submitted), repr(outcome)
    assert all(text.isprintable() and len(text) < 700 for text in _texts(astuple(outcome)))
    if isinstance(outcome, fal.RefusedForNow):
        assert 1 <= outcome.seconds <= 3600
    if isinstance(outcome, fal.Accepted):
        assert 0 < len(outcome.request_id) <= 255
    assert not isinstance(outcome, fal.NotSent)


@anything
@given(value=header_values)
def test_any_retry_after_becomes_one_second_to_one_hour(
    answering: Callable[[list[Any]], None], value: bytes
) -> None:
    answering([(429, [(b"retry-after", value)], b"")])

    outcome = _outcome(fal.submit(ID, {"prompt": "x"}))

    assert isinstance(outcome, fal.RefusedForNow), repr(outcome)
    assert 1 <= outcome.seconds <= 3600


@anything
@given(given=asked)
def test_any_progress_is_valid_or_asked_for_again(
    answering: Callable[[list[Any]], None], given: list[Any]
) -> None:
    answering(given)

    outcome = _outcome(fal.progress(ID, "x"))

    if not isinstance(outcome, fal.Progress):
        _check_error(outcome, TryLater)
        return
    assert all(text.isprintable() and len(text) <= 200 for text in outcome.logs)
    assert outcome.position is None or 0 <= outcome.position < 2**31


@anything
@given(given=fetched)
def test_any_result_is_usable_or_an_error(
    answering: Callable[[list[Any]], None], given: list[Any]
) -> None:
    answering(given)

    outcome = _outcome(fal.result(ID, "x", SORA_2.outputs))

    if not isinstance(outcome, fal.Result):
        _check_error(outcome, TryLater, RemoteFailure)
        return
    assert outcome.video_url
    assert all(text.isprintable() and len(text) <= 4096 for text in _texts(astuple(outcome)))
    assert len(outcome.sora_id) <= 200
    assert outcome.billable_units is None or 0 <= outcome.billable_units < 10**12


@anything
@given(response=_responses(values, 200, 202, 400))
def test_any_cancellation_succeeds_or_is_requested_again(
    answering: Callable[[list[Any]], None], response: Any
) -> None:
    answering([response])

    outcome = _outcome(fal.cancel(ID, "x"))

    if outcome is not None:
        _check_error(outcome, TryLater)


@anything
@given(given=paged | requests_listed)
def test_any_listed_request_can_be_compared(
    answering: Callable[[list[Any]], None], given: list[Any]
) -> None:
    answering(given)

    outcome = _outcome(fal.sent_requests(ID, NOW))

    if isinstance(outcome, Exception):
        _check_error(outcome, TryLater)
        return
    for request in outcome:
        assert request.request_id.isprintable()
        assert 0 < len(request.request_id) <= 255
        assert request.sent_at - NOW < timedelta.max
        assert request.arguments != {"prompt": "another"}


@anything
@given(given=catalogued | catalogue_listed)
def test_any_catalogue_can_be_stored_and_compared(
    answering: Callable[[list[Any]], None], given: list[Any]
) -> None:
    answering(given)

    models, prices = _outcome(fal.listed_endpoints([ID])), _outcome(fal.prices([ID, "other"]))

    for outcome in (models, prices):
        if isinstance(outcome, Exception):
            _check_error(outcome, TryLater)
            return
    for price in prices.values():
        assert 0 <= price.amount < 10**8
        assert len(price.unit) <= 100
        assert len(price.currency) <= 10
    for record in all_endpoints().values():
        found = fal.drift(record, models.get(ID), prices.get(ID), today=NOW.date())
        assert all(one.text.isprintable() and len(one.text) <= 500 for one in found)


@anything
@given(given=stored | storage_given, in_parts=st.booleans())
def test_any_upload_has_a_safe_url_or_fails(
    answering: Callable[[list[Any]], None],
    monkeypatch: pytest.MonkeyPatch,
    given: list[Any],
    *,
    in_parts: bool,
) -> None:
    answering(given)
    monkeypatch.setattr(uploads, "IN_PARTS_FROM", 0 if in_parts else 100)
    file = io.BytesIO(b"x" * 10)

    outcome = _outcome(fal.upload("a.mp4", "video/mp4", file, timedelta(days=1)))

    if isinstance(outcome, Exception):
        _check_error(outcome, TryLater, RemoteFailure)
        return
    assert outcome.startswith(("https://", "http://127.", "http://localhost"))
    assert outcome.isascii()
    assert len(outcome) <= 4096


@anything
@given(name=texts)
def test_uploaded_file_can_have_any_name(answering: Callable[[list[Any]], None], name: str) -> None:
    answer = {"token": "t", "token_type": "b", "base_url": "https://a", "access_url": "https://b"}
    answering([(200, [], json.dumps(answer).encode())])

    outcome = _outcome(fal.upload(name, "video/mp4", io.BytesIO(b"x"), timedelta(days=1)))

    assert outcome == "https://b"


@anything
@given(
    headers=st.dictionaries(st.sampled_from(webhook.HEADERS), texts | st.just("1767225600")),
    body=broken | errors.map(lambda value: json.dumps(value).encode()),
)
def test_any_unsigned_webhook_is_refused(
    monkeypatch: pytest.MonkeyPatch, headers: dict[str, str], body: bytes
) -> None:
    for read in ("known", "current"):
        monkeypatch.setattr(webhook_keys, read, list)

    with pytest.raises(WebhookRefused) as refusal:
        webhook.verified_request_id(headers, body)

    assert str(refusal.value).isprintable()
