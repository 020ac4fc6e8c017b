"""What the card of a video shows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.safestring import SafeString
from django.utils.translation import ngettext

from ..checkout.endpoints import why_not_remixable
from ..compare.views import with_source
from ..formatting import html, text
from ..links import Links


@dataclass(frozen=True)
class Card:
    """A video in the gallery, in texts and links."""

    key: str
    title: str
    url: str
    """Of its page; empty where the site has none."""
    picture: SafeString
    length: str
    approval: SafeString
    origin: SafeString | str
    remixes: SafeString | str
    """Number of remixes made from it; empty if there are none."""
    compare_url: str
    tree_url: str
    why_not: str
    """Why it can't be remixed; empty if it can."""


def card_of(video: Any, links: Links, url: str) -> Card:
    """Return the card of a result of the changelist."""
    remix = getattr(video, "remix", None)
    sees_source = getattr(video, "_sees_source", False)
    return Card(
        key=str(video.pk),
        title=video.title,
        url=url,
        picture=html.thumbnail(video, links),
        length=text.play_time(video.duration),
        approval=html.approval(video),
        origin=html.origin(video, links),
        remixes=_remixes(video, links),
        compare_url=with_source(remix, links) if sees_source else "",
        tree_url=links.tree_url(video) if video._remixes or remix else "",
        why_not=why_not_remixable(video),
    )


def _remixes(video: Any, links: Links) -> SafeString | str:
    many = video._remixes
    if not many:
        return ""
    label = ngettext("%(many)d remix", "%(many)d remixes", many) % {"many": many}
    return html.remixes_of(video, label, links)
