import uuid

from django.db import migrations, models


def fill_keys(apps, schema_editor):
    """Give each batch a key of its own, on the way back."""
    rows = apps.get_model("sora_remix", "RemixBatch").objects.using(schema_editor.connection.alias)
    for pk in rows.values_list("pk", flat=True).iterator():
        rows.filter(pk=pk).update(key=uuid.uuid4())


class Migration(migrations.Migration):
    dependencies = [("sora_remix", "0012_source_copies")]

    operations = [
        # On the way back, the column is empty at first: one default would break its constraint.
        migrations.AlterField(
            model_name="remixbatch",
            name="key",
            field=models.UUIDField(editable=False, null=True),
        ),
        migrations.RunPython(
            migrations.RunPython.noop, fill_keys, hints={"model_name": "remixbatch"}, elidable=True
        ),
        migrations.RemoveField(model_name="remixbatch", name="key"),
    ]
