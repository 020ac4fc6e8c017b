"""Bind decisions to what was seen, and keep only permissions that open something."""

from __future__ import annotations

from django.db import migrations, models
from django.db.models import Q


def remember_what_a_model_made(apps, schema_editor):
    """Mark Sora generations and results of remixes; what lost both marks can't be found."""
    model = apps.get_model("sora_remix", "Video")
    rows = model.objects.using(schema_editor.connection.alias)
    made = Q(sora_id__isnull=False) | Q(root__isnull=False)
    rows.filter(made).update(was_made_by_ai=True)
    results = apps.get_model("sora_remix", "Remix").objects.using(rows.db)
    pks = results.filter(result__isnull=False).values("result")
    rows.filter(pk__in=pks).update(was_made_by_ai=True)


class Migration(migrations.Migration):
    dependencies = [("sora_remix", "0007_video_facts")]

    operations = [
        migrations.AddField(
            model_name="video",
            name="was_made_by_ai",
            field=models.BooleanField(default=False, editable=False),
        ),
        migrations.RunPython(remember_what_a_model_made, migrations.RunPython.noop, elidable=True),
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
        migrations.AlterModelOptions(
            name="chain",
            options={
                "base_manager_name": "objects",
                "default_permissions": (),
                "verbose_name": "chain of turns",
                "verbose_name_plural": "chain of turns",
            },
        ),
        migrations.AlterModelOptions(
            name="delivery",
            options={"base_manager_name": "objects", "default_permissions": ()},
        ),
        migrations.AlterModelOptions(
            name="endpointfact",
            options={
                "base_manager_name": "objects",
                "default_permissions": (),
                "verbose_name": "what fal says of an endpoint",
                "verbose_name_plural": "what fal says of endpoints",
            },
        ),
        migrations.AlterModelOptions(
            name="pendingfile",
            options={"base_manager_name": "objects", "default_permissions": ()},
        ),
        migrations.AlterModelOptions(
            name="referenceimage",
            options={
                "base_manager_name": "objects",
                "default_permissions": (),
                "ordering": ("pk",),
                "verbose_name": "reference image",
                "verbose_name_plural": "reference images",
            },
        ),
        migrations.AlterModelOptions(
            name="remix",
            options={
                "base_manager_name": "objects",
                "default_permissions": ("view",),
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
            name="remixevent",
            options={
                "base_manager_name": "objects",
                "default_permissions": (),
                "ordering": ("pk",),
                "verbose_name": "event of a remix",
                "verbose_name_plural": "events of remixes",
            },
        ),
    ]
