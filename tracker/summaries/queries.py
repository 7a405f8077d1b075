"""What there is to tell of a county's month."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

from django.db.models import F, QuerySet

from tracker.badges import rules as badge_rules
from tracker.badges.figures import rounded
from tracker.badges.keeping import reading_from
from tracker.badges.models import Award, BadgePolicy
from tracker.badges.policy import Policy
from tracker.badges.rules import OUT_OF_THE_RUNNING, Reading
from tracker.calendars.periods import HalfMonth, Month, shanghai_date
from tracker.inspections.models import Cycle, Inspection
from tracker.library.models import ENDED_STAGES, BadgeColour, Division, InclusionState, Project
from tracker.library.rules import with_masked_phones
from tracker.summaries.models import MonthlySummary

Figures = dict[str, Any]

RED, YELLOW, BLUE, GOLD = BadgeColour.RED, BadgeColour.YELLOW, BadgeColour.BLUE, BadgeColour.GOLD
# In the order in which they are told.
COLOURS = (RED, YELLOW, BLUE, GOLD, BadgeColour.NONE)
GOOD = frozenset({BLUE, GOLD})
# How far ahead inclusion is announced.
INCLUSION_HORIZON = timedelta(days=30)


@dataclass(frozen=True)
class Standing:
    """How one project stood at its last badge of the month, and the badge it had at the month's beginning."""

    project: Project
    award: Award
    reading: Reading
    policy: Policy
    before: str | None

    @property
    def is_followed(self) -> bool:
        """Whether the project was neither suspended nor ended by then."""
        return self.reading.stage not in OUT_OF_THE_RUNNING

    @property
    def badge(self) -> str:
        """The badge that counts for the month."""
        return self.award.badge

    @property
    def planned_to_date(self) -> Decimal | None:
        """What of the annual plan should be done by the cut-off, in 万元."""
        plan = self.reading.annual_plan
        if plan is None:
            return None
        share = badge_rules.planned_investment(self.reading, self.policy)
        return rounded(Fraction(plan) * share / 100, 2)


def running_month(county: Division, today: date) -> Month:
    """The month that is being worked on: last month until its half-months are closed, then this one."""
    current = Month.containing(today)
    last = current.previous()
    unfinished = Cycle.objects.of_county(county).filter(
        state=Cycle.State.OPEN, start__in=[half.start for half in last.halves]
    )
    return last if unfinished.exists() else current


def headlines(summaries: QuerySet[MonthlySummary]) -> list[Figures]:
    """The few figures of each month for a list of months, newest first, without reading all that was kept."""
    kept = summaries.order_by("-month_start").values(
        "month_start",
        counts=F("figures__counts"),
        investment=F("figures__investment"),
        inclusion=F("figures__inclusion"),
    )
    return [dict(month) for month in kept]


