"""The menu by which a list is taken out as a file."""

from typing import Any

from django import template
from django.urls import reverse

register = template.Library()


@register.inclusion_tag("office/_export_menu.html", takes_context=True)
def export_menu(context: Any, list_name: str) -> dict[str, Any]:
    """The ways to take out "projects", "enterprises" or "inclusion" as it is narrowed down now."""
    request = context["request"]
    return {
        "request": request,
        "export_url": reverse(f"office:export_{list_name}"),
        "may_reveal": request.user.can("reveal_phone"),
        "has_table": list_name == "projects",
    }
