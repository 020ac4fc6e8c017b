"""The sandbox describes and prices its endpoints like fal's platform API."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from example_project.fal_sandbox.endpoints import ENDPOINTS
from example_project.fal_sandbox.process import SandboxProcess
from tests.fal_sandbox.callers import client_of

SORA = "fal-ai/sora-2/video-to-video/remix"
WAN = "fal-ai/wan/v2.7/edit-video"
KLING = "fal-ai/kling-video/o3/pro/video-to-video/edit"
JSON = dict[str, Any]


@pytest.fixture
def fal(sandbox: SandboxProcess) -> Iterator[httpx.Client]:
    with client_of(sandbox, sandbox.api_url) as client:
        yield client


def models(fal: httpx.Client, *ids: str, **params: Any) -> list[JSON]:
    answer = fal.get("/models", params={"endpoint_id": list(ids), **params})
    assert answer.status_code == 200, answer.text
    found: list[JSON] = answer.json()["models"]
    return found


def schema(fal: httpx.Client, endpoint_id: str) -> JSON:
    """Return the input's schema, found by way of the references."""
    [model] = models(fal, endpoint_id, expand="openapi-3.0")
    document = model["openapi"]
    body = document["paths"][f"/{endpoint_id}"]["post"]["requestBody"]["content"]
    reference = body["application/json"]["schema"]["$ref"]
    found: JSON = document["components"]["schemas"][reference.rpartition("/")[2]]
    return found


def submit(sandbox: SandboxProcess, fal: httpx.Client, endpoint_id: str, **body: Any) -> Any:
    return fal.post(f"{sandbox.url}/{endpoint_id}", json=body)


def test_an_endpoint_is_described(fal: httpx.Client) -> None:
    [model] = models(fal, WAN)

    metadata = model["metadata"]
    assert model["endpoint_id"] == WAN
    assert (metadata["status"], metadata["category"]) == ("active", "video-to-video")
    assert (metadata["display_name"], metadata["duration_estimate"]) == ("Wan 2.7 Edit Video", 2)
    assert "openapi" not in model


@pytest.mark.parametrize("ids", [[SORA, WAN], [f"{SORA},{WAN}"]])
def test_known_endpoints_are_described_and_unknown_ones_are_missing(
    fal: httpx.Client, ids: list[str]
) -> None:
    found = models(fal, *ids, "fal-ai/never-was")

    assert [model["endpoint_id"] for model in found] == [SORA, WAN]


def test_list_of_unknown_endpoints_is_empty(fal: httpx.Client) -> None:
    assert models(fal, "fal-ai/never-was") == []


def test_pages_of_models_follow_one_another(fal: httpx.Client) -> None:
    everything, seen, cursor = models(fal), [], None
    while True:
        page = fal.get("/models", params={"limit": 4} | ({"cursor": cursor} if cursor else {}))
        seen += page.json()["models"]
        cursor = page.json()["next_cursor"]
        assert page.json()["has_more"] == bool(cursor)
        if not cursor:
            break

    assert seen == everything
    assert len(seen) == len(ENDPOINTS)


def test_models_can_be_filtered_by_status(sandbox: SandboxProcess, fal: httpx.Client) -> None:
    sandbox.endpoint(SORA, status="deprecated")

    [model] = models(fal, SORA, WAN, status="deprecated")
    assert (model["endpoint_id"], model["metadata"]["status"]) == (SORA, "deprecated")
    assert [model["endpoint_id"] for model in models(fal, SORA, WAN, status="active")] == [WAN]


def test_models_need_no_key_but_refuse_an_invalid_one(fal: httpx.Client) -> None:
    bad = fal.get("/models", headers={"Authorization": "Key bad-key"})
    del fal.headers["Authorization"]

    assert models(fal, SORA)
    assert (bad.status_code, bad.json()["error"]["type"]) == (401, "authorization_error")


@pytest.mark.parametrize(
    "params",
    [
        {"status": "asleep"},
        {"limit": "0"},
        {"cursor": "nonsense"},
        {"expand": "everything"},
        {"endpoint_id": [f"fal-ai/{number}" for number in range(51)]},
    ],
)
def test_wrong_query_of_models_is_refused(fal: httpx.Client, params: JSON) -> None:
    answer = fal.get("/models", params=params)

    assert answer.status_code == 400
    assert answer.json()["error"]["type"] == "validation_error"


def test_document_has_the_input_behind_a_reference(fal: httpx.Client) -> None:
    found = schema(fal, WAN)

    fields = found["properties"]
    assert found["required"] == ["prompt", "video_url"]
    assert found["x-fal-order-properties"][:3] == ["prompt", "video_url", "reference_image_url"]
    assert fields["duration"]["enum"] == [0, 2, 3, 4, 5, 6, 7, 8, 9, 10]
    assert (fields["resolution"]["default"], fields["resolution"]["type"]) == ("1080p", "string")
    assert fields["reference_image_url"]["anyOf"] == [{"type": "string"}, {"type": "null"}]
    assert "default" not in fields["seed"]


def test_document_describes_the_output(fal: httpx.Client) -> None:
    [model] = models(fal, SORA, expand="openapi-3.0")

    document = model["openapi"]
    path = document["paths"][f"/{SORA}/requests/{{request_id}}"]
    answer = path["get"]["responses"]["200"]["content"]["application/json"]["schema"]["$ref"]
    output = document["components"]["schemas"][answer.rpartition("/")[2]]
    assert set(output["properties"]) == {"video", "video_id", "thumbnail", "spritesheet"}
    assert output["required"] == ["video", "video_id"]


