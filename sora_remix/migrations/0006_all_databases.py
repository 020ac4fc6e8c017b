from django.db import migrations, models
from django.db.models import Count, Min, Value
from django.db.models.functions import Length

from sora_remix.models import fields

TWICE = "Another remix has the same request id, which MySQL and MariaDB did not refuse before."
"""Why a remix of such a site has lost it: a person decides about it."""


class AlterCollation(migrations.AlterField):
    """Alter a text column where it has a collation; elsewhere it stays as it is."""

    def database_forwards(self, app_label, schema_editor, from_state, to_state):
        if schema_editor.connection.vendor == "mysql":
            super().database_forwards(app_label, schema_editor, from_state, to_state)

    def database_backwards(self, app_label, schema_editor, from_state, to_state):
        if schema_editor.connection.vendor == "mysql":
            super().database_backwards(app_label, schema_editor, from_state, to_state)


def empty_request_ids(apps, schema_editor):
    """Have no request id twice, as it could be on MySQL and MariaDB."""
    remixes = apps.get_model("sora_remix", "Remix").objects.using(schema_editor.connection.alias)
    for row in later_ones(remixes, "request_id"):
        row.other_request_ids = [*row.other_request_ids, row.request_id]
        row.request_id = ""
        if row.status in ("processing", "storing"):
            row.status, row.lease, row.leased_until = "unconfirmed", None, None
            row.error_message = TWICE
        row.save()


def empty_sora_ids(apps, schema_editor):
    """Have no Sora id twice, as it could be on MySQL and MariaDB."""
    videos = apps.get_model("sora_remix", "Video").objects.using(schema_editor.connection.alias)
    for row in later_ones(videos, "sora_id"):
        row.sora_id = ""
        row.save()


def later_ones(rows, field):
    """Turn blank texts into NULL, and return the rows whose text an earlier row has as well."""
    rows.alias(_length=Length(field)).filter(_length=0).update(**{field: None})
    used = rows.filter(**{f"{field}__isnull": False}).order_by().values(field)
    first = dict(
        used.annotate(_first=Min("pk"), _many=Count("pk"))
        .filter(_many__gt=1)
        .values_list(field, "_first")
    )
    for text, pk in first.items():
        yield from rows.filter(**{field: text}, pk__gt=pk)


def blank_request_ids(apps, schema_editor):
    remixes = apps.get_model("sora_remix", "Remix").objects.using(schema_editor.connection.alias)
    remixes.filter(request_id__isnull=True).update(request_id=Value(""))


def blank_sora_ids(apps, schema_editor):
    videos = apps.get_model("sora_remix", "Video").objects.using(schema_editor.connection.alias)
    videos.filter(sora_id__isnull=True).update(sora_id=Value(""))


