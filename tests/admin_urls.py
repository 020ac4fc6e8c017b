"""URLs of pages on the default admin site."""

from django.contrib import admin

from sora_remix.admin.links import Links

_links = Links(admin.site)
remix_page_url = _links.remix_url
captions_url = _links.captions_url
change_url = _links.change_url
changelist_url = _links.changelist_url
compare_url = _links.compare_url
confirm_url = _links.confirm_url
file_url = _links.file_url
review_url = _links.review_url
title_url = _links.title_url
tree_url = _links.tree_url
upload_url = _links.upload_url


def video_url(name: str) -> str:
    """Return the URL of a page about videos."""
    return _links.page_url(f"sora_remix_video_{name}")
