from django.db import migrations, models

from sora_remix.models import fields


class Migration(migrations.Migration):
    dependencies = [
        ("sora_remix", "0006_all_databases"),
    ]

    operations = [
        migrations.AddField(
            model_name="video",
            name="audio_codec",
            field=fields.ExactCharField(blank=True, editable=False, max_length=32),
        ),
        migrations.AddField(
            model_name="video",
            name="container",
            field=fields.ExactCharField(blank=True, editable=False, max_length=16),
        ),
        migrations.AddField(
            model_name="video",
            name="readings",
            field=models.PositiveSmallIntegerField(default=0, editable=False),
        ),
        migrations.AddField(
            model_name="video",
            name="video_codec",
            field=fields.ExactCharField(blank=True, editable=False, max_length=32),
        ),
        migrations.AddIndex(
            model_name="video",
            index=models.Index(fields=["container", "readings"], name="sora_remix_video_unread"),
        ),
    ]
