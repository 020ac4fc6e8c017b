from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("sora_remix", "0003_fill_root"),
    ]

    operations = [
        migrations.AddField(
            model_name="chain",
            name="held_because",
            field=models.TextField(blank=True),
        ),
    ]
