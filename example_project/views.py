"""The public page of the example site."""

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from sora_remix.models import Video

PER_PAGE = 12


def home(request: HttpRequest) -> HttpResponse:
    """Show the approved videos, newest first."""
    pages = Paginator(Video.objects.approved(), PER_PAGE)
    page = pages.get_page(request.GET.get("page"))
    return render(request, "example_project/home.html", {"page": page})
