import uuid
from decimal import Decimal

import django.core.validators
import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

import sora_remix.models.users
import sora_remix.models.video
import sora_remix.storage


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Chain",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("turn", models.PositiveBigIntegerField(default=0)),
                (
                    "state",
                    models.CharField(
                        choices=[("idle", "idle"), ("pending", "pending"), ("running", "running")],
                        default="idle",
                        max_length=10,
                    ),
                ),
                ("since", models.DateTimeField(default=django.utils.timezone.now)),
                ("worked_at", models.DateTimeField(null=True)),
                ("held_until", models.DateTimeField(null=True)),
            ],
            options={
                "verbose_name": "chain of turns",
                "verbose_name_plural": "chain of turns",
            },
        ),
        migrations.CreateModel(
            name="Delivery",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("due_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("lease", models.UUIDField(db_index=True, editable=False, null=True)),
                ("leased_until", models.DateTimeField(editable=False, null=True)),
                ("failures", models.PositiveIntegerField(default=0, editable=False)),
                (
                    "failing_since",
                    models.DateTimeField(editable=False, null=True, verbose_name="no answer since"),
                ),
                ("name", models.CharField(max_length=200, unique=True)),
                ("url", models.TextField(blank=True)),
                ("expires_at", models.DateTimeField(null=True)),
                ("error_code", models.CharField(blank=True, max_length=100)),
                ("error_message", models.TextField(blank=True)),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="EndpointFact",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("endpoint_id", models.CharField(max_length=200, unique=True)),
                ("retired_at", models.DateTimeField(null=True)),
                ("unit_price", models.DecimalField(decimal_places=6, max_digits=14, null=True)),
                ("unit", models.CharField(blank=True, max_length=100)),
                ("currency", models.CharField(blank=True, max_length=10)),
                ("priced_at", models.DateTimeField(null=True)),
            ],
            options={
                "verbose_name": "what fal says of an endpoint",
                "verbose_name_plural": "what fal says of endpoints",
            },
        ),
        migrations.CreateModel(
            name="PromptPreset",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=100, verbose_name="name")),
                (
                    "text",
                    models.TextField(
                        help_text="{title} and {seconds} are filled in; {{ and }} are braces.",
                        verbose_name="prompt",
                    ),
                ),
                ("endpoint", models.CharField(blank=True, max_length=100, verbose_name="endpoint")),
                (
                    "is_shared",
                    models.BooleanField(
                        default=False,
                        help_text="Everybody who remixes can use it.",
                        verbose_name="shared",
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="created at")),
                (
                    "owner",
                    sora_remix.models.users.UserForeignKey(
                        blank=True,
                        db_constraint=False,
                        editable=False,
                        null=True,
                        on_delete=sora_remix.models.users.forget_user,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="owner",
                    ),
                ),
            ],
            options={
                "verbose_name": "prompt preset",
                "verbose_name_plural": "prompt presets",
                "ordering": ("name", "pk"),
            },
        ),
        migrations.CreateModel(
            name="Remix",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("due_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("lease", models.UUIDField(db_index=True, editable=False, null=True)),
                ("leased_until", models.DateTimeField(editable=False, null=True)),
                ("failures", models.PositiveIntegerField(default=0, editable=False)),
                (
                    "failing_since",
                    models.DateTimeField(editable=False, null=True, verbose_name="no answer since"),
                ),
                (
                    "key",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, unique=True, verbose_name="key"
                    ),
                ),
                ("prompt", models.TextField(verbose_name="prompt")),
                ("endpoint", models.CharField(max_length=100, verbose_name="endpoint")),
                ("endpoint_id", models.CharField(editable=False, max_length=200)),
                ("options", models.JSONField(blank=True, default=dict, verbose_name="options")),
                (
                    "status",
                    models.CharField(
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
                        db_index=True,
                        default="queued",
                        max_length=12,
                        verbose_name="status",
                    ),
                ),
                (
                    "request_id",
                    models.CharField(
                        blank=True,
                        db_index=True,
                        editable=False,
                        max_length=100,
                        verbose_name="request id",
                    ),
                ),
                ("other_request_ids", models.JSONField(default=list, editable=False)),
                ("is_ready", models.BooleanField(default=True, editable=False)),
                ("arguments", models.JSONField(editable=False, null=True)),
                (
                    "estimated_cost",
                    models.DecimalField(
                        blank=True,
                        decimal_places=6,
                        max_digits=14,
                        null=True,
                        verbose_name="estimated cost",
                    ),
                ),
                ("price", models.JSONField(default=dict, editable=False)),
                (
                    "billable_units",
                    models.DecimalField(
                        decimal_places=6,
                        editable=False,
                        max_digits=18,
                        null=True,
                        verbose_name="billable units",
                    ),
                ),
                (
                    "billed_cost",
                    models.DecimalField(
                        blank=True,
                        decimal_places=6,
                        max_digits=14,
                        null=True,
                        verbose_name="billed cost",
                    ),
                ),
                (
                    "error_code",
                    models.CharField(blank=True, max_length=100, verbose_name="error code"),
                ),
                ("error_message", models.TextField(blank=True, verbose_name="error")),
                (
                    "created_at",
                    models.DateTimeField(auto_now_add=True, verbose_name="requested at"),
                ),
                (
                    "submitted_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="sent at"),
                ),
                (
                    "completed_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="completed at"),
                ),
                (
                    "finished_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="finished at"),
                ),
                (
                    "cancel_requested_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="cancel wished at"),
                ),
                ("cancel_asked_at", models.DateTimeField(editable=False, null=True)),
                ("queue_position", models.PositiveIntegerField(editable=False, null=True)),
                ("progress_log", models.JSONField(default=list, editable=False)),
                (
                    "requested_by",
                    sora_remix.models.users.UserForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=sora_remix.models.users.forget_user,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="requested by",
                    ),
                ),
                (
                    "retry_of",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="retries",
                        to="sora_remix.remix",
                        verbose_name="retry of",
                    ),
                ),
            ],
            options={
                "verbose_name": "remix",
                "verbose_name_plural": "remixes",
                "ordering": ("-pk",),
                "permissions": (
                    ("cancel_remix", "Can cancel remixes"),
                    ("retry_remix", "Can retry remixes and collect them again"),
                    ("decide_unconfirmed", "Can decide about unconfirmed remixes"),
                    ("view_exchange", "Can view what was exchanged with fal"),
                ),
            },
        ),
        migrations.CreateModel(
            name="PendingFile",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=200, unique=True)),
                ("is_condemned", models.BooleanField(default=False)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "remix",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="pending_files",
                        to="sora_remix.remix",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="RemixBatch",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("key", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="created at")),
                (
                    "confirmed_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="confirmed at"),
                ),
                (
                    "created_by",
                    sora_remix.models.users.UserForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=sora_remix.models.users.forget_user,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="created by",
                    ),
                ),
            ],
            options={
                "verbose_name": "batch of remixes",
                "verbose_name_plural": "batches of remixes",
                "ordering": ("-pk",),
            },
        ),
        migrations.AddField(
            model_name="remix",
            name="batch",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="remixes",
                to="sora_remix.remixbatch",
                verbose_name="batch",
            ),
        ),
        migrations.CreateModel(
            name="Video",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("title", models.CharField(max_length=200, verbose_name="title")),
                (
                    "sora_id",
                    models.CharField(
                        blank=True,
                        help_text="The “video_id” of a Sora generation made on fal.",
                        max_length=200,
                        verbose_name="Sora id",
                    ),
                ),
                (
                    "file",
                    models.FileField(
                        blank=True,
                        max_length=200,
                        storage=sora_remix.storage.app_storage,
                        upload_to=sora_remix.models.video.upload_name,
                        verbose_name="file",
                    ),
                ),
                (
                    "thumbnail",
                    models.FileField(
                        blank=True,
                        editable=False,
                        max_length=200,
                        storage=sora_remix.storage.app_storage,
                        upload_to="",
                        verbose_name="thumbnail",
                    ),
                ),
                (
                    "spritesheet",
                    models.FileField(
                        blank=True,
                        editable=False,
                        max_length=200,
                        storage=sora_remix.storage.app_storage,
                        upload_to="",
                        verbose_name="sprite sheet",
                    ),
                ),
                (
                    "duration",
                    models.DecimalField(
                        blank=True,
                        decimal_places=3,
                        help_text="Read from the file where there is one.",
                        max_digits=9,
                        null=True,
                        validators=[django.core.validators.MinValueValidator(Decimal("0.001"))],
                        verbose_name="seconds",
                    ),
                ),
                (
                    "width",
                    models.PositiveIntegerField(
                        blank=True, editable=False, null=True, verbose_name="width"
                    ),
                ),
                (
                    "height",
                    models.PositiveIntegerField(
                        blank=True, editable=False, null=True, verbose_name="height"
                    ),
                ),
                (
                    "fps",
                    models.DecimalField(
                        blank=True,
                        decimal_places=3,
                        editable=False,
                        max_digits=7,
                        null=True,
                        verbose_name="frames per second",
                    ),
                ),
                (
                    "size",
                    models.PositiveBigIntegerField(
                        blank=True, editable=False, null=True, verbose_name="size in bytes"
                    ),
                ),
                (
                    "is_deleted_at_provider",
                    models.BooleanField(
                        default=False,
                        help_text="Its provider no longer has it: it can't be remixed there.",
                        verbose_name="deleted at its provider",
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="created at")),
                (
                    "created_by",
                    sora_remix.models.users.UserForeignKey(
                        blank=True,
                        db_constraint=False,
                        editable=False,
                        null=True,
                        on_delete=sora_remix.models.users.forget_user,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="created by",
                    ),
                ),
            ],
            options={
                "verbose_name": "video",
                "verbose_name_plural": "videos",
                "ordering": ("-pk",),
                "permissions": (("remix_video", "Can remix videos, which costs money"),),
            },
        ),
        migrations.AddField(
            model_name="remixbatch",
            name="videos",
            field=models.ManyToManyField(
                related_name="+", to="sora_remix.video", verbose_name="videos"
            ),
        ),
        migrations.AddField(
            model_name="remix",
            name="result",
            field=models.OneToOneField(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="remix",
                to="sora_remix.video",
                verbose_name="result",
            ),
        ),
        migrations.AddField(
            model_name="remix",
            name="source",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="remixes",
                to="sora_remix.video",
                verbose_name="source",
            ),
        ),
        migrations.CreateModel(
            name="ReferenceImage",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "file",
                    models.FileField(
                        max_length=200,
                        storage=sora_remix.storage.app_storage,
                        upload_to="",
                        verbose_name="file",
                    ),
                ),
                ("width", models.PositiveIntegerField(verbose_name="width")),
                ("height", models.PositiveIntegerField(verbose_name="height")),
                ("size", models.PositiveBigIntegerField(verbose_name="size in bytes")),
                ("digest", models.CharField(editable=False, max_length=64)),
                ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="created at")),
                (
                    "batch",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="images",
                        to="sora_remix.remixbatch",
                        verbose_name="batch",
                    ),
                ),
            ],
            options={
                "verbose_name": "reference image",
                "verbose_name_plural": "reference images",
                "ordering": ("pk",),
                "constraints": [
                    models.UniqueConstraint(
                        fields=("batch", "digest"), name="sora_remix_referenceimage_once"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="RemixEvent",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "at",
                    models.DateTimeField(default=django.utils.timezone.now, verbose_name="when"),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("requested", "Requested."),
                            ("sent", "Sent to fal."),
                            (
                                "not_sent",
                                "It did not leave: fal could not be reached. It is sent later.",
                            ),
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
                            (
                                "sent_again",
                                "Sent again as another remix, although fal may charge both.",
                            ),
                        ],
                        max_length=20,
                        verbose_name="what",
                    ),
                ),
                ("detail", models.TextField(blank=True)),
                (
                    "by",
                    sora_remix.models.users.UserForeignKey(
                        db_constraint=False,
                        null=True,
                        on_delete=sora_remix.models.users.forget_user,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="who",
                    ),
                ),
                (
                    "remix",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="events",
                        to="sora_remix.remix",
                    ),
                ),
            ],
            options={
                "verbose_name": "event of a remix",
                "verbose_name_plural": "events of remixes",
                "ordering": ("pk",),
                "indexes": [models.Index(fields=["kind", "at"], name="sora_remix_event_kind")],
            },
        ),
        migrations.AddConstraint(
            model_name="video",
            constraint=models.UniqueConstraint(
                condition=models.Q(("sora_id", ""), _negated=True),
                fields=("sora_id",),
                name="sora_remix_video_sora_id_unique",
                violation_error_message="A video with this Sora id is there already.",
            ),
        ),
        migrations.AddIndex(
            model_name="remix",
            index=models.Index(
                condition=models.Q(
                    ("status__in", ("queued", "submitting", "processing", "storing"))
                ),
                fields=["status", "due_at"],
                name="sora_remix_unsettled",
            ),
        ),
        migrations.AddConstraint(
            model_name="remix",
            constraint=models.UniqueConstraint(
                condition=models.Q(("request_id", ""), _negated=True),
                fields=("request_id",),
                name="sora_remix_remix_request_id_unique",
            ),
        ),
    ]
