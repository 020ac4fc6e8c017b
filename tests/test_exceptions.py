"""An exception says what happened, even when raised without a message."""

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
def test_each_exception_has_a_default_message(kind: type[SoraRemixError], message: str) -> None:
    assert str(kind()) == message


def test_message_overrides_the_default() -> None:
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
        (exceptions.SourceUnreadable, exceptions.NotAVideo),
        (exceptions.ClipTooLarge, SoraRemixError),
    ],
)
def test_exception_is_a_subclass_of_its_general_one(
    kind: type[SoraRemixError], parent: type[SoraRemixError]
) -> None:
    assert issubclass(kind, parent)


@pytest.mark.parametrize(
    "final", [RemoteFailure, exceptions.FileGone, exceptions.FileRefused, exceptions.NotAVideo]
)
def test_final_error_is_not_a_temporary_one(
    final: type[SoraRemixError],
) -> None:
    assert not issubclass(final, exceptions.TryLater)


def test_refused_request_has_all_reasons_and_their_fields() -> None:
    reasons = [Reason("prompts", "It is empty."), Reason("videos", gettext_lazy("It is gone."))]

    refused = RequestRefused(reasons)

    assert str(refused) == "It is empty. It is gone."
    assert [reason.field for reason in refused.reasons] == ["prompts", "videos"]


def test_failure_at_fal_keeps_its_code() -> None:
    failure = RemoteFailure("content_policy_violation", "Not that.")

    assert (failure.code, str(failure)) == ("content_policy_violation", "Not that.")
