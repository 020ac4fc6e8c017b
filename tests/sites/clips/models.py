"""A site's own model of clips."""

from __future__ import annotations

from uuid import uuid4

from django.db import models


class Clip(models.Model):
    """A clip of the site, which knows nothing of this app."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    name = models.CharField(max_length=300)
    clip = models.FileField(upload_to="clips", blank=True)

    def __str__(self) -> str:
        return self.name


class Article(models.Model):
    """A page of the site that shows a video."""

    id = models.BigAutoField(primary_key=True)
    name = models.CharField(max_length=100)
    video = models.ForeignKey(
        "sora_remix.Video",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        db_constraint=False,
    )
    """Without a constraint, because this app has no migrations: its tables are made first."""

    def __str__(self) -> str:
        return self.name
