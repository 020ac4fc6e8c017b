"""Written by hand where `makemigrations` names what only the newest Wagtail has."""

from typing import Any

import django.db.models.deletion
import wagtail.fields
from django.db import migrations, models

BLOCKS: dict[int, tuple[str, tuple[Any, ...], dict[str, Any]]] = {
    0: ("wagtail.blocks.CharBlock", (), {}),
    1: ("sora_remix.contrib.wagtail.blocks.VideoChooserBlock", (), {}),
}


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("sora_remix", "0025_view_costs"),
        ("wagtailcore", "0094_alter_page_locale"),
    ]

    operations = [
        migrations.CreateModel(
            name="StoryPage",
            fields=[
                (
                    "page_ptr",
                    models.OneToOneField(
                        auto_created=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        parent_link=True,
                        primary_key=True,
                        serialize=False,
                        to="wagtailcore.page",
                    ),
                ),
                (
                    "body",
                    wagtail.fields.StreamField(
                        [("heading", 0), ("video", 1)], blank=True, block_lookup=BLOCKS
                    ),
                ),
                (
                    "video",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="sora_remix.video",
                    ),
                ),
            ],
            options={"abstract": False},
            bases=("wagtailcore.page",),
        ),
    ]
