"""Tell what was calculated from fal's units from what fal billed."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("sora_remix", "0019_parts")]

    operations = [
        migrations.RenameField("remix", "billed_cost", "calculated_cost"),
        migrations.AlterField(
            model_name="remix",
            name="calculated_cost",
            field=models.DecimalField(
                blank=True,
                decimal_places=6,
                max_digits=14,
                null=True,
                verbose_name="calculated cost",
            ),
        ),
        migrations.AddField(
            model_name="remix",
            name="billed_cost",
            field=models.DecimalField(
                blank=True, decimal_places=6, max_digits=14, null=True, verbose_name="billed cost"
            ),
        ),
    ]
