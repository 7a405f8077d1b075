"""Days on which a county works or rests against the national calendar."""

from django.contrib import admin
from django.db.models import Model, Q
from django.http import HttpRequest

from tracker.admin.site import ByAdministrators
from tracker.calendars.models import CalendarDay


@admin.register(CalendarDay)
class CalendarDayAdmin(ByAdministrators):
    """Days that a county, or everybody, works or rests against the national calendar."""

    ways = ("county__",)
    shared_rows = Q(county=None)
    list_display = ("day", "is_working", "county", "note")
    list_filter = ("is_working",)
    list_select_related = ("county",)
    date_hierarchy = "day"

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """A special day can be taken back by whoever may change it."""
        return self.has_change_permission(request, obj)
