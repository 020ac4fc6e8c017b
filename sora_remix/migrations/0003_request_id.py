from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("sora_remix", "0003_fill_root")]

    operations = [
        migrations.AlterField(
            model_name="remix",
            name="request_id",
            field=models.CharField(
                blank=True, db_index=True, editable=False, max_length=255, verbose_name="request id"
            ),
        ),
    ]