@pytest.mark.parametrize("ids", [[SORA, WAN], [f"{SORA},{WAN}"]])
def test_prices_are_given(fal: httpx.Client, ids: list[str]) -> None:
    answer = fal.get("/models/pricing", params={"endpoint_id": ids})

    prices = answer.json()["prices"]
    assert [price["endpoint_id"] for price in prices] == [SORA, WAN]
    assert prices[0] | {"endpoint_id": 0} == {
        "endpoint_id": 0,
        "unit_price": 0.10,
        "unit": "seconds",
        "currency": "USD",
    }


@pytest.mark.parametrize("ids", [["fal-ai/never-was"], [SORA, "fal-ai/never-was"]])
def test_unknown_endpoint_fails_the_whole_list_of_prices(fal: httpx.Client, ids: list[str]) -> None:
    answer = fal.get("/models/pricing", params={"endpoint_id": ids})

    assert (answer.status_code, answer.json()["error"]["type"]) == (404, "not_found")


def test_prices_need_a_key_and_an_endpoint(fal: httpx.Client) -> None:
    without_endpoint = fal.get("/models/pricing")
    del fal.headers["Authorization"]
    without_key = fal.get("/models/pricing", params={"endpoint_id": SORA})

    assert (without_endpoint.status_code, without_key.status_code) == (400, 401)


def test_changed_price_is_given_until_a_reset(sandbox: SandboxProcess, fal: httpx.Client) -> None:
    def price() -> Any:
        answer = fal.get("/models/pricing", params={"endpoint_id": SORA})
        return answer.json()["prices"][0]["unit_price"]

    sandbox.endpoint(SORA, unit_price=0.25)
    changed = price()
    sandbox.reset()

    assert (changed, price()) == (0.25, 0.10)


def test_a_deprecated_endpoint_still_runs(sandbox: SandboxProcess, fal: httpx.Client) -> None:
    sandbox.endpoint(SORA, status="deprecated")

    assert submit(sandbox, fal, SORA, video_id="x", prompt="noir").status_code == 200


@pytest.mark.parametrize(
    ("endpoint_id", "detail"),
    [(SORA, 'Application "sora-2" not found'), (KLING, "Path not found")],
)
def test_removed_endpoint_is_unknown(
    sandbox: SandboxProcess, fal: httpx.Client, endpoint_id: str, detail: str
) -> None:
    sandbox.endpoint(endpoint_id, gone=True)

    refused = submit(sandbox, fal, endpoint_id, prompt="noir")
    price = fal.get("/models/pricing", params={"endpoint_id": endpoint_id})

    assert models(fal, endpoint_id) == []
    assert price.status_code == 404
    assert (refused.status_code, refused.json()) == (404, {"detail": detail})


def test_retired_endpoint_is_reported_as_retired(
    sandbox: SandboxProcess, fal: httpx.Client
) -> None:
    sandbox.endpoint(SORA, retired="EndpointDeprecated")

    refused = submit(sandbox, fal, SORA, video_id="x", prompt="noir")

    assert refused.status_code == 400
    assert refused.json()["detail"]["error"] == "EndpointDeprecated"
    assert "no longer supported" in refused.json()["detail"]["message"]
    assert sandbox.accepted() == []


def test_a_changed_schema_is_published_and_enforced(
    sandbox: SandboxProcess, fal: httpx.Client
) -> None:
    sandbox.endpoint(
        WAN,
        schema={
            "properties": {
                "style": {"type": "string"},
                "resolution": {"enum": ["4k"], "default": "4k"},
                "audio_setting": None,
            },
            "required": ["prompt", "video_url", "style"],
        },
    )

    found = schema(fal, WAN)
    body = {"prompt": "x", "video_url": "x", "resolution": "720p", "audio_setting": "auto"}
    refused = submit(sandbox, fal, WAN, **body)
    assert found["required"] == ["prompt", "video_url", "style"]
    assert found["properties"]["resolution"]["default"] == "4k"
    assert found["x-fal-order-properties"][-1] == "style"
    assert "audio_setting" not in found["properties"]
    assert {complaint["loc"][1]: complaint["type"] for complaint in refused.json()["detail"]} == {
        "resolution": "literal_error",
        "style": "missing",
        "audio_setting": "extra_forbidden",
    }


@pytest.mark.parametrize(
    ("endpoint_id", "changes"), [("fal-ai/never-was", {"gone": True}), (SORA, {"colour": "red"})]
)
def test_only_existing_endpoints_can_be_changed(
    sandbox: SandboxProcess, endpoint_id: str, changes: JSON
) -> None:
    with pytest.raises(httpx.HTTPStatusError):
        sandbox.endpoint(endpoint_id, **changes)


@pytest.mark.parametrize(("kind", "path"), [("models", "/models"), ("pricing", "/models/pricing")])
def test_platform_faults_are_counted(
    sandbox: SandboxProcess, fal: httpx.Client, kind: str, path: str
) -> None:
    sandbox.misbehave(kind, "answer", status=429, body={"error": {"type": "rate_limited"}})

    answer = fal.get(path, params={"endpoint_id": SORA})

    assert answer.status_code == 429
    assert sandbox.calls()[kind] == 1
    assert sandbox.struck() == {kind: {"answer 429": 1}}
