"""Divisions, their counties' settings, enterprises to choose from, industries."""

from typing import Any

from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest

from tracker.accounts import roles
from tracker.admin.site import ByAdministrators, stands_above_all
from tracker.library.models import CountySettings, Division, Enterprise, Industry


@admin.register(Division)
class DivisionAdmin(ByAdministrators):
    """The tree of divisions; a place keeps its parent, since paths of everything below hang on it."""

    ways = ("",)
    readers = roles.SECURING
    fields = ("parent", "level", "code", "name_zh", "name_en")
    list_display = ("name_zh", "name_en", "code", "level", "parent")
    list_filter = ("level",)
    list_select_related = ("parent",)
    search_fields = ("name_zh", "name_en", "code")
    autocomplete_fields = ("parent",)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """The place in the tree is settled when it is added."""
        return ("parent", "level") if obj else ()

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """A new place lies within reach; a root is for those above all divisions."""
        field = super().formfield_for_foreignkey(db_field, request, **kwargs)
        if field and db_field.name == "parent":
            field.required = not stands_above_all(request)
        return field


@admin.register(CountySettings)
class CountySettingsAdmin(ByAdministrators):
    """How each county's special team works."""

    ways = ("county__",)
    list_display = (
        "county",
        "needs_second_person",
        "due_after_working_days",
        "closes_after_working_days",
        "confirmation",
    )
    list_select_related = ("county",)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Settings stay with their county."""
        return ("county",) if obj else ()


@admin.register(Enterprise)
class EnterpriseAdmin(ByAdministrators):
    """To be looked up when somebody of an enterprise is added; kept on the officials' own pages."""

    ways = ("county__",)
    keepers = roles.ADMINISTRATORS
    fields = ("name", "credit_code", "county", "township", "industry")
    list_display = ("name", "credit_code", "county")
    list_select_related = ("county",)
    search_fields = ("name", "credit_code")
    ordering = ("name", "pk")

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Not from here."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Not from here."""
        return False


@admin.register(Industry)
class IndustryAdmin(ByAdministrators):
    """GB/T 4754 as far as it is used; the same for every county."""

    list_display = ("code", "name_zh", "name_en")
    search_fields = ("code", "name_zh", "name_en")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Industry]:
        """Everybody's."""
        return Industry.objects.all()

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """A code is the row's identity."""
        return ("code",) if obj else ()

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Reference data of all counties."""
        return stands_above_all(request) and self._is_among(request, self.keepers)

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Reference data of all counties."""
        return self.has_add_permission(request)
