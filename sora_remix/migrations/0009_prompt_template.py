import hashlib

from django.db import migrations

from sora_remix.models import fields

BATCH = 500


def fill_digest(apps, schema_editor):
    """Group the remixes of batches that exist by their prompts: as typed they are not known."""
    rows = apps.get_model("sora_remix", "Remix").objects.using(schema_editor.connection.alias)
    rows, last = rows.order_by("pk").only("prompt"), 0
    while batch := list(rows.filter(pk__gt=last)[:BATCH]):
        last = batch[-1].pk
        for row in batch:
            prompt = row.prompt.encode("utf-8", "surrogatepass")
            row.prompt_digest = hashlib.sha256(prompt).hexdigest()
        rows.bulk_update(batch, ["prompt_digest"])


class Migration(migrations.Migration):
    dependencies = [("sora_remix", "0008_approval")]

    operations = [
        migrations.AddField(
            model_name="remix",
            name="prompt_template",
            field=fields.ExactTextField(
                blank=True, default="", editable=False, verbose_name="prompt as typed"
            ),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="remix",
            name="prompt_digest",
            field=fields.ExactCharField(default="", editable=False, max_length=64),
            preserve_default=False,
        ),
        # PostgreSQL changes no table after its rows in one transaction: this stays last.
        migrations.RunPython(
            fill_digest,
            migrations.RunPython.noop,
            hints={"model_name": "remix"},
            elidable=True,
        ),
    ]
