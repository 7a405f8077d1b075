"""Views of a list that somebody has saved: for themselves, or for everybody in the county."""

from typing import TYPE_CHECKING, Any

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tracker.audit.capture import Audited, AuditedQuerySet

if TYPE_CHECKING:
    from tracker.library.models import Division

LONGEST_QUERY = 2000


class SavedViewQuerySet(AuditedQuerySet):
    """One's own views, and those that are shared in the county that one works for or in."""

    division_paths = ("county",)
    person_path = "owner"

    def _in_subtree(self, division: Any) -> Q | None:
        shared = Q(is_shared=True)
        if division.level == "township":
            return shared & Q(county=division.parent_id)
        return shared & Q(county__path__startswith=division.path)

    def for_list(self, name: str, county: "Division") -> "SavedViewQuerySet":
        """Those of one list of the county, one's own first."""
        return self.filter(list=name, county=county).order_by("is_shared", "name", "pk")


class SavedView(Audited, models.Model):
    """The filters, the order and the columns of a list, under a name.

    What it shows is asked anew whenever it is opened, with the rights of whoever opens it.
    """

    class List(models.TextChoices):
        PROJECTS = "projects", _("Projects")
        ENTERPRISES = "enterprises", _("Enterprises")
        INCLUSION = "inclusion", _("Inclusion in statistics")

    owner = models.ForeignKey(
        "tracker.User", models.CASCADE, related_name="saved_views", verbose_name=_("saved by")
    )
    county = models.ForeignKey("tracker.Division", models.CASCADE, related_name="+", verbose_name=_("county"))
    list = models.CharField(_("list"), max_length=20, choices=List.choices)
    name = models.CharField(_("name"), max_length=40)
    # As it stands in the address: "badge=red&sort=-planned_total&column=name".
    query = models.CharField(_("what it shows"), max_length=LONGEST_QUERY, blank=True)
    is_shared = models.BooleanField(
        _("shared with the county"),
        default=False,
        help_text=_("Everybody in the county finds the view; each sees in it what they may see."),
    )
    made_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = SavedViewQuerySet.as_manager()

    class Meta:
        verbose_name = _("saved view")
        verbose_name_plural = _("saved views")
        ordering = ["name", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["owner", "name"],
                name="saved_view_name_once",
                violation_error_message=_("You have a saved view of this name already."),
            ),
        ]
        indexes = [models.Index(fields=["county", "list"], name="saved_view_of_list")]

    def __str__(self) -> str:
        return self.name
