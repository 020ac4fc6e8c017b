"""Let pages have videos."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("cms", "0034_remove_pagecontent_placeholders"),
        ("sora_remix", "0026_own_media"),
    ]

    operations = [
        migrations.CreateModel(
            name="VideoPlugin",
            fields=[
                (
                    "cmsplugin_ptr",
                    models.OneToOneField(
                        auto_created=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        parent_link=True,
                        primary_key=True,
                        related_name="%(app_label)s_%(class)s",
                        serialize=False,
                        to="cms.cmsplugin",
                    ),
                ),
                (
                    "title",
                    models.CharField(
                        blank=True,
                        help_text=(
                            "Screen readers say it. If it is empty, they say the title of the "
                            "video."
                        ),
                        max_length=200,
                        verbose_name="title",
                    ),
                ),
                (
                    "autoplay",
                    models.BooleanField(
                        default=False,
                        help_text="Starts by itself, always without sound.",
                        verbose_name="autoplay",
                    ),
                ),
                ("loop", models.BooleanField(default=False, verbose_name="loop")),
                (
                    "muted",
                    models.BooleanField(
                        default=False,
                        help_text="Starts without sound. Visitors can turn it on.",
                        verbose_name="muted",
                    ),
                ),
                (
                    "lazy",
                    models.BooleanField(
                        default=True,
                        help_text="Loads nothing before the video is about to be visible.",
                        verbose_name="load late",
                    ),
                ),
                (
                    "video",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="sora_remix.video",
                        verbose_name="video",
                    ),
                ),
            ],
            options={
                "verbose_name": "video on a page",
                "verbose_name_plural": "videos on pages",
            },
            bases=("cms.cmsplugin",),
        ),
    ]
