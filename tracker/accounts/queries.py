"""Questions about people."""

from django.db.models import QuerySet

from tracker.accounts.models import User
from tracker.accounts.roles import Role


def team_leads_of(division_path: str) -> QuerySet[User]:
    """Who leads the special team that answers for a place: people of that division or of one above it."""
    way_down = [int(division_id) for division_id in division_path.split("/") if division_id]
    leads = User.objects.filter(role=Role.TEAM_LEAD, is_active=True, division__in=way_down)
    return leads.select_related("division").order_by("name", "pk")
