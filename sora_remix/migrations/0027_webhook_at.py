"""Remember whether webhooks come, so that fal need not be asked meanwhile."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("sora_remix", "0026_own_media")]

    operations = [
        migrations.AddField(
            model_name="chain", name="webhook_at", field=models.DateTimeField(null=True)
        ),
    ]
