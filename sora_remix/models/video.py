"""Videos: uploads, registered Sora generations, and results of remixes."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from decimal import Decimal
from posixpath import splitext
from typing import TYPE_CHECKING, Any, ClassVar

from django.apps import apps
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from ..database import PrimaryManager, alias, atomic, on_commit
from ..decoding.containers import EXTENSIONS
from ..exceptions import InvalidTransition
from ..signals import video_approved
from ..storage import MAX_NAME_LENGTH, StoredFile, app_storage, name_of_upload
from .approval import OVERTAKEN, Approvable, Approval, decision
from .fields import BlankAsNullCharField, ExactCharField, UniqueUnlessBlank
from .files import OwnedFileField, OwnsFiles, delete_after_commit, stored_files_field
from .status import UNSETTLED
from .users import UserForeignKey, forget_user

if TYPE_CHECKING:
    from .users import User

    BooleanField = models.BooleanField[bool, bool]
else:
    BooleanField = models.BooleanField


MAX_ALIAS_LENGTH = 64
"""Characters of the alias of a storage."""
UNREAD: Mapping[str, Any] = {
    "container": "",
    "video_codec": "",
    "audio_codec": "",
    "pixel_format": "",
    "is_cut_off": False,
    "readings": 0,
    "duration": None,
    "width": None,
    "height": None,
    "fps": None,
    "size": None,
    "fingerprint": "",
}
"""The facts of a file that was not read yet."""
MOST_READINGS = 10
"""How often reading a file is tried: it may be broken, or may break the decoder."""


def upload_name(video: Video, filename: str) -> str:
    """Return an unguessable name for an uploaded clip."""
    return name_of_upload("videos", filename)


def captions_name(video: Video, filename: str) -> str:
    """Return an unguessable name for captions."""
    return name_of_upload("captions", filename)


class WasMadeByAiField(BooleanField):
    """Whether a row has ever been saved as made by a model."""

    def pre_save(self, model_instance: Any, add: bool) -> bool:
        """Record that a model made it, also in `bulk_create()`; this is never undone."""
        model_instance.was_made_by_ai = model_instance.is_made_by_ai
        return bool(model_instance.was_made_by_ai)

    def deconstruct(self) -> Any:
        """Appear as a plain field in migrations; the column is the same."""
        name, _path, args, kwargs = super().deconstruct()
        return name, "django.db.models.BooleanField", args, kwargs


class VideoQuerySet(models.QuerySet["Video"]):
    def approved(self) -> VideoQuerySet:
        """Keep videos that the site may show."""
        return self.filter(approval=Approval.APPROVED)

    def awaiting_decision(self) -> VideoQuerySet:
        """Keep videos that nobody has approved or rejected."""
        return self.filter(approval=Approval.NEW)

    def decide(
        self,
        approval: Approval,
        *,
        seen: Mapping[int, str],
        by: User | None = None,
        note: str = "",
    ) -> set[int]:
        """Decide about videos whose `revision` is as `seen`; return their primary keys."""
        return self.write_decision(decision(approval, by, note), seen)

    @atomic()
    def write_decision(self, changes: dict[str, Any], seen: Mapping[int, str]) -> set[int]:
        """Save a decision on the rows whose `revision` is as `seen`; return their primary keys."""
        rows = self.filter(pk__in=seen, cleared_at=None).order_by().select_for_update()
        # SQLite locks no rows: it lets nobody write between these two statements.
        shown = rows.only("approval", *self.model.SHOWN_FIELDS)
        pks = {row.pk for row in shown if row.revision == seen[row.pk]}
        self.model._default_manager.filter(pk__in=pks).update(**changes)
        if changes["approval"] == Approval.APPROVED and pks:
            on_commit(lambda: _announce_approval(pks))
        return pks

    def reset_approval(self, *, by: User | None) -> int:
        """Make approved videos await a decision again; return how many."""
        return self.approved().update(**decision(Approval.NEW, by))

    def unread(self) -> VideoQuerySet:
        """Keep videos some facts of whose file are unknown, the least often tried first."""
        unread = self.filter(pixel_format="", readings__lt=MOST_READINGS).exclude(file="")
        return unread.order_by("readings", "-pk")

    def start_reading(self, video: Video) -> bool:
        """Count an attempt to read a video's file; return False if another worker was first."""
        mine = self.filter(pk=video.pk, readings=video.readings, pixel_format="")
        return bool(mine.update(readings=F("readings") + 1))

    def stop_reading(self, video: Video) -> None:
        """Stop trying to read a file that is no video or can't be decoded."""
        self.filter(pk=video.pk, file=video.file.name).update(readings=MOST_READINGS)

    def note_facts(self, video: Video, facts: Mapping[str, Any], thumbnail: str = "") -> bool:
        """Save the facts of a video's file, and a new thumbnail that the row owns.

        Return False if the row has another file or thumbnail by now; then nothing is saved.
        """
        row = self.select_for_update().filter(pk=video.pk, file=video.file.name).first()
        if not row or (thumbnail and row.thumbnail):
            return False
        new = {"thumbnail": thumbnail, "stored_files": [*row.stored_files, thumbnail]}
        self.filter(pk=row.pk).update(**facts, **(new if thumbnail else {}))
        return True

    def note_replaced(self, file: StoredFile) -> list[int]:
        """Forget what was read of a file that the site has replaced; return keys of its videos.

        They are read again, and need another approval, because nobody has seen the new file.
        """
        same = {"file": file.name, "storage_alias": file.alias, "fingerprint": file.fingerprint}
        rows = list(self.select_for_update().filter(**same))
        for row in rows:
            delete_after_commit(row.owned_files("thumbnail"), self.db)
        found = self.filter(pk__in=[row.pk for row in rows])
        found.reset_approval(by=None)
        found.update(thumbnail="", **UNREAD)
        return [row.pk for row in rows]

    def of_object(self, instance: models.Model) -> VideoQuerySet:
        """Keep the videos that were added for an object of the site."""
        return self.filter(source_model=label_of(instance), source_key=str(instance.pk))

    def forget_object(self, instance: models.Model) -> int:
        """Forget an object of the site that is deleted; return how many videos were its own."""
        return self.of_object(instance).update(source_model="", source_key="")

    def family_of(self, video: Video) -> VideoQuerySet:
        """Keep a video with its ancestors and everything made from them."""
        root = video.root_id or video.pk
        return self.filter(Q(pk=root) | Q(root=root))

    def hold(self) -> int:
        """Lock videos that are not cleared until the transaction ends; return how many."""
        # An UPDATE conflicts with others at every isolation level; a lock does not.
        return self.filter(cleared_at=None).update(cleared_at=None)

    def clearable(self) -> VideoQuerySet:
        """Keep rejected videos with files that no remix in progress needs."""
        rejected = self.filter(approval=Approval.REJECTED, cleared_at=None).exclude(file="")
        return rejected.exclude(remixes__status__in=UNSETTLED)


