"""An exception says what happened, also when it is raised without a message."""

from __future__ import annotations

import pytest
from django.utils.translation import gettext_lazy

from sora_remix import exceptions
from sora_remix.exceptions import Reason, RemoteFailure, RequestRefused, SoraRemixError


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        (SoraRemixError, "Something went wrong with a remix."),
        (
            exceptions.InvalidTransition,
            "The remix is no longer in a state that allows this. Check it again.",
        ),
        (exceptions.NotReady, "fal is still working on it."),
        (exceptions.FileGone, "The file server no longer has the file behind this URL."),
    ],
)
def test_each_kind_has_a_message_for_when_none_is_given(
    kind: type[SoraRemixError], message: str
) -> None:
    assert str(kind()) == message


def test_a_message_goes_before_that_of_its_kind() -> None:
    assert str(exceptions.FileGone(gettext_lazy("It is gone."))) == "It is gone."


@pytest.mark.parametrize(
    ("kind", "parent"),
    [
        (exceptions.UnknownEndpoint, SoraRemixError),
        (exceptions.InvalidEndpoint, SoraRemixError),
        (exceptions.InvalidTransition, SoraRemixError),
        (RequestRefused, SoraRemixError),
        (exceptions.RemoteError, SoraRemixError),
        (exceptions.NotReady, exceptions.TryLater),
        (exceptions.TryLater, exceptions.RemoteError),
        (RemoteFailure, exceptions.RemoteError),
        (exceptions.FileGone, exceptions.RemoteError),
        (exceptions.FileRefused, exceptions.RemoteError),
        (exceptions.NotAVideo, exceptions.RemoteError),
    ],
)
def test_an_exception_is_caught_as_its_more_general_one(
    kind: type[SoraRemixError], parent: type[SoraRemixError]
) -> None:
    assert issubclass(kind, parent)


@pytest.mark.parametrize(
    "final", [RemoteFailure, exceptions.FileGone, exceptions.FileRefused, exceptions.NotAVideo]
)
def test_what_is_final_is_never_taken_for_something_that_passes(
    final: type[SoraRemixError],
) -> None:
    assert not issubclass(final, exceptions.TryLater)


def test_a_refused_request_names_all_reasons_and_the_fields_to_blame() -> None:
    reasons = [Reason("prompts", "It is empty."), Reason("videos", gettext_lazy("It is gone."))]

    refused = RequestRefused(reasons)

    assert str(refused) == "It is empty. It is gone."
    assert [reason.field for reason in refused.reasons] == ["prompts", "videos"]


def test_a_failure_at_fal_keeps_its_code() -> None:
    failure = RemoteFailure("content_policy_violation", "Not that.")

    assert (failure.code, str(failure)) == ("content_policy_violation", "Not that.")
