"""Recognise an upload that is sent again."""

from django.db import migrations, models

import sora_remix.models.fields


class Migration(migrations.Migration):
    dependencies = [
        ("sora_remix", "0016_preference"),
    ]

    operations = [
        migrations.AddField(
            model_name="video",
            name="upload_key",
            field=sora_remix.models.fields.BlankAsNullCharField(
                blank=True, default="", editable=False, max_length=36, null=True
            ),
        ),
        migrations.AddConstraint(
            model_name="video",
            constraint=models.UniqueConstraint(
                fields=("upload_key",), name="sora_remix_video_upload_key_unique"
            ),
        ),
    ]
