"""The audit trail: a row for each thing that somebody, or the system by a rule, has done; and the seals."""

from collections.abc import Iterable
from datetime import UTC
from typing import Any, NoReturn

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tracker.audit.values import digest_of
from tracker.scope import ScopedQuerySet


class AppendOnly(Exception):
    """What stands in the trail is neither changed nor taken out."""


class AppendOnlyQuerySet(ScopedQuerySet):
    """Rows that are added and read, nothing else."""

    def update(self, **kwargs: Any) -> NoReturn:
        """Refused."""
        raise AppendOnly(self.model._meta.label)

    def delete(self) -> NoReturn:
        """Refused."""
        raise AppendOnly(self.model._meta.label)


class AuditEntryQuerySet(AppendOnlyQuerySet):
    """What was done, seen by where it was done; what belongs to no place by those at the top."""

    def _in_subtree(self, division: Any) -> Q | None:
        # The path itself is kept, so that an entry is found after its row has gone.
        lies_below = Q(place__startswith=division.path)
        return lies_below | Q(place="") if division.parent_id is None else lies_below

    def bulk_create(self, objs: Iterable["AuditEntry"], *args: Any, **kwargs: Any) -> list["AuditEntry"]:
        """Add entries, each with its digest."""
        entries = list(objs)
        for entry in entries:
            entry.digest = entry.computed_digest()
        return super().bulk_create(entries, *args, **kwargs)

    def unsealed(self) -> "AuditEntryQuerySet":
        """Those that no seal has been put on yet."""
        return self.filter(seal=None)

    def drop(self) -> int:
        """Take these out for good; the database itself refuses it for young ones."""
        return models.QuerySet.delete(self)[0]


class AppendOnlyModel(models.Model):
    """A row that stays as it was written."""

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Only a new row can be written."""
        if not self._state.adding:
            raise AppendOnly(self._meta.label)
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Refused."""
        raise AppendOnly(self._meta.label)


class AuditEntry(AppendOnlyModel):
    """One thing that was done: by whom, when, to which row, what stood there before and after, and why."""

    class Act(models.TextChoices):
        """What was done."""

        CREATED = "created", _("Created")
        CHANGED = "changed", _("Changed")
        DELETED = "deleted", _("Deleted")
        SIGNED_IN = "signed_in", _("Signed in")
        SIGN_IN_FAILED = "sign_in_failed", _("Sign-in failed")
        LOCKED_OUT = "locked_out", _("Locked out")
        LOCK_LIFTED = "lock_lifted", _("Lock lifted")
        SIGNED_OUT = "signed_out", _("Signed out")
        SESSIONS_ENDED = "sessions_ended", _("Sessions ended")
        SECOND_FACTOR = "second_factor", _("Second factor changed")
        REVEALED = "revealed", _("Revealed")
        EXPORTED = "exported", _("Exported")
        REMOVED = "removed", _("Personal data removed")
        RESTORED = "restored", _("Restored from a backup")

    at = models.DateTimeField(_("when"), default=timezone.now)
    # The person, or null: then `system` says by which rule or job it was done.
    actor = models.ForeignKey(
        "tracker.User",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("who"),
        db_index=False,  # the index below begins with it
    )
    system = models.CharField(_("by the system"), max_length=120, blank=True)
    act = models.CharField(_("what was done"), max_length=20, choices=Act.choices)
    # The table ("project") and the row's id as text; empty when it is about no row.
    table = models.CharField(_("kind of record"), max_length=40, blank=True)
    row = models.CharField(_("record"), max_length=40, blank=True)
    # Field names and values, as JSON: of what was there and of what is there now.
    before = models.JSONField(default=dict, blank=True)
    after = models.JSONField(default=dict, blank=True)
    why = models.CharField(_("why"), max_length=400, blank=True)
    request_id = models.CharField(_("request"), max_length=64, blank=True)
    # The divisions' path that the row lay in then ("/1/14/96/"), by which the trail is shown.
    place = models.CharField(max_length=60, blank=True)
    # SHA-256 of all of the above.
    digest = models.CharField(max_length=64, editable=False)

    objects = AuditEntryQuerySet.as_manager()

    class Meta:
        verbose_name = _("audit entry")
        verbose_name_plural = _("audit trail")
        ordering = ["-at", "-pk"]
        indexes = [
            # Each filter of the auditors' page, in the page's order. Without one the place is read from the
            # first: so a small county's entries are found among a million without opening each.
            models.Index(fields=["at", "id", "place"], name="audit_newest"),
            models.Index(fields=["actor", "at", "id"], name="audit_of_actor"),
            models.Index(fields=["act", "at", "id"], name="audit_of_act"),
            models.Index(fields=["table", "at", "id"], name="audit_of_table"),
            models.Index(fields=["table", "row", "at", "id"], name="audit_of_row"),
            models.Index(fields=["request_id", "at", "id"], name="audit_of_request"),
        ]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M:%S} {self.act} {self.table} {self.row}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """With its digest."""
        self.digest = self.computed_digest()
        super().save(*args, **kwargs)

    def computed_digest(self) -> str:
        """The digest that follows from what stands in the row now."""
        at = self.at.astimezone(UTC).isoformat(timespec="microseconds")
        return digest_of(
            [
                *(at, self.actor_id, self.system, self.act, self.table, self.row),
                *(self.before, self.after, self.why, self.request_id, self.place),
            ]
        )


class AuditSealQuerySet(AppendOnlyQuerySet):
    """Seals in the order in which they were put; shown to nobody: they tell nothing of a county."""

    def head(self) -> "AuditSeal | None":
        """The latest one."""
        head: AuditSeal | None = self.order_by("-position").first()
        return head


class AuditSeal(AppendOnlyModel):
    """A link of the chain: it holds an entry's digest, and with the previous link all that went before."""

    position = models.PositiveBigIntegerField(primary_key=True)
    # An old entry is dropped one day, its seal stays: the chain goes on through it.
    entry = models.OneToOneField(
        AuditEntry, models.DO_NOTHING, null=True, db_constraint=False, related_name="seal"
    )
    digest = models.CharField(max_length=64)
    chain = models.CharField(max_length=64)
    sealed_at = models.DateTimeField(default=timezone.now)

    objects = AuditSealQuerySet.as_manager()

    class Meta:
        verbose_name = _("seal of the audit trail")
        verbose_name_plural = _("seals of the audit trail")
        ordering = ["position"]

    def __str__(self) -> str:
        return f"{self.position} {self.chain[:16]}"

    def computed_chain(self, previous: str) -> str:
        """The link that follows from the one before and from what stands in this row now."""
        at = self.sealed_at.astimezone(UTC).isoformat(timespec="microseconds")
        return digest_of([previous, self.digest, self.position, self.entry_id, at])