class Migration(migrations.Migration):
    dependencies = [("sora_remix", "0005_stored_files")]

    operations = [
        migrations.RemoveConstraint(
            model_name="remix",
            name="sora_remix_remix_request_id_unique",
        ),
        migrations.RemoveConstraint(
            model_name="video",
            name="sora_remix_video_sora_id_unique",
        ),
        migrations.RemoveIndex(
            model_name="remix",
            name="sora_remix_unsettled",
        ),
        AlterCollation(
            model_name="chain",
            name="held_because",
            field=fields.ExactTextField(blank=True),
        ),
        AlterCollation(
            model_name="chain",
            name="state",
            field=fields.ExactCharField(
                choices=[("idle", "idle"), ("pending", "pending"), ("running", "running")],
                default="idle",
                max_length=10,
            ),
        ),
        AlterCollation(
            model_name="delivery",
            name="error_code",
            field=fields.ExactCharField(blank=True, max_length=100),
        ),
        AlterCollation(
            model_name="delivery",
            name="error_message",
            field=fields.ExactTextField(blank=True),
        ),
        AlterCollation(
            model_name="delivery",
            name="name",
            field=fields.ExactCharField(max_length=200, unique=True),
        ),
        AlterCollation(
            model_name="delivery",
            name="url",
            field=fields.ExactTextField(blank=True),
        ),
        AlterCollation(
            model_name="endpointfact",
            name="currency",
            field=fields.ExactCharField(blank=True, max_length=10),
        ),
        AlterCollation(
            model_name="endpointfact",
            name="endpoint_id",
            field=fields.ExactCharField(max_length=200, unique=True),
        ),
        AlterCollation(
            model_name="endpointfact",
            name="unit",
            field=fields.ExactCharField(blank=True, max_length=100),
        ),
        AlterCollation(
            model_name="pendingfile",
            name="name",
            field=fields.ExactCharField(db_index=True, max_length=200),
        ),
        AlterCollation(
            model_name="promptpreset",
            name="endpoint",
            field=fields.ExactCharField(blank=True, max_length=100, verbose_name="endpoint"),
        ),
        AlterCollation(
            model_name="promptpreset",
            name="name",
            field=fields.ExactCharField(max_length=100, verbose_name="name"),
        ),
        AlterCollation(
            model_name="promptpreset",
            name="text",
            field=fields.ExactTextField(
                help_text="{title} and {seconds} are filled in; {{ and }} are braces.",
                verbose_name="prompt",
            ),
        ),
        AlterCollation(
            model_name="referenceimage",
            name="digest",
            field=fields.ExactCharField(editable=False, max_length=64),
        ),
        AlterCollation(
            model_name="remix",
            name="endpoint",
            field=fields.ExactCharField(max_length=100, verbose_name="endpoint"),
        ),
        AlterCollation(
            model_name="remix",
            name="endpoint_id",
            field=fields.ExactCharField(editable=False, max_length=200),
        ),
        AlterCollation(
            model_name="remix",
            name="error_code",
            field=fields.ExactCharField(blank=True, max_length=100, verbose_name="error code"),
        ),
        AlterCollation(
            model_name="remix",
            name="error_message",
            field=fields.ExactTextField(blank=True, verbose_name="error"),
        ),
        AlterCollation(
            model_name="remix",
            name="prompt",
            field=fields.ExactTextField(verbose_name="prompt"),
        ),
        # Django forgets the collation where null is allowed at once.
        migrations.AlterField(
            model_name="remix",
            name="request_id",
            field=models.CharField(
                blank=True,
                default="",
                editable=False,
                max_length=255,
                null=True,
                verbose_name="request id",
            ),
        ),
        AlterCollation(
            model_name="remix",
            name="request_id",
            field=fields.BlankAsNullCharField(
                blank=True,
                default="",
                editable=False,
                max_length=255,
                null=True,
                verbose_name="request id",
            ),
        ),
        migrations.AlterField(
            model_name="remix",
            name="status",
            field=fields.ExactCharField(
                choices=[
                    ("queued", "queued"),
                    ("submitting", "being sent"),
                    ("unconfirmed", "unconfirmed"),
                    ("processing", "in progress"),
                    ("storing", "being stored"),
                    ("succeeded", "succeeded"),
                    ("failed", "failed"),
                    ("cancelled", "cancelled"),
                ],
                default="queued",
                max_length=12,
                verbose_name="status",
            ),
        ),
        AlterCollation(
            model_name="remixevent",
            name="detail",
            field=fields.ExactTextField(blank=True),
        ),
        AlterCollation(
            model_name="remixevent",
            name="kind",
            field=fields.ExactCharField(
                choices=[
                    ("requested", "Requested."),
                    ("sent", "Sent to fal."),
                    ("not_sent", "It did not leave: fal could not be reached. It is sent later."),
                    ("requeued", "fal asked to send it later."),
                    ("accepted", "fal accepted it."),
                    ("refused", "fal did not take it."),
                    ("unconfirmed", "No answer came: fal may have it."),
                    ("found", "Found in fal's list of requests."),
                    ("called", "fal called and said that it has it."),
                    (
                        "doubled",
                        "fal called and said that it has it once more: perhaps paid twice.",
                    ),
                    ("cancel_wished", "Wished to cancel it."),
                    ("cancel_asked", "fal was asked to stop."),
                    ("cancelled", "Cancelled before it was sent."),
                    ("stopped", "fal stopped before it began."),
                    ("finished", "Finished at fal."),
                    ("stored", "The result is in the site's storage."),
                    ("failed", "It failed."),
                    ("retried", "Retried: requested again as another remix."),
                    ("collected_again", "Had its result looked for again, free of charge."),
                    ("id_entered", "Entered the request id under which fal has it."),
                    ("given_up", "Gave it up: whether fal ever had it was not found out."),
                    ("sent_again", "Sent again as another remix, although fal may charge both."),
                ],
                max_length=20,
                verbose_name="what",
            ),
        ),
        AlterCollation(
            model_name="video",
            name="approval",
            field=fields.ExactCharField(
                choices=[("new", "new"), ("approved", "approved"), ("rejected", "rejected")],
                db_index=True,
                default="new",
                editable=False,
                max_length=8,
                verbose_name="approval",
            ),
        ),
        AlterCollation(
            model_name="video",
            name="approval_note",
            field=fields.ExactTextField(
                blank=True, editable=False, verbose_name="note on the approval"
            ),
        ),
        AlterCollation(
            model_name="video",
            name="captions_language",
            field=fields.ExactCharField(
                blank=True,
                help_text="Its code, as “en” or “pt-br”; empty: the language of the site.",
                max_length=35,
                verbose_name="language of the captions",
            ),
        ),
        # Django forgets the collation where null is allowed at once.
        migrations.AlterField(
            model_name="video",
            name="sora_id",
            field=models.CharField(
                blank=True,
                default="",
                help_text="The “video_id” of a Sora generation made on fal.",
                max_length=200,
                null=True,
                verbose_name="Sora id",
            ),
        ),
        AlterCollation(
            model_name="video",
            name="sora_id",
            field=fields.BlankAsNullCharField(
                blank=True,
                default="",
                help_text="The “video_id” of a Sora generation made on fal.",
                max_length=200,
                null=True,
                verbose_name="Sora id",
            ),
        ),
        AlterCollation(
            model_name="video",
            name="title",
            field=fields.ExactCharField(max_length=200, verbose_name="title"),
        ),
        migrations.RunPython(empty_request_ids, blank_request_ids, hints={"model_name": "remix"}),
        migrations.RunPython(empty_sora_ids, blank_sora_ids, hints={"model_name": "video"}),
        migrations.AddIndex(
            model_name="remix",
            index=models.Index(fields=["status", "due_at"], name="sora_remix_remix_due"),
        ),
        migrations.AddConstraint(
            model_name="remix",
            constraint=models.UniqueConstraint(
                fields=("request_id",), name="sora_remix_remix_request_id_unique"
            ),
        ),
        migrations.AddConstraint(
            model_name="video",
            constraint=models.UniqueConstraint(
                fields=("sora_id",),
                name="sora_remix_video_sora_id_unique",
                violation_error_message="A video with this Sora id is there already.",
            ),
        ),
    ]
