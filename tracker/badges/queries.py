"""Questions about badges already given."""

from collections import Counter
from collections.abc import Collection, Iterable
from datetime import date

from tracker.badges import rules
from tracker.badges.models import Award
from tracker.calendars.periods import HalfMonth
from tracker.library.models import Division


def past_of(
    projects: Iterable[int], half_month: HalfMonth, skipped: Collection[date], depth: int
) -> dict[int, tuple[rules.Past, ...]]:
    """For each project what the rule remembers of up to `depth` half-months before this one, newest first.

    A half-month without a badge leaves a gap that says so; those that the county skipped are left out.
    """
    starts: list[date] = []
    earlier = half_month
    while len(starts) < depth:
        earlier = earlier.previous()
        if earlier.start not in skipped:
            starts.append(earlier.start)
    awards = Award.objects.standing().filter(project__in=projects, cycle_start__in=starts)
    known = {
        (project_id, start): rules.Past(rules.Badge(earned), met_gold)
        for project_id, start, earned, met_gold in awards.values_list(
            "project_id", "cycle_start", "earned", "meets_gold"
        )
    }
    unrated = rules.Past(rules.Badge.NONE)
    return {
        project_id: tuple(known.get((project_id, start), unrated) for start in starts)
        for project_id in projects
    }


def counts_by_colour(county: Division, half_month: HalfMonth) -> Counter[str]:
    """How many projects of the county have which badge in the half-month."""
    awards = Award.objects.standing().filter(project__county=county, cycle_start=half_month.start)
    return Counter(awards.values_list("badge", flat=True))
