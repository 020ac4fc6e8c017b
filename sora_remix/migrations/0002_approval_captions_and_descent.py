import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import sora_remix.models.users
import sora_remix.models.video
import sora_remix.storage


class Migration(migrations.Migration):
    dependencies = [
        ("sora_remix", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="video",
            options={
                "ordering": ("-pk",),
                "permissions": (
                    ("remix_video", "Can remix videos, which costs money"),
                    ("approve_video", "Can approve and reject videos"),
                ),
                "verbose_name": "video",
                "verbose_name_plural": "videos",
            },
        ),
        migrations.AddField(
            model_name="video",
            name="approval",
            field=models.CharField(
                choices=[("new", "new"), ("approved", "approved"), ("rejected", "rejected")],
                db_index=True,
                default="new",
                editable=False,
                max_length=8,
                verbose_name="approval",
            ),
        ),
        migrations.AddField(
            model_name="video",
            name="approval_note",
            field=models.TextField(blank=True, editable=False, verbose_name="note on the approval"),
        ),
        migrations.AddField(
            model_name="video",
            name="captions",
            field=models.FileField(
                blank=True,
                help_text="A WebVTT file: what is said, and sounds that matter, as text.",
                max_length=200,
                storage=sora_remix.storage.app_storage,
                upload_to=sora_remix.models.video.captions_name,
                verbose_name="captions",
            ),
        ),
        migrations.AddField(
            model_name="video",
            name="captions_language",
            field=models.CharField(
                blank=True,
                help_text="Its code, as “en” or “pt-br”; empty: the language of the site.",
                max_length=35,
                verbose_name="language of the captions",
            ),
        ),
        migrations.AddField(
            model_name="video",
            name="cleared_at",
            field=models.DateTimeField(
                blank=True, editable=False, null=True, verbose_name="cleared at"
            ),
        ),
        migrations.AddField(
            model_name="video",
            name="decided_at",
            field=models.DateTimeField(
                blank=True, editable=False, null=True, verbose_name="decided at"
            ),
        ),
        migrations.AddField(
            model_name="video",
            name="decided_by",
            field=sora_remix.models.users.UserForeignKey(
                blank=True,
                db_constraint=False,
                editable=False,
                null=True,
                on_delete=sora_remix.models.users.forget_user,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="decided by",
            ),
        ),
        migrations.AddField(
            model_name="video",
            name="root",
            field=models.ForeignKey(
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="descendants",
                to="sora_remix.video",
            ),
        ),
        migrations.AddField(
            model_name="video",
            name="sheet_columns",
            field=models.PositiveSmallIntegerField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name="video",
            name="sheet_frames",
            field=models.PositiveSmallIntegerField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name="video",
            name="sheet_rows",
            field=models.PositiveSmallIntegerField(editable=False, null=True),
        ),
    ]
