"""Say in plainer words what editors read: labels, help texts and permissions."""

from decimal import Decimal

import django.core.validators
from django.conf import settings
from django.db import migrations, models

import sora_remix.models.fields
import sora_remix.models.video
import sora_remix.storage


class Migration(migrations.Migration):
    dependencies = [
        ("sora_remix", "0010_no_sheet_layout"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="endpointfact",
            options={
                "base_manager_name": "objects",
                "default_permissions": (),
                "verbose_name": "endpoint status at fal",
                "verbose_name_plural": "endpoint statuses at fal",
            },
        ),
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
                ),
                "verbose_name": "remix",
                "verbose_name_plural": "remixes",
            },
        ),
        migrations.AlterField(
            model_name="promptpreset",
            name="is_shared",
            field=models.BooleanField(
                default=False, help_text="Everyone who can remix can use it.", verbose_name="shared"
            ),
        ),
        migrations.AlterField(
            model_name="promptpreset",
            name="text",
            field=sora_remix.models.fields.ExactTextField(
                help_text="{title} and {seconds} are replaced. To get a brace, type {{ or }}.",
                verbose_name="prompt",
            ),
        ),
        migrations.AlterField(
            model_name="remix",
            name="cancel_requested_at",
            field=models.DateTimeField(
                blank=True, null=True, verbose_name="cancellation requested at"
            ),
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
        migrations.AlterField(
            model_name="video",
            name="captions",
            field=models.FileField(
                blank=True,
                help_text="A WebVTT file with speech and important sounds as text.",
                max_length=200,
                storage=sora_remix.storage.app_storage,
                upload_to=sora_remix.models.video.captions_name,
                verbose_name="captions",
            ),
        ),
        migrations.AlterField(
            model_name="video",
            name="captions_language",
            field=sora_remix.models.fields.ExactCharField(
                blank=True,
                help_text="A code such as “en” or “pt-br”. Leave empty for the site's language.",
                max_length=35,
                verbose_name="language of the captions",
            ),
        ),
        migrations.AlterField(
            model_name="video",
            name="duration",
            field=models.DecimalField(
                blank=True,
                decimal_places=3,
                help_text="Read from the file if there is one.",
                max_digits=9,
                null=True,
                validators=[django.core.validators.MinValueValidator(Decimal("0.001"))],
                verbose_name="seconds",
            ),
        ),
        migrations.AlterField(
            model_name="video",
            name="is_deleted_at_provider",
            field=models.BooleanField(
                default=False,
                help_text="Its provider no longer has it, so it can't be remixed there.",
                verbose_name="deleted at its provider",
            ),
        ),
        migrations.AlterConstraint(
            model_name="video",
            name="sora_remix_video_sora_id_unique",
            constraint=models.UniqueConstraint(
                fields=("sora_id",),
                name="sora_remix_video_sora_id_unique",
                violation_error_message="A video with this Sora id already exists.",
            ),
        ),
    ]
