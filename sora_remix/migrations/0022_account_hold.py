"""Hold sending while fal refuses the site's key or account."""

from django.db import migrations, models

import sora_remix.models.fields


class Migration(migrations.Migration):
    dependencies = [
        ("sora_remix", "0021_picture_facts"),
    ]

    operations = [
        migrations.AddField(
            model_name="chain",
            name="held_code",
            field=sora_remix.models.fields.ExactCharField(blank=True, max_length=20),
        ),
        migrations.AddField(
            model_name="chain",
            name="held_refusals",
            field=models.PositiveIntegerField(default=0),
        ),
        migrations.AddField(
            model_name="chain",
            name="held_since",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="chain",
            name="tried_keys",
            field=models.JSONField(default=list),
        ),
        migrations.AlterField(
            model_name="remixevent",
            name="kind",
            field=sora_remix.models.fields.ExactCharField(
                choices=[
                    ("requested", "Requested."),
                    ("sent", "Sent to fal."),
                    ("not_sent", "Not sent: fal could not be reached. It will be sent later."),
                    ("requeued", "fal asked for it to be sent later."),
                    ("held", "fal refused the site's key or account. It waits."),
                    ("accepted", "fal accepted it."),
                    ("refused", "fal refused it."),
                    ("unconfirmed", "No answer came. fal may have it."),
                    ("found", "Found in fal's list of requests."),
                    ("called", "fal confirmed that it has the remix."),
                    ("doubled", "fal confirmed another request for it. You may have paid twice."),
                    ("cancel_wished", "Requested cancellation."),
                    ("cancel_asked", "fal was asked to stop."),
                    ("cancelled", "Cancelled before it was sent."),
                    ("stopped", "fal stopped before it started."),
                    ("finished", "Finished at fal."),
                    ("stored", "The result was stored."),
                    ("failed", "Failed."),
                    ("retried", "Retried: requested again as another remix."),
                    ("collected_again", "Collected the result again, free of charge."),
                    ("id_entered", "Entered its request id at fal."),
                    ("given_up", "Gave it up. It was never found out whether fal received it."),
                    ("sent_again", "Sent again as another remix. fal may charge for both."),
                ],
                max_length=20,
                verbose_name="what",
            ),
        ),
    ]
