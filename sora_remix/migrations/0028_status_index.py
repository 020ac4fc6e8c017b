"""Keep lists of remixes by status quick with 100,000 rows."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("sora_remix", "0027_webhook_at")]

    operations = [
        migrations.AddIndex(
            model_name="remix",
            index=models.Index(fields=["status"], name="sora_remix_remix_status"),
        ),
    ]