def figures(county: Division, month: Month, today: date) -> Figures:
    """Everything that the county's summary of the month says; plain values that JSON keeps, amounts as text.

    Badges and figures are those of each project's last badge in the month, compared with its last one in
    the month before. Inclusion that is due is as known today. Any number of projects takes the same queries.
    """
    projects = {
        project.pk: project
        for project in Project.objects.of_county(county).for_table().select_related("enterprise__industry")
    }
    cycles = {
        cycle.start: cycle for cycle in Cycle.objects.of_county(county).filter(start__in=_starts(month))
    }
    awards = _awards(county, month)
    before = _badges_before(county, month.previous())
    inspected = set(
        Inspection.objects.accepted()
        .filter(project__county=county, cycle_start__in=_starts(month))
        .values_list("project_id", "cycle_start")
    )
    standings = _standings(projects, awards, before)
    followed = [standing for standing in standings if standing.is_followed]
    absent = _not_inspected(projects, cycles.values(), awards, before, inspected, today)
    counts, counts_before = Counter(s.badge for s in standings), Counter(before.values())
    rows = {standing.project.pk: _row(standing, today) for standing in standings}

    def told(those: Iterable[Standing]) -> list[Figures]:
        return [rows[standing.project.pk] for standing in those]

    return {
        "county": {"code": county.code, "name_zh": county.name_zh, "name_en": county.name_en},
        "month": month.code,
        "as_of": today.isoformat(),
        "cut_off": max((s.reading.cut_off for s in standings), default=month.end).isoformat(),
        "rated": sum(counts[colour] for colour in (RED, YELLOW, BLUE, GOLD)),
        "counts": {colour.value: counts[colour] for colour in COLOURS},
        "before": {colour.value: counts_before[colour] for colour in COLOURS} if before else None,
        "change": {colour.value: counts[colour] - counts_before[colour] for colour in COLOURS}
        if before
        else None,
        "investment": _investment(followed),
        "inclusion": _inclusion(followed),
        "rates": _rates(followed),
        "new_reds": told(_most_in_need(s for s in standings if s.badge == RED and s.before != RED)),
        "still_red": sum(1 for s in standings if s.badge == RED and s.before == RED),
        "second_yellows": told(
            _most_in_need(s for s in standings if s.badge == YELLOW and s.before == YELLOW)
        ),
        "turned_good": told(s for s in standings if _turned_good(s)),
        "cycles": [_cycle(cycle, absent, today) for _, cycle in sorted(cycles.items())],
        "not_inspected": absent,
        "inclusion_due": _inclusion_due(followed, today),
        "notes": _notes(standings, cycles.values()),
        "projects": list(rows.values()),
    }


def _starts(month: Month) -> list[date]:
    return [half.start for half in month.halves]


def _awards(county: Division, month: Month) -> dict[tuple[int, date], Award]:
    """The standing badges of the month, by project and half-month."""
    standing = Award.objects.standing().filter(project__county=county, cycle_start__in=_starts(month))
    # The lights repeat what the inputs give; a county's month of them would be most of what is read.
    rows = standing.defer("lights", "inputs_digest")
    return {(award.project_id, award.cycle_start): award for award in rows}


def _badges_before(county: Division, month: Month) -> dict[int, str]:
    """Each project's last badge in the month."""
    standing = Award.objects.standing().filter(project__county=county, cycle_start__in=_starts(month))
    return dict(standing.order_by("cycle_start").values_list("project_id", "badge"))


def _standings(
    projects: dict[int, Project], awards: dict[tuple[int, date], Award], before: dict[int, str]
) -> list[Standing]:
    latest: dict[int, Award] = {}
    for (project_id, _), award in sorted(awards.items(), key=lambda item: item[0]):
        latest[project_id] = award
    policies = {
        policy.pk: policy.policy
        for policy in BadgePolicy.objects.filter(pk__in={award.policy_id for award in latest.values()})
    }
    return [
        Standing(
            project=project,
            award=latest[project_id],
            reading=reading_from(latest[project_id].inputs),
            policy=policies[latest[project_id].policy_id],
            before=before.get(project_id),
        )
        for project_id, project in projects.items()
        if project_id in latest
    ]


def _most_in_need(standings: Iterable[Standing]) -> list[Standing]:
    """Those with an open problem first, where a leader may have to decide; then by the size of the plan."""
    return sorted(
        standings,
        key=lambda s: (not s.project.problem, -(s.reading.annual_plan or 0), s.project.name, s.project.pk),
    )


def _turned_good(standing: Standing) -> bool:
    if standing.before in (RED, YELLOW):
        return standing.badge in GOOD
    return standing.before == BLUE and standing.badge == GOLD


