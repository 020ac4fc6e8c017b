import re

from django.db import migrations, models

STORED = re.compile(r"(?:.*/)?sora_remix/[a-z]+/[0-9a-f]{32}[^/]*", re.DOTALL)
"""Names that only the app has ever given to files, wherever the storage has put them."""
BATCH = 500


def own(model, fields, alias):
    """Note which files of these rows the app stored; others were the site's own before."""
    rows, last = model.objects.using(alias).order_by("pk").only(*fields), 0
    while batch := list(rows.filter(pk__gt=last)[:BATCH]):
        last = batch[-1].pk
        for row in batch:
            names = (str(getattr(row, field) or "") for field in fields)
            row.stored_files = [name for name in names if STORED.fullmatch(name)]
        model.objects.using(alias).bulk_update(
            [row for row in batch if row.stored_files], ["stored_files"]
        )


def own_files_of_videos(apps, schema_editor):
    fields = ("file", "thumbnail", "spritesheet", "captions")
    own(apps.get_model("sora_remix", "Video"), fields, schema_editor.connection.alias)


def own_files_of_images(apps, schema_editor):
    model = apps.get_model("sora_remix", "ReferenceImage")
    own(model, ("file",), schema_editor.connection.alias)


class Migration(migrations.Migration):
    dependencies = [("sora_remix", "0004_integrity")]

    operations = [
        migrations.AlterField(
            model_name="pendingfile",
            name="name",
            field=models.CharField(db_index=True, max_length=200),
        ),
        migrations.AddField(
            model_name="referenceimage",
            name="stored_files",
            field=models.JSONField(blank=True, default=list, editable=False),
        ),
        migrations.AddField(
            model_name="video",
            name="stored_files",
            field=models.JSONField(blank=True, default=list, editable=False),
        ),
        # PostgreSQL changes no table after its rows in one transaction: these stay last.
        migrations.RunPython(
            own_files_of_videos,
            migrations.RunPython.noop,
            hints={"model_name": "video"},
            elidable=True,
        ),
        migrations.RunPython(
            own_files_of_images,
            migrations.RunPython.noop,
            hints={"model_name": "referenceimage"},
            elidable=True,
        ),
    ]
