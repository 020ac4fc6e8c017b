from django.conf import settings
from django.db import migrations, models


def keep_first_retry(apps, schema_editor):
    """Let go of what a remix was retried by a second time: the history of both still tells it."""
    alias = schema_editor.connection.alias
    remixes = apps.get_model("sora_remix", "Remix").objects.using(alias)
    retried = remixes.exclude(retry_of=None).order_by().values("retry_of")
    for row in retried.annotate(first=models.Min("pk"), many=models.Count("pk")).filter(many__gt=1):
        remixes.filter(retry_of=row["retry_of"], pk__gt=row["first"]).update(retry_of=None)


class Migration(migrations.Migration):
    dependencies = [
        ("sora_remix", "0003_fill_root"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="chain",
            options={
                "base_manager_name": "objects",
                "verbose_name": "chain of turns",
                "verbose_name_plural": "chain of turns",
            },
        ),
        migrations.AlterModelOptions(
            name="delivery",
            options={"base_manager_name": "objects"},
        ),
        migrations.AlterModelOptions(
            name="endpointfact",
            options={
                "base_manager_name": "objects",
                "verbose_name": "what fal says of an endpoint",
                "verbose_name_plural": "what fal says of endpoints",
            },
        ),
        migrations.AlterModelOptions(
            name="pendingfile",
            options={"base_manager_name": "objects"},
        ),
        migrations.AlterModelOptions(
            name="promptpreset",
            options={
                "base_manager_name": "objects",
                "ordering": ("name", "pk"),
                "verbose_name": "prompt preset",
                "verbose_name_plural": "prompt presets",
            },
        ),
        migrations.AlterModelOptions(
            name="referenceimage",
            options={
                "base_manager_name": "objects",
                "ordering": ("pk",),
                "verbose_name": "reference image",
                "verbose_name_plural": "reference images",
            },
        ),
        migrations.AlterModelOptions(
            name="remix",
            options={
                "base_manager_name": "objects",
                "ordering": ("-pk",),
                "permissions": (
                    ("cancel_remix", "Can cancel remixes"),
                    ("retry_remix", "Can retry remixes and collect them again"),
                    ("decide_unconfirmed", "Can decide about unconfirmed remixes"),
                    ("view_exchange", "Can view what was exchanged with fal"),
                ),
                "verbose_name": "remix",
                "verbose_name_plural": "remixes",
            },
        ),
        migrations.AlterModelOptions(
            name="remixbatch",
            options={
                "base_manager_name": "objects",
                "ordering": ("-pk",),
                "verbose_name": "batch of remixes",
                "verbose_name_plural": "batches of remixes",
            },
        ),
        migrations.AlterModelOptions(
            name="remixevent",
            options={
                "base_manager_name": "objects",
                "ordering": ("pk",),
                "verbose_name": "event of a remix",
                "verbose_name_plural": "events of remixes",
            },
        ),
        migrations.AlterModelOptions(
            name="video",
            options={
                "base_manager_name": "objects",
                "ordering": ("-pk",),
                "permissions": (
                    ("remix_video", "Can remix videos, which costs money"),
                    ("approve_video", "Can approve and reject videos"),
                ),
                "verbose_name": "video",
                "verbose_name_plural": "videos",
            },
        ),
        migrations.AddField(
            model_name="chain",
            name="held_because",
            field=models.TextField(blank=True),
        ),
        migrations.AlterField(
            model_name="remix",
            name="request_id",
            field=models.CharField(
                blank=True,
                db_index=True,
                editable=False,
                max_length=255,
                verbose_name="request id",
            ),
        ),
        migrations.RunPython(keep_first_retry, migrations.RunPython.noop, elidable=True),
        migrations.AddConstraint(
            model_name="remix",
            constraint=models.UniqueConstraint(
                fields=("retry_of",), name="sora_remix_remix_retried_once"
            ),
        ),
    ]