def _investment(standings: list[Standing]) -> Figures:
    """Plan against done of the projects that have a plan for the year, in 万元 and per cent of that plan."""
    planned = [s for s in standings if s.reading.annual_plan]
    plan = sum((s.reading.annual_plan or Decimal(0) for s in planned), Decimal(0))
    to_date = sum((s.planned_to_date or Decimal(0) for s in planned), Decimal(0))
    done = sum((s.reading.ytd_investment for s in planned), Decimal(0))
    planned_percent, done_percent = _percent(to_date, plan), _percent(done, plan)
    return {
        "annual_plan": f"{plan:.2f}",
        "planned_to_date": f"{to_date:.2f}",
        "done": f"{done:.2f}",
        "planned_percent": planned_percent,
        "done_percent": done_percent,
        "gap": _percent(to_date - done, plan),
        "projects": len(planned),
        "without_plan": len(standings) - len(planned),
    }


def _inclusion(standings: list[Standing]) -> Figures:
    """Of those started that belong in the survey, how many are included."""
    due = [s.reading for s in standings if s.reading.has_started and s.reading.needs_inclusion]
    return _rate(sum(1 for reading in due if reading.is_included), len(due))


def _rates(standings: list[Standing]) -> Figures:
    """How much of what was to start, and to be completed, this year up to the cut-off did so.

    The rate of investment done stands with the plan; what funds are in place is not recorded.
    """
    readings = [standing.reading for standing in standings]
    to_start = [r for r in readings if _falls_due(r.planned_start, r.cut_off)]
    to_complete = [r for r in readings if _falls_due(r.planned_completion, r.cut_off)]
    in_time = [
        r
        for r in to_complete
        if r.actual_completion and r.planned_completion and r.actual_completion <= r.planned_completion
    ]
    return {
        "start": _rate(sum(1 for reading in to_start if reading.has_started), len(to_start)),
        "completion": _rate(len(in_time), len(to_complete)),
    }


def _falls_due(planned: date | None, cut_off: date) -> bool:
    return planned is not None and planned.year == cut_off.year and planned <= cut_off


def _rate(done: int, due: int) -> Figures:
    return {"done": done, "due": due, "percent": _percent(Decimal(done), Decimal(due))}


def _percent(part: Decimal, whole: Decimal) -> str | None:
    """With one decimal as text; none of nothing."""
    return str(rounded(Fraction(part) * 100 / Fraction(whole), 1)) if whole else None


def _not_inspected(
    projects: dict[int, Project],
    cycles: Iterable[Cycle],
    awards: dict[tuple[int, date], Award],
    before: dict[int, str],
    inspected: set[tuple[int, date]],
    today: date,
) -> list[Figures]:
    """Projects without an accepted inspection in a half-month whose window has opened, and in which."""
    held = sorted(
        (c for c in cycles if c.state != Cycle.State.SKIPPED and c.opens_on <= today), key=lambda c: c.start
    )
    found = []
    for pk, project in projects.items():
        if project.stage in ENDED_STAGES:
            continue
        known = [c for c in held if pk in before or (pk, c.start) in awards or _was_there(project, c)]
        missed = [c for c in known if (pk, c.start) not in inspected]
        if missed:
            latest = awards.get((pk, missed[-1].start))
            found.append(
                {
                    **_identity(project),
                    "missed": [cycle.half_month.code for cycle in missed],
                    "is_carried_forward": latest is not None,
                    "cycles_missing": latest.inputs.get("cycles_missing") if latest else None,
                }
            )
    return found


def _was_there(project: Project, cycle: Cycle) -> bool:
    return shanghai_date(project.added_at) <= cycle.closes_on


def _cycle(cycle: Cycle, absent: list[Figures], today: date) -> Figures:
    """One half-month: its state, and how many projects nobody inspected in it."""
    code = cycle.half_month.code
    missed = [row for row in absent if code in row["missed"]]
    return {
        "code": code,
        "state": cycle.state,
        "is_ahead": cycle.opens_on > today,
        "skipped_because": cycle.skipped_because,
        "not_inspected": len(missed),
        "carried_forward": sum(1 for row in missed if row["is_carried_forward"]),
    }