def _announce_approval(pks: Collection[int]) -> None:
    """Send a signal for each of these videos; Django logs the errors of receivers."""
    if not video_approved.has_listeners(Video):
        return
    for video in Video.objects.filter(pk__in=pks).order_by("pk"):
        video_approved.send_robust(sender=Video, video=video)


def label_of(instance: models.Model) -> str:
    """Return the name of an object's model, as “clips.clip”."""
    return str(instance._meta.concrete_model._meta.label_lower)  # type: ignore[union-attr]


def forget_object(instance: models.Model, **_signal: object) -> None:
    """Forget an object of the site that is deleted (receives `post_delete`)."""
    Video.objects.all().forget_object(instance)


class Video(Approvable, OwnsFiles):
    """A clip in the site's storage, an earlier Sora generation at its provider, or both."""

    FILE_FIELDS: ClassVar[tuple[str, ...]] = ("file", "thumbnail", "spritesheet", "captions")
    STORAGE_COLUMNS: ClassVar[Mapping[str, str]] = {"file": "storage_alias"}
    FILE_COLUMNS: ClassVar[tuple[str, ...]] = ("stored_files", "storage_alias", "fingerprint")
    SHOWN_FIELDS: ClassVar[tuple[str, ...]] = (
        "title",
        "sora_id",
        "file",
        "size",
        "fingerprint",
        "thumbnail",
        "captions",
        "captions_language",
    )

    title = ExactCharField(_("title"), max_length=200)
    sora_id = BlankAsNullCharField(
        _("Sora id"),
        max_length=200,
        blank=True,
        help_text=_("The “video_id” of a Sora generation made on fal."),
    )
    file = OwnedFileField(
        _("file"),
        upload_to=upload_name,
        storage=app_storage,
        max_length=MAX_NAME_LENGTH,
        blank=True,
    )
    thumbnail = OwnedFileField(
        _("thumbnail"), storage=app_storage, max_length=MAX_NAME_LENGTH, blank=True, editable=False
    )
    spritesheet = OwnedFileField(
        _("sprite sheet"),
        storage=app_storage,
        max_length=MAX_NAME_LENGTH,
        blank=True,
        editable=False,
    )
    captions = OwnedFileField(
        _("captions"),
        upload_to=captions_name,
        storage=app_storage,
        max_length=MAX_NAME_LENGTH,
        blank=True,
        help_text=_("A WebVTT file with speech and important sounds as text."),
    )
    captions_language = ExactCharField(
        _("captions language"),
        max_length=35,
        blank=True,
        help_text=_("A code such as “en” or “pt-br”. Leave empty for the site's language."),
    )
    container = ExactCharField(max_length=16, blank=True, editable=False)
    """The kind of file, such as “mp4” or “webm”; empty until it is read."""
    video_codec = ExactCharField(max_length=32, blank=True, editable=False)
    """Empty with a `container` if nothing moves: sound with a cover, or a single picture."""
    audio_codec = ExactCharField(max_length=32, blank=True, editable=False)
    pixel_format = ExactCharField(max_length=32, blank=True, editable=False)
    """How its colours are stored, by FFmpeg's name, such as “yuv420p”; empty until it is read.
    Earlier versions read the other facts without it."""
    is_cut_off = models.BooleanField(default=False, editable=False)
    """Whether the end of its file is missing. The `duration` is then that of what is left."""
    readings = models.PositiveSmallIntegerField(default=0, editable=False)
    """How often reading its file was tried while its `pixel_format` is unknown."""
    duration = models.DecimalField(
        _("seconds"),
        max_digits=9,
        decimal_places=3,
        null=True,
        blank=True,
        validators=[MinValueValidator(Decimal("0.001"))],
        help_text=_("Read from the file if there is one."),
    )
    width = models.PositiveIntegerField(_("width"), null=True, blank=True, editable=False)
    """In pixels as players show it, which is also what endpoints limit."""
    height = models.PositiveIntegerField(_("height"), null=True, blank=True, editable=False)
    fps = models.DecimalField(
        _("frames per second"),
        max_digits=7,
        decimal_places=3,
        null=True,
        blank=True,
        editable=False,
    )
    size = models.PositiveBigIntegerField(_("size in bytes"), null=True, blank=True, editable=False)
    is_deleted_at_provider = models.BooleanField(
        _("deleted at its provider"),
        default=False,
        help_text=_("Its provider no longer has it, so it can't be remixed there."),
    )
    was_made_by_ai = WasMadeByAiField(default=False, editable=False)
    """True forever once it was saved as made by a model."""
    created_by = UserForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("created by"),
        on_delete=forget_user,
        db_constraint=False,
        null=True,
        blank=True,
        editable=False,
        related_name="+",
    )
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)
    upload_key = BlankAsNullCharField(max_length=36, editable=False)
    """Names the upload that made it, so that an upload that is sent again makes no second one."""
    root = models.ForeignKey(
        "self",
        on_delete=models.SET_NULL,
        null=True,
        editable=False,
        related_name="descendants",
    )
    """The first video of its family; None if this is the first."""
    cleared_at = models.DateTimeField(_("cleared at"), null=True, blank=True, editable=False)
    storage_alias = ExactCharField(max_length=MAX_ALIAS_LENGTH, blank=True, editable=False)
    """Where its `file` is, by the alias in `STORAGES`; empty for the storage of the app."""
    fingerprint = ExactCharField(max_length=64, blank=True, editable=False)
    """What a `file` contained that the site owns and may replace; empty until it is read."""
    source_model = ExactCharField(max_length=200, blank=True, editable=False)
    """The model of the site's object that it was added for, as “clips.clip”."""
    source_key = ExactCharField(max_length=200, blank=True, editable=False)
    """The primary key of that object as text, of whatever type it is."""
    stored_files = stored_files_field()

    objects = PrimaryManager.from_queryset(VideoQuerySet)()

    class Meta:
        base_manager_name = "objects"
        verbose_name = _("video")
        verbose_name_plural = _("videos")
        ordering = ("-pk",)
        permissions = (
            ("remix_video", _("Can remix videos, which costs money")),
            ("approve_video", _("Can approve and reject videos")),
        )
        indexes = (
            models.Index(fields=("pixel_format", "readings"), name="sora_remix_video_unread"),
            models.Index(fields=("source_key",), name="sora_remix_video_source"),
        )
        constraints = (
            UniqueUnlessBlank(
                fields=("sora_id",),
                name="sora_remix_video_sora_id_unique",
                violation_error_message=_("A video with this Sora id already exists."),
            ),
            UniqueUnlessBlank(fields=("upload_key",), name="sora_remix_video_upload_key_unique"),
        )

    def __str__(self) -> str:
        return self.title

    @property
    def extension(self) -> str:
        """Return the kind of file, such as “.mp4”; empty without a file.

        Until the file is read, this is the extension of its name.
        """
        name = self.file.name or ""
        if not name or not self.container:
            return splitext(name)[1].lower()
        return EXTENSIONS.get(self.container, "")

    @property
    def is_gif(self) -> bool:
        """Whether browsers show it as an image and can't play it as a video."""
        return self.extension == ".gif"

    @property
    def is_still(self) -> bool:
        """Whether its file was read and has no moving picture."""
        return bool(self.container) and not self.video_codec

    @property
    def is_unreadable(self) -> bool:
        """Whether its file can't be read as a video, or is missing."""
        return bool(self.file) and not self.pixel_format and self.readings >= MOST_READINGS

    @property
    def source_object(self) -> models.Model | None:
        """Return the site's object that it was added for; None without one or once it is deleted.

        This reads the object from the database each time.
        """
        if not self.source_key:
            return None
        try:
            rows = apps.get_model(self.source_model)._base_manager
            found: models.Model | None = rows.filter(pk=self.source_key).first()
        except (LookupError, ValueError, ValidationError):
            return None  # the model was removed, or has keys of another type now
        return found

    @source_object.setter
    def source_object(self, instance: models.Model | None) -> None:
        if instance is not None and instance.pk is None:
            message = "Save the object before you add a video for it."
            raise ValueError(message)
        self.source_model = label_of(instance) if instance else ""
        self.source_key = str(instance.pk) if instance else ""

    def stored_file(self, field: str = "file") -> StoredFile:
        """Return where the file in this field is, with its fingerprint if it has one."""
        file = super().stored_file(field)
        return file._replace(fingerprint=self.fingerprint) if field == "file" else file

    def use_app_storage(self, field: str) -> None:
        """Have this field name a file in the storage of the app, which nobody replaces."""
        super().use_app_storage(field)
        if field == "file":
            self.fingerprint = ""

    @property
    def is_made_by_ai(self) -> bool:
        """Whether a model made it: the result of a remix, or a Sora generation."""
        return bool(self.was_made_by_ai or self.sora_id or self.root_id)

    def clean(self) -> None:
        """Raise `ValidationError` if the Sora id would be removed."""
        super().clean()
        if self.pk and not self.sora_id:
            kept = Video.objects.filter(pk=self.pk).values_list("sora_id", flat=True).first()
            if kept:
                message = _(
                    "A Sora id can't be removed, because it shows that a model made the video."
                )
                raise ValidationError({"sora_id": message})

    def save(self, *args: Any, **options: Any) -> None:
        """Save the row, with `was_made_by_ai` whenever a column that decides it is saved."""
        written = options.get("update_fields")
        if written is not None and not {*written}.isdisjoint(("sora_id", "root", "root_id")):
            options["update_fields"] = {*written, "was_made_by_ai"}
        super().save(*args, **options)

    def clear(self, *, seen: str | None = None) -> None:
        """Empty the file fields of a rejected video for good, and delete the files that it owns.

        Raise `InvalidTransition` if it is not rejected, is already cleared, is the source of an
        unfinished remix, or differs from the `revision` that was `seen`, if given.
        """
        emptied = dict.fromkeys(self.FILE_FIELDS, "")
        gone = {**emptied, "stored_files": [], "cleared_at": timezone.now()}
        with atomic():
            rows = Video.objects.clearable().filter(pk=self.pk)
            # Others may have stored files for it since this instance was read.
            row = rows.select_for_update().first()
            if row and seen not in (None, row.revision):
                raise InvalidTransition(OVERTAKEN)
            if not row or not rows.update(**gone):
                message = _(
                    "Files can be cleared only if their video is rejected and no remix needs them."
                )
                raise InvalidTransition(message)
            delete_after_commit(row.owned_files(), alias())
            row.fitted_clips.all().delete()
        for name, value in gone.items():
            setattr(self, name, value)
