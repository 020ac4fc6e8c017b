"""Bind decisions to what was seen, and keep only permissions that open something."""

from __future__ import annotations

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("sora_remix", "0007_video_facts")]

    operations = [
        migrations.AlterModelOptions(
            name="remixbatch",
            options={
                "base_manager_name": "objects",
                "default_permissions": (),
                "ordering": ("-pk",),
                "permissions": (
                    ("confirm_any_draft", "Can see, confirm and discard drafts of others"),
                ),
                "verbose_name": "batch of remixes",
                "verbose_name_plural": "batches of remixes",
            },
        ),
    ]
