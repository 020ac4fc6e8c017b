"""Give batches a name, and call an endpoint a model where editors read it."""

from django.db import migrations

import sora_remix.models.fields


class Migration(migrations.Migration):
    dependencies = [
        ("sora_remix", "0014_plain_english"),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="remixbatch",
            options={
                "base_manager_name": "objects",
                "default_permissions": ("change",),
                "ordering": ("-pk",),
                "permissions": (
                    ("confirm_any_draft", "Can view, confirm and discard other people's drafts"),
                ),
                "verbose_name": "remix batch",
                "verbose_name_plural": "remix batches",
            },
        ),
        migrations.AddField(
            model_name="remixbatch",
            name="name",
            field=sora_remix.models.fields.ExactCharField(
                blank=True,
                default="",
                help_text="For example “Mountains at dusk, spring campaign”.",
                max_length=200,
                verbose_name="name",
            ),
        ),
        migrations.AlterField(
            model_name="promptpreset",
            name="endpoint",
            field=sora_remix.models.fields.ExactCharField(
                blank=True, max_length=100, verbose_name="model"
            ),
        ),
        migrations.AlterField(
            model_name="remix",
            name="endpoint",
            field=sora_remix.models.fields.ExactCharField(max_length=100, verbose_name="model"),
        ),
    ]
