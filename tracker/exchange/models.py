"""Tables that somebody has handed in, what taking them has changed, and what a county calls its columns."""

from typing import Self

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tracker.audit.capture import Audited, AuditedQuerySet, Trail
from tracker.audit.values import fingerprint
from tracker.exchange.rules import Field
from tracker.library.models import Division
from tracker.scope import ScopedQuerySet


class ImportBatchQuerySet(AuditedQuerySet):
    """Hand-ins of the counties that an official sees; enterprises see none."""

    division_paths = ("county",)

    def waiting_for_worker(self) -> Self:
        """Those that are read or taken in the background, and not done yet."""
        return self.filter(state__in=ImportBatch.AT_WORK)


class ImportBatch(Audited, models.Model):
    """One half-monthly table: handed in, read, looked at, taken or not, and perhaps undone."""

    # How far the background has come is no deed of anybody.
    trail = Trail(masked={"content": fingerprint}, left_out={"claimed_at", "attempts", "done", "total"})

    class State(models.TextChoices):
        QUEUED = "queued", _("Waiting to be read")
        READING = "reading", _("Being read")
        UPLOADED = "uploaded", _("Waiting for confirmation")
        TAKING = "taking", _("Being taken")
        JUDGING = "judging", _("Taken, badges are being judged")
        TAKEN = "taken", _("Taken")
        UNDOING = "undoing", _("Being undone")
        REFUSED = "refused", _("Cannot be read")
        FAILED = "failed", _("Failed")
        UNDONE = "undone", _("Undone")

    AT_WORK = frozenset({State.QUEUED, State.READING, State.TAKING, State.JUDGING, State.UNDOING})

    class Existing(models.TextChoices):
        """What becomes of a record that is in the library already and that the table says otherwise."""

        UPDATE = "update", _("write what the table says")
        SKIP = "skip", _("leave it as it is, and add only what is new")
        STOP = "stop", _("take nothing at all")

    class Wrong(models.TextChoices):
        """What becomes of the table when some of its rows are wrong."""

        LEAVE_OUT = "leave_out", _("leave them out, and take the others")
        STOP = "stop", _("take nothing at all")

    county = models.ForeignKey(Division, models.PROTECT, related_name="imports", verbose_name=_("county"))
    filename = models.CharField(_("file"), max_length=200)
    content = models.BinaryField()
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.UPLOADED)
    # Empty until a table that names its half-month itself has been read.
    cycle_start = models.DateField(_("half-month"), null=True, blank=True)
    existing = models.CharField(
        _("if a record is there already and differs"),
        max_length=10,
        choices=Existing.choices,
        default=Existing.UPDATE,
    )
    wrong = models.CharField(
        _("if rows are wrong"), max_length=10, choices=Wrong.choices, default=Wrong.LEAVE_OUT
    )
    uploaded_by = models.ForeignKey("tracker.User", models.SET_NULL, null=True, blank=True, related_name="+")
    uploaded_at = models.DateTimeField(_("uploaded at"), default=timezone.now)
    taken_at = models.DateTimeField(_("taken at"), null=True, blank=True)
    taken_by = models.ForeignKey("tracker.User", models.SET_NULL, null=True, blank=True, related_name="+")
    undone_at = models.DateTimeField(_("undone at"), null=True, blank=True)
    undone_by = models.ForeignKey("tracker.User", models.SET_NULL, null=True, blank=True, related_name="+")
    # {"created": n, "changed": n, "unchanged": n, "refused": n} over all kinds of records.
    counts = models.JSONField(default=dict, blank=True)
    # Why it was refused or has failed: {"code": ..., "values": {...}}.
    trouble = models.JSONField(default=dict, blank=True)
    # The worker that has it in hand, since when; a claim lapses, so that the next sweep is the retry.
    claimed_at = models.DateTimeField(null=True, blank=True, editable=False)
    attempts = models.PositiveSmallIntegerField(default=0, editable=False)
    # How many rows the table has, and how many of its projects have been judged in the background.
    done = models.PositiveIntegerField(default=0, editable=False)
    total = models.PositiveIntegerField(default=0, editable=False)

    objects = ImportBatchQuerySet.as_manager()

    class Meta:
        verbose_name = _("import")
        verbose_name_plural = _("imports")
        ordering = ["-uploaded_at"]
        indexes = [
            models.Index(
                fields=["claimed_at"],
                name="import_at_work",
                condition=Q(state__in=["queued", "reading", "taking", "judging", "undoing"]),
            )
        ]

    def __str__(self) -> str:
        return self.filename


class ImportEffectQuerySet(ScopedQuerySet):
    """What imports have changed, seen by whoever sees the import."""

    division_paths = ("batch__county",)


class ImportEffect(models.Model):
    """What taking a table has done to one row, so that it can be undone while nobody has touched it."""

    batch = models.ForeignKey(ImportBatch, models.CASCADE, related_name="effects", verbose_name=_("import"))
    table = models.CharField(_("kind of record"), max_length=40)
    row = models.BigIntegerField(_("record"))
    # What stood there before, by column; null where the row is new. Emptied when its time of keeping is over.
    before = models.JSONField(null=True, blank=True)
    # SHA-256 of the row as the import has left it.
    after = models.CharField(max_length=64)

    objects = ImportEffectQuerySet.as_manager()

    class Meta:
        verbose_name = _("effect of an import")
        verbose_name_plural = _("effects of imports")
        constraints = [
            models.UniqueConstraint(fields=["batch", "table", "row"], name="import_effect_once_per_row")
        ]
        indexes = [models.Index(fields=["table", "row"])]

    def __str__(self) -> str:
        return f"{self.table} {self.row}"

    @property
    def is_new(self) -> bool:
        """Whether the import has added the row."""
        return self.before is None


class ColumnSynonymQuerySet(AuditedQuerySet):
    """What a county calls its columns, seen by the county's officials."""

    division_paths = ("county",)

    def learnt(self, county: Division) -> dict[str, Field]:
        """The county's heads, bare, with the field that each of them means."""
        rows = self.filter(county=county, field__in=list(Field)).values_list("head", "field")
        return {head: Field(field) for head, field in rows}


class ColumnSynonym(Audited, models.Model):
    """A head that a county uses for a column, learnt when somebody said what it means."""

    county = models.ForeignKey(Division, models.CASCADE, related_name="+", verbose_name=_("county"))
    # Bare: without blanks, brackets, unit and year.
    head = models.CharField(_("head of the column"), max_length=80)
    field = models.CharField(_("what it means"), max_length=40)
    learnt_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = ColumnSynonymQuerySet.as_manager()

    class Meta:
        verbose_name = _("name of a column")
        verbose_name_plural = _("names of columns")
        ordering = ["head", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["county", "head"],
                name="column_synonym_once_in_county",
                violation_error_message=_("This head has a meaning in the county already."),
            )
        ]

    def __str__(self) -> str:
        return self.head
