"""What visitors of the site see."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render

from tests.sites.clips.models import Article


def article(request: HttpRequest, pk: int) -> HttpResponse:
    """Show an article with its video."""
    return render(request, "clips/article.html", {"article": get_object_or_404(Article, pk=pk)})
