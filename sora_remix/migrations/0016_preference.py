"""Remember how each person wants the list of videos."""

from django.conf import settings
from django.db import migrations, models

import sora_remix.models.fields
import sora_remix.models.users


class Migration(migrations.Migration):
    dependencies = [
        ("sora_remix", "0015_batch_name"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Preference",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "gallery_layout",
                    sora_remix.models.fields.ExactCharField(
                        choices=[("cards", "Cards"), ("rows", "Rows")],
                        default="cards",
                        max_length=5,
                        verbose_name="layout of the list of videos",
                    ),
                ),
                (
                    "user",
                    sora_remix.models.users.UserForeignKey(
                        db_constraint=False,
                        editable=False,
                        null=True,
                        on_delete=sora_remix.models.users.forget_user,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="user",
                    ),
                ),
            ],
            options={
                "verbose_name": "preference",
                "verbose_name_plural": "preferences",
                "ordering": ("pk",),
                "default_permissions": (),
                "base_manager_name": "objects",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("user",), name="sora_remix_preference_one_per_user"
                    )
                ],
            },
        ),
    ]
