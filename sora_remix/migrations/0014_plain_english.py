"""Say in plain English what editors read: labels, help texts and a permission."""

from django.db import migrations, models

import sora_remix.models.fields


class Migration(migrations.Migration):
    dependencies = [
        ("sora_remix", "0013_remove_batch_key"),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="remixbatch",
            options={
                "base_manager_name": "objects",
                "default_permissions": (),
                "ordering": ("-pk",),
                "permissions": (
                    ("confirm_any_draft", "Can view, confirm and discard other people's drafts"),
                ),
                "verbose_name": "remix batch",
                "verbose_name_plural": "remix batches",
            },
        ),
        migrations.AlterModelOptions(
            name="remixevent",
            options={
                "base_manager_name": "objects",
                "default_permissions": (),
                "ordering": ("pk",),
                "verbose_name": "remix event",
                "verbose_name_plural": "remix events",
            },
        ),
        migrations.AlterField(
            model_name="promptpreset",
            name="is_shared",
            field=models.BooleanField(
                default=False,
                help_text="Everyone who can remix videos can use it.",
                verbose_name="shared",
            ),
        ),
        migrations.AlterField(
            model_name="promptpreset",
            name="text",
            field=sora_remix.models.fields.ExactTextField(
                help_text=(
                    "{title} and {seconds} are replaced with each video's title and length in "
                    "seconds. To get a brace, type {{ or }}."
                ),
                verbose_name="prompt",
            ),
        ),
        migrations.AlterField(
            model_name="video",
            name="approval_note",
            field=sora_remix.models.fields.ExactTextField(
                blank=True, editable=False, verbose_name="approval note"
            ),
        ),
        migrations.AlterField(
            model_name="video",
            name="captions_language",
            field=sora_remix.models.fields.ExactCharField(
                blank=True,
                help_text="A code such as “en” or “pt-br”. Leave empty for the site's language.",
                max_length=35,
                verbose_name="captions language",
            ),
        ),
    ]
