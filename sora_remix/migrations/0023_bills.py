"""Read what fal billed, also for remixes that have finished already."""

from django.db import migrations, models
from django.utils import timezone

import sora_remix.models.fields


def ask_for_bills(apps, schema_editor):
    remixes = apps.get_model("sora_remix", "Remix").objects.using(schema_editor.connection.alias)
    finished = remixes.filter(finished_at__isnull=False, request_id__isnull=False)
    finished.update(bill_due_at=timezone.now())


class Migration(migrations.Migration):
    dependencies = [("sora_remix", "0022_account_hold")]

    operations = [
        migrations.CreateModel(
            name="AccountBalance",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("amount", models.DecimalField(decimal_places=6, default=0, max_digits=14)),
                ("currency", sora_remix.models.fields.ExactCharField(blank=True, max_length=10)),
                ("read_at", models.DateTimeField(null=True)),
                ("asked_at", models.DateTimeField()),
            ],
            options={
                "verbose_name": "account balance",
                "verbose_name_plural": "account balances",
                "default_permissions": (),
                "base_manager_name": "objects",
            },
        ),
        migrations.AddField(
            model_name="remix",
            name="bill_due_at",
            field=models.DateTimeField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name="remix",
            name="bill_flag",
            field=sora_remix.models.fields.ExactCharField(
                blank=True,
                choices=[
                    ("repeated", "Billed more than once"),
                    ("without_result", "Billed without a result"),
                    ("excessive", "Billed far above the estimate"),
                ],
                editable=False,
                max_length=20,
                verbose_name="unexpected bill",
            ),
        ),
        migrations.AddField(
            model_name="remix",
            name="billed_at",
            field=models.DateTimeField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name="remix",
            name="bills_asked",
            field=models.PositiveSmallIntegerField(default=0, editable=False),
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
                    ("bill_flagged", "fal billed it unexpectedly."),
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
        migrations.AddIndex(
            model_name="remix",
            index=models.Index(fields=["bill_due_at"], name="sora_remix_remix_bill_due"),
        ),
        migrations.AddIndex(
            model_name="remix",
            index=models.Index(fields=["bill_flag"], name="sora_remix_remix_bill_flag"),
        ),
        migrations.RunPython(ask_for_bills, migrations.RunPython.noop),
    ]
