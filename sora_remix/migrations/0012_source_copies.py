from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("sora_remix", "0011_plain_words")]

    operations = [migrations.RenameModel(old_name="Delivery", new_name="SourceCopy")]
