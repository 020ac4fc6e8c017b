"""Let a permission decide who sees costs, and find remixes by their day."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("sora_remix", "0024_budgets")]

    operations = [
        migrations.AlterModelOptions(
            name="remix",
            options={
                "base_manager_name": "objects",
                "default_permissions": ("view",),
                "ordering": ("-pk",),
                "permissions": (
                    ("cancel_remix", "Can cancel remixes"),
                    ("retry_remix", "Can retry remixes and collect them again"),
                    ("decide_unconfirmed", "Can decide on unconfirmed remixes"),
                    ("view_exchange", "Can view requests to fal and its answers"),
                    ("view_costs", "Can view costs"),
                ),
                "verbose_name": "remix",
                "verbose_name_plural": "remixes",
            },
        ),
        migrations.AddIndex(
            model_name="remix",
            index=models.Index(fields=["created_at"], name="sora_remix_remix_created"),
        ),
    ]
