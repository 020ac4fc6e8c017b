from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("sora_remix", "0009_prompt_template")]

    operations = [
        migrations.RemoveField(model_name="video", name="sheet_columns"),
        migrations.RemoveField(model_name="video", name="sheet_frames"),
        migrations.RemoveField(model_name="video", name="sheet_rows"),
    ]
