"""Let videos name files in other storages, and the site's objects that they were added for."""

from django.db import migrations, models

from sora_remix.models.fields import ExactCharField


class Migration(migrations.Migration):
    dependencies = [("sora_remix", "0025_view_costs")]

    operations = [
        migrations.AddField(
            model_name="video",
            name="storage_alias",
            field=ExactCharField(blank=True, editable=False, max_length=64),
        ),
        migrations.AddField(
            model_name="video",
            name="fingerprint",
            field=ExactCharField(blank=True, editable=False, max_length=64),
        ),
        migrations.AddField(
            model_name="video",
            name="source_model",
            field=ExactCharField(blank=True, editable=False, max_length=200),
        ),
        migrations.AddField(
            model_name="video",
            name="source_key",
            field=ExactCharField(blank=True, editable=False, max_length=200),
        ),
        migrations.AddIndex(
            model_name="video",
            index=models.Index(fields=["source_key"], name="sora_remix_video_source"),
        ),
        migrations.AlterField(
            model_name="fittedclip",
            name="made_from",
            field=ExactCharField(max_length=340),
        ),
        migrations.AlterField(
            model_name="sourcecopy",
            name="name",
            field=ExactCharField(max_length=340, unique=True),
        ),
    ]
