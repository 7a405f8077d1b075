"""Where the rarer pages are found, and the rule in words."""

from typing import Any

from django.utils import timezone
from django.views.generic import TemplateView

from tracker.badges import presentation
from tracker.badges.models import BadgePolicy
from tracker.calendars.periods import HalfMonth
from tracker.library.models import BadgeColour, CountySettings
from tracker.office.access import OfficialOnly


class More(OfficialOnly, TemplateView):
    """What there is beside the daily pages, by what the person may do."""

    template_name = "office/more.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """With what the person may do."""
        return {
            **super().get_context_data(**kwargs),
            "may_import": self.person.can("import_table"),
            "may_merge": self.person.can("merge_records"),
            "reads_trail": self.person.can("read_trail"),
            "keeps_running": self.person.can("administer_system"),
            "administers": self.person.can("administer"),
        }


class Rules(OfficialOnly, TemplateView):
    """What makes a badge: the policy in force for the county, in sentences with its numbers."""

    template_name = "office/rules.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """With the policy for the half-month that is inspected now."""
        cycle_start = HalfMonth.latest_cut_off(timezone.localdate()).start
        row = BadgePolicy.objects.in_force(self.county, cycle_start)
        policy = row.policy
        return {
            **super().get_context_data(**kwargs),
            "row": row,
            "policy": policy,
            "idle": presentation.idle_until(policy, cycle_start.year),
            "settings": CountySettings.of(self.county),
            "colours": [
                BadgeColour.GOLD,
                BadgeColour.BLUE,
                BadgeColour.YELLOW,
                BadgeColour.RED,
                BadgeColour.NONE,
            ],
            "limits": {
                "plan": presentation.limits_of_plan(policy),
                "start": presentation.limits_of_start(policy.start_red_after_months),
                "inclusion": presentation.limits_of_inclusion(
                    policy.inclusion_yellow_after_days, policy.inclusion_red_after_days
                ),
                "freshness": presentation.limits_of_freshness(policy.fresh_yellow, policy.fresh_red),
            },
        }