def _inclusion_due(standings: list[Standing], today: date) -> list[Figures]:
    """Started projects that are not yet included, as known today: overdue, or due within the next days."""
    rows = []
    for standing in standings:
        project, reading = standing.project, standing.reading
        if project.inclusion_state in (InclusionState.INCLUDED, InclusionState.NOT_APPLICABLE):
            continue
        if not (reading.needs_inclusion and reading.has_started):
            continue
        start = reading.actual_start
        due_on = start + timedelta(days=standing.policy.inclusion_yellow_after_days) if start else None
        if due_on and due_on > today + INCLUSION_HORIZON:
            continue
        rows.append(
            {
                **_identity(project),
                "state": project.inclusion_state,
                "started_on": _day(start),
                "days": (today - start).days if start else None,
                "due_on": _day(due_on),
                "is_overdue": due_on is not None and due_on < today,
            }
        )
    return sorted(rows, key=lambda row: (row["due_on"] or "", row["name"]))


def _notes(standings: list[Standing], cycles: Iterable[Cycle]) -> Figures:
    """What a reader must know of how the figures came about."""
    skipped = [cycle for cycle in cycles if cycle.state == Cycle.State.SKIPPED]
    return {
        "policies": sorted({standing.policy.code for standing in standings}),
        "skipped": [
            {"code": cycle.half_month.code, "reason": cycle.skipped_because}
            for cycle in sorted(skipped, key=lambda cycle: cycle.start)
        ],
        "reasons_applied": [
            {
                **_identity(standing.project),
                "until": _day(max((reason.until for reason in standing.reading.held), default=None)),
            }
            for standing in standings
            if standing.award.has_reason_applied
        ],
        "provisional": sum(1 for s in standings if s.award.state == Award.State.PROVISIONAL),
        "carried_forward": sum(1 for s in standings if s.award.is_stale),
    }


def _identity(project: Project) -> Figures:
    """What a line about a project begins with."""
    township = project.township
    return {
        "id": project.pk,
        "name": project.name,
        "enterprise": project.enterprise.name,
        "township_zh": township.name_zh if township else "",
        "township_en": (township.name_en or township.name_zh) if township else "",
        "inspector": project.inspector.name if project.inspector else "",
    }


def _row(standing: Standing, today: date) -> Figures:
    """One project in the month's table."""
    project, award, reading = standing.project, standing.award, standing.reading
    half = HalfMonth.starting(award.cycle_start)
    # The way up names the next cut-off; once that is over it would ask for what nobody can do any more.
    can_improve = half.next().end >= today
    industry = project.enterprise.industry
    investment_gap = None
    if reading.annual_plan and standing.planned_to_date is not None:
        investment_gap = _percent(standing.planned_to_date - reading.ytd_investment, reading.annual_plan)
    return {
        **_identity(project),
        "code": project.code or "",
        "credit_code": project.enterprise.credit_code,
        "industry_code": industry.code if industry else "",
        "badge": award.badge,
        "before": standing.before,
        "reason_zh": award.reason_zh,
        "reason_en": award.reason_en,
        "to_improve_zh": award.to_improve_zh if can_improve else "",
        "to_improve_en": award.to_improve_en if can_improve else "",
        "problem": with_masked_phones(project.problem),
        "is_carried_forward": award.is_stale,
        "has_reason_applied": award.has_reason_applied,
        "rated_in": half.code,
        "stage": reading.stage.value,
        "planned_total": _amount(reading.planned_total),
        "annual_plan": _amount(reading.annual_plan),
        "planned_to_date": _amount(standing.planned_to_date),
        "done": _amount(reading.ytd_investment),
        "gap": investment_gap,
        "progress_percent": _amount(reading.progress_percent),
        "planned_start": _day(reading.planned_start),
        "actual_start": _day(reading.actual_start),
        "planned_completion": _day(reading.planned_completion),
        "actual_completion": _day(reading.actual_completion),
        "inclusion_state": reading.inclusion_state.value,
        "included_on": _day(reading.included_on),
    }


def _amount(number: Decimal | None) -> str | None:
    return None if number is None else f"{number:.2f}"


def _day(day: date | None) -> str | None:
    return day.isoformat() if day else None
