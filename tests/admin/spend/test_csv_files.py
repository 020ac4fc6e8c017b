"""Downloads have exact amounts, and no text in them becomes a formula."""

from __future__ import annotations

import csv
import io
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from sora_remix.admin.spend.csv_files import FORMULA, csv_response
from sora_remix.models import Remix, RemixBatch
from sora_remix.models.status import Status
from tests.factories import make_remix, make_video, moment
from tests.remix_actions import log_in
from tests.users import User

pytestmark = pytest.mark.django_db

SPEND = "/admin/sora_remix/remix/spend/"
FORMULAS = ("=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1")


def _read(client: Client, name: str, **query: str) -> list[list[str]]:
    response: Any = client.get(SPEND + name, query)
    assert response.streaming
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    return _parsed(response)


def _parsed(response: Any) -> list[list[str]]:
    content = b"".join(response)
    assert content.startswith(b"\xef\xbb\xbf")
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def test_all_groups_are_downloaded_with_exact_amounts(admin_client: Client) -> None:
    charged = {"status": Status.FAILED, "request_id": "r", "error_code": "result_expired"}
    make_remix(endpoint="flux-3", **charged, estimated_cost="0.000001", billed_cost="0.123456")
    make_remix(endpoint="flux-3", status=Status.SUCCEEDED)

    [head, row] = _read(admin_client, "groups.csv", group="model")

    assert dict(zip(head, row, strict=True)) == {
        "Model": "FLUX 3",
        "Remixes": "2",
        "Estimated": "0.000001",
        "Remixes with an estimate": "1",
        "Calculated": "",
        "Remixes with a calculated cost": "0",
        "Billed": "0.123456",
        "Remixes with a billed cost": "1",
        "Best known": "0.123456",
        "Of it billed": "0.123456",
        "Of it calculated": "",
        "Of it estimated": "",
        "Remixes of unknown cost": "1",
        "Failures": "0.123456",
        "Failed remixes": "1",
        "Approved videos": "0",
    }


@pytest.mark.parametrize(
    "grouping", ["day", "week", "month", "person", "group", "model", "batch", "video"]
)
def test_download_has_a_row_for_each_group(admin_client: Client, grouping: str) -> None:
    user = User.objects.create_user("editor")
    make_remix(requested_by=user, batch=RemixBatch.objects.create(name="Dusk"), billed_cost=1)

    assert len(_read(admin_client, "groups.csv", group=grouping)) == 2


def test_download_of_more_groups_than_one_query_names_has_all(
    admin_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sora_remix.admin.spend.groupings.ROWS_PER_QUERY", 2)
    for number in range(5):
        make_remix(source=make_video(title=f"Film {number}"), billed_cost=number)

    rows = _read(admin_client, "groups.csv", group="video")

    assert [row[0] for row in rows[1:]] == [f"Film {number}" for number in (4, 3, 2, 1, 0)]


def test_single_remixes_are_downloaded(admin_client: Client) -> None:
    user = User.objects.create_user("editor")
    remix = make_remix(
        source=make_video(title="Meer – «ß»"),
        endpoint="flux-3",
        status=Status.SUCCEEDED,
        result=make_video(approval="approved"),
        batch=RemixBatch.objects.create(name="Dusk"),
        requested_by=user,
        estimated_cost="0.4",
        calculated_cost="0.42",
        finished_at=moment(2026, 5, 2, 10, 30),
    )
    Remix.objects.update(created_at=moment(2026, 5, 2, 10, 0))

    [head, row] = _read(admin_client, "remixes.csv")

    values = dict(zip(head, row, strict=True))
    assert values.pop("Requested at").startswith("2026-05-02 10:00:00")
    assert values.pop("Finished at").startswith("2026-05-02 10:30:00")
    assert values == {
        "Remix": str(remix.pk),
        "Status": "succeeded",
        "Model": "FLUX 3",
        "Source": "Meer – «ß»",
        "Batch": "Dusk",
        "Requested by": "editor",
        "Estimated": "0.400000",
        "Calculated": "0.420000",
        "Billed": "",
        "Best known": "0.420000",
        "Best known is": "calculated",
        "Approval of the result": "approved",
    }


def test_downloads_are_filtered_as_the_page_is(admin_client: Client) -> None:
    make_remix(endpoint="flux-3", status=Status.FAILED)
    make_remix(endpoint="flux-3", status=Status.SUCCEEDED)
    make_remix(endpoint="sora-2", status=Status.FAILED)
    query = {"model": "flux-3", "failed": "on"}

    remixes = _read(admin_client, "remixes.csv", **query)
    groups = _read(admin_client, "groups.csv", **query)

    assert (len(remixes), groups[1][1]) == (2, "1")


@pytest.mark.parametrize("name", ["groups.csv", "remixes.csv"])
def test_wrong_filters_lead_back_to_the_page(admin_client: Client, name: str) -> None:
    response = admin_client.get(SPEND + name, {"start": "31.2.2026"})

    assert (response.status_code, response["Location"]) == (302, f"{SPEND}?start=31.2.2026")


@pytest.mark.parametrize("text", FORMULAS)
def test_no_text_is_a_formula(admin_client: Client, text: str) -> None:
    user = User.objects.create_user("editor")
    User.objects.filter(pk=user.pk).update(username=text)
    batch = RemixBatch.objects.create(name=text)
    make_remix(source=make_video(title=text), batch=batch, requested_by=user, endpoint=text)

    cells = [cell for row in _read(admin_client, "remixes.csv") for cell in row]
    for grouping in ("video", "batch", "person", "model"):
        cells += [row[0] for row in _read(admin_client, "groups.csv", group=grouping)]

    assert cells.count(f"'{text}") == 8
    assert not [cell for cell in cells if cell.startswith(FORMULA)]


def test_negative_amounts_stay_numbers() -> None:
    [row] = _parsed(csv_response("credit", [("credit", Decimal("-0.5"), -1)]))

    assert row == ["credit", "-0.5", "-1"]


def test_downloads_have_no_request_ids_or_error_codes(client: Client) -> None:
    log_in(client, "view_remix", "view_costs")
    make_remix(status=Status.FAILED, request_id="fal-secret", error_code="code_of_fal")

    cells = [cell for row in _read(client, "remixes.csv") for cell in row]

    assert not {"fal-secret", "code_of_fal"} & {*cells}
