from django.db import migrations, models

import sora_remix.models.fields


class Migration(migrations.Migration):
    dependencies = [
        ("sora_remix", "0020_calculated_cost"),
    ]

    operations = [
        migrations.RemoveIndex(model_name="video", name="sora_remix_video_unread"),
        migrations.AddField(
            model_name="fittedclip",
            name="is_cut_off",
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name="fittedclip",
            name="pixel_format",
            field=sora_remix.models.fields.ExactCharField(blank=True, max_length=32),
        ),
        migrations.AddField(
            model_name="video",
            name="is_cut_off",
            field=models.BooleanField(default=False, editable=False),
        ),
        migrations.AddField(
            model_name="video",
            name="pixel_format",
            field=sora_remix.models.fields.ExactCharField(
                blank=True, editable=False, max_length=32
            ),
        ),
        migrations.AddIndex(
            model_name="video",
            index=models.Index(fields=["pixel_format", "readings"], name="sora_remix_video_unread"),
        ),
    ]
