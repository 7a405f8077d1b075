"""What a page draws of a badge: its lights as rows, the year's plan against what was done, its history.

Nothing here asks the database: an award keeps all that it was judged by, and the figures of inspections
are passed in.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

from django.utils.formats import date_format, number_format
from django.utils.translation import gettext, ngettext, pgettext

from tracker.badges import rules
from tracker.badges.figures import rounded
from tracker.badges.keeping import reading_from
from tracker.badges.models import Award
from tracker.badges.policy import Policy
from tracker.badges.words import amount
from tracker.calendars.periods import HalfMonth
from tracker.library.models import BadgeColour

STRIP_LENGTH = 24

# --- the five lights as rows ---


@dataclass(frozen=True)
class LightRow:
    """One light as a table shows it; every cell is ready to be read."""

    dimension: str
    name: str
    planned: str
    actual: str
    gap: str
    limits: str
    # Empty where the dimension does not apply or cannot be judged; the note says why.
    badge: str
    note: str
    is_decisive: bool


def light_rows(award: Award) -> list[LightRow]:
    """The award's lights, the one that decides first; none for a project that is not rated."""
    rows = [_row(light, award) for light in award.lights]
    return sorted(rows, key=lambda row: not row.is_decisive)


def _row(light: Mapping[str, Any], award: Award) -> LightRow:
    dimension = light["dimension"]
    is_judged = bool(light.get("badge"))
    planned, actual, gap = _cells(light, award.inputs) if is_judged else ("–", "–", "–")
    return LightRow(
        dimension=dimension,
        name=_dimension_name(dimension),
        planned=planned,
        actual=actual,
        gap=gap,
        limits=_limits(light, award.policy.policy) if is_judged else "",
        badge=light.get("badge") or "",
        note=_note(light),
        is_decisive=dimension == award.decisive,
    )


def _dimension_name(dimension: str) -> str:
    return {
        "start": pgettext("light", "Start"),
        "progress": pgettext("light", "Progress"),
        "investment": pgettext("light", "Investment this year"),
        "inclusion": pgettext("light", "Inclusion in statistics"),
        "freshness": pgettext("light", "Inspections"),
    }[dimension]


def _cells(light: Mapping[str, Any], inputs: Mapping[str, Any]) -> tuple[str, str, str]:
    """What was planned, what there is, and what lies between."""
    count = int(light.get("count") or 0)
    match light["dimension"]:
        case "progress" | "investment":
            return _percent(light["planned"]), _percent(light["actual"]), _gap(light)
        case "start":
            planned = inputs.get("planned_start")
            month = date_format(date.fromisoformat(planned), "YEAR_MONTH_FORMAT") if planned else "–"
            late = ngettext("%(count)s month late", "%(count)s months late", count) % {"count": count}
            return month, gettext("not started") if count else gettext("started"), late if count else "–"
        case "inclusion":
            return _inclusion_cells(light, count)
        case _:
            missing = ngettext("%(count)s half-month missing", "%(count)s half-months missing", count) % {
                "count": count
            }
            return gettext("every half-month"), missing if count else gettext("inspected"), "–"


def _inclusion_cells(light: Mapping[str, Any], count: int) -> tuple[str, str, str]:
    if light["code"] == "included":
        return "–", gettext("included"), "–"
    if light["code"] == "inclusion_before_start":
        return "–", gettext("not started yet"), "–"
    days = int(Decimal(light["yellow_at"]))
    within = ngettext("within %(count)s day of the start", "within %(count)s days of the start", days)
    since = ngettext("%(count)s day since the start", "%(count)s days since the start", count)
    return within % {"count": days}, gettext("not included"), since % {"count": count}


def _percent(value: str) -> str:
    return f"{number_format(rounded(Fraction(value), 1), 1)} %"


def _gap(light: Mapping[str, Any]) -> str:
    """Points behind or ahead; with a second decimal where one would look like the next colour."""
    gap = Decimal(light["gap"])
    short = rounded(Fraction(gap), 1)
    limits = {Decimal(light[name]) for name in ("yellow_at", "red_above") if name in light}
    shown = gap if short in limits and short != gap else short
    points = number_format(abs(shown), 2 if shown is gap else 1)
    if shown > 0:
        return gettext("%(points)s points behind") % {"points": points}
    if shown < 0:
        return gettext("%(points)s points ahead") % {"points": points}
    return gettext("on plan")


def _limits(light: Mapping[str, Any], policy: Policy) -> str:
    """From where the light turns yellow, and from where red."""
    if "yellow_at" not in light or "red_above" not in light:
        return "–"
    yellow, red = Decimal(light["yellow_at"]), Decimal(light["red_above"])
    match light["dimension"]:
        case "start":
            return limits_of_start(int(red))
        case "inclusion":
            return limits_of_inclusion(int(yellow), int(red))
        case "freshness":
            return limits_of_freshness(int(yellow), int(red))
        case _:
            return limits_of_plan(policy)


def limits_of_plan(policy: Policy) -> str:
    """How far behind its plan a project turns yellow and red."""
    if policy.kind == "ratio":
        return gettext("yellow below %(yellow)s %% of the plan to date, red below %(red)s %%") % {
            "yellow": amount(policy.ratio_yellow_below),
            "red": amount(policy.ratio_red_below),
        }
    return gettext("yellow from %(yellow)s points behind, red above %(red)s") % {
        "yellow": amount(policy.yellow_at),
        "red": amount(policy.red_above),
    }


def limits_of_start(red_after_months: int) -> str:
    """How late a start turns yellow and red."""
    return ngettext(
        "yellow once the planned month has ended, red from %(count)s month",
        "yellow once the planned month has ended, red from %(count)s months",
        red_after_months,
    ) % {"count": red_after_months}


def limits_of_inclusion(yellow_after_days: int, red_after_days: int) -> str:
    """How long after the start a missing inclusion turns yellow and red."""
    return gettext("yellow after %(yellow)s days, red after %(red)s days") % {
        "yellow": yellow_after_days,
        "red": red_after_days,
    }


def limits_of_freshness(yellow_from: int, red_from: int) -> str:
    """How many missing half-months turn yellow and red."""
    return gettext("yellow from %(yellow)s half-months missing, red from %(red)s") % {
        "yellow": yellow_from,
        "red": red_from,
    }


def idle_until(policy: Policy, year: int) -> tuple[date, date] | None:
    """The days on which a plan spread evenly over the year falls to yellow and to red when nothing is done.

    None under a ratio, where doing nothing is red from the first day.
    """
    if policy.kind == "ratio" or policy.preset:
        return None
    days = [HalfMonth(year, 1, 1).start + timedelta(days=number) for number in range(365)]
    share = [rules.planned_investment(_idle(day), policy) for day in days]
    yellow = next(day for day, percent in zip(days, share, strict=True) if percent >= policy.yellow_at)
    red = next(day for day, percent in zip(days, share, strict=True) if percent > policy.red_above)
    return yellow, red


def _idle(day: date) -> rules.Reading:
    return rules.Reading(cut_off=day, stage=rules.Stage.BUILDING, annual_plan=Decimal(100))


def _note(light: Mapping[str, Any]) -> str:
    """Why the light is not judged, or what holds it at blue."""
    if light.get("held_until"):
        return gettext("held at blue by an approved reason (%(kind)s) until %(day)s") % {
            "kind": _reason_name(light["held_by"]),
            "day": date_format(date.fromisoformat(light["held_until"]), "DATE_FORMAT"),
        }
    if light.get("badge"):
        return ""
    return {
        "no_planned_dates": gettext("not judged: the planned start or completion is missing"),
        "no_progress_figure": gettext("not judged: no progress was reported"),
        "no_annual_plan": gettext("not judged: there is no plan for this year"),
        "no_start_date": gettext("not judged: the day of the start is not known"),
        "inclusion_not_applicable": gettext("does not apply: the planned total is under 500 万元"),
    }.get(light["code"], gettext("does not apply"))


def _reason_name(kind: str) -> str:
    return {
        "force_majeure": gettext("force majeure"),
        "policy": gettext("policy or permit delay"),
        "market": gettext("market stop"),
        "land": gettext("land"),
        "funding": gettext("funding"),
        "supplier": gettext("supplier delay"),
    }[kind]


# --- the year's plan against what was done ---

# In the drawing's own units; the page scales it.
WIDTH, HEIGHT = 640, 300
LEFT, RIGHT, TOP, BOTTOM = 68, 84, 24, 40
LINES_AT_MOST = 5


@dataclass(frozen=True)
class Figure:
    """One half-month's end: what was planned by then and, where it was inspected, what was done."""

    cut_off: date
    planned_percent: Decimal
    planned_amount: Decimal
    done_percent: Decimal | None = None
    done_amount: Decimal | None = None
    gap: Decimal | None = None


@dataclass(frozen=True)
class Place:
    """Where something is drawn, and which end of a text stands there."""

    x: str
    y: str
    anchor: str = "start"


@dataclass(frozen=True)
class Chart:
    """A year's plan and what was done, ready to be drawn; percent of the annual plan over the year's days."""

    year: int
    annual_plan: Decimal
    limits: str
    figures: tuple[Figure, ...]
    plan: str
    done: str
    yellow: str
    red: str
    dots: tuple[Place, ...]
    lines: tuple[tuple[Place, int], ...]
    months: tuple[tuple[Place, date], ...]
    plan_label: Place
    yellow_label: Place
    red_label: Place
    done_label: Place | None

    width = WIDTH
    height = HEIGHT
    left = LEFT
    right = WIDTH - RIGHT
    bottom = HEIGHT - BOTTOM
    label_bottom = HEIGHT - 12

    @property
    def latest(self) -> Figure | None:
        """The last half-month of which something is known."""
        return next((figure for figure in reversed(self.figures) if figure.done_percent is not None), None)


def plan_chart(award: Award, done: Iterable[tuple[date, Decimal]]) -> Chart | None:
    """The plan that the award was judged by, against the year-to-date investments of the same year.

    `done` holds pairs of a half-month's start and the investment since New Year; what is of another year
    or later than the award is left out. None where there was no plan for the year.
    """
    reading = reading_from(award.inputs)
    if not reading.annual_plan:
        return None
    policy, year = award.policy.policy, reading.cut_off.year
    amounts = {
        HalfMonth.starting(start).end: amount
        for start, amount in done
        if start.year == year and start <= award.cycle_start
    }
    figures = tuple(
        _figure(rules.planned_investment(replace(reading, cut_off=end), policy), end, amounts, reading)
        for end in _half_month_ends(year)
    )
    return _drawn(figures, reading.annual_plan, policy)


def _half_month_ends(year: int) -> list[date]:
    first = HalfMonth(year, 1, 1)
    return [first.plus(number).end for number in range(STRIP_LENGTH)]


def _figure(planned: Fraction, end: date, amounts: Mapping[date, Decimal], reading: rules.Reading) -> Figure:
    plan = Fraction(reading.annual_plan or 0)
    planned_amount = rounded(planned * plan / 100, 2)
    if end not in amounts:
        return Figure(end, rounded(planned, 2), planned_amount)
    actual = Fraction(amounts[end]) * 100 / plan
    return Figure(
        end,
        rounded(planned, 2),
        planned_amount,
        rounded(actual, 2),
        amounts[end],
        rounded(planned - actual, 2),
    )


def _drawn(figures: tuple[Figure, ...], annual_plan: Decimal, policy: Policy) -> Chart:
    highest = max([Decimal(100), *(f.done_percent for f in figures if f.done_percent is not None)])
    step = next(s for s in _steps() if s * LINES_AT_MOST >= highest)
    top = step * -(-int(highest.to_integral_value(rounding="ROUND_CEILING")) // step)
    year = figures[0].cut_off.year
    begin, days = (
        date(year, 1, 1).toordinal() - 1,
        date(year, 12, 31).toordinal() - date(year, 1, 1).toordinal() + 1,
    )

    def x(day_number: int) -> str:
        return f"{LEFT + (WIDTH - LEFT - RIGHT) * day_number / days:.1f}"

    def y(percent: Decimal | float) -> str:
        return f"{HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * float(percent) / top:.1f}"

    def day_number(figure: Figure) -> int:
        return figure.cut_off.toordinal() - begin

    planned = [(0, Decimal(0)), *((day_number(figure), figure.planned_percent) for figure in figures)]
    yellow = [(number, _limit(percent, policy, "yellow")) for number, percent in planned]
    red = [(number, _limit(percent, policy, "red")) for number, percent in planned]
    known = [(day_number(f), f.done_percent) for f in figures if f.done_percent is not None]

    def line(points: Iterable[tuple[int, Decimal]]) -> str:
        return " ".join(f"{x(number)},{y(percent)}" for number, percent in points)

    end = planned[-1][1]
    yellow_end, red_end = yellow[-1][1], red[-1][1]
    beside = f"{WIDTH - RIGHT + 8}"
    return Chart(
        year=year,
        annual_plan=annual_plan,
        limits=limits_of_plan(policy),
        figures=figures,
        plan=line(planned),
        done=line(known),
        yellow=f"{line(yellow)} {line(reversed(red))}",
        red=f"{line(red)} {x(days)},{y(0)} {x(0)},{y(0)}",
        dots=tuple(Place(x(number), y(percent)) for number, percent in known),
        lines=tuple(
            (Place(str(LEFT - 8), y(percent), "end"), percent) for percent in range(0, top + 1, step)
        ),
        months=tuple(
            (Place(x(date(year, month, 15).toordinal() - begin), ""), date(year, month, 1))
            for month in range(1, 13)
        ),
        plan_label=Place(beside, y(end)),
        yellow_label=Place(beside, y((yellow_end + red_end) / 2)),
        red_label=Place(beside, y(red_end / 2)),
        done_label=_done_label(figures, x, y, day_number, days),
    )


def _steps() -> Iterable[int]:
    step = 25
    while True:
        yield step
        step *= 2


def _limit(percent: Decimal, policy: Policy, colour: str) -> Decimal:
    if policy.kind == "ratio":
        share = policy.ratio_yellow_below if colour == "yellow" else policy.ratio_red_below
        return percent * share / 100
    return max(percent - (policy.yellow_at if colour == "yellow" else policy.red_above), Decimal(0))


def _done_label(figures: tuple[Figure, ...], x: Any, y: Any, day_number: Any, days: int) -> Place | None:
    """The name of the line of what was done: beside its last dot, on the side away from the plan."""
    known = [figure for figure in figures if figure.done_percent is not None]
    if not known:
        return None
    last = known[-1]
    is_late = day_number(last) * 3 > days
    above = (last.gap or 0) <= 0
    place = float(y(last.done_percent)) + (-14 if above else 26)
    # Within the drawing, and not on the names of the months.
    place = min(max(place, TOP - 4), HEIGHT - BOTTOM - 6)
    return Place(
        x(day_number(last)),
        f"{place:.1f}",
        "end" if is_late and above else "start" if not is_late else "middle",
    )


# --- the history ---


@dataclass(frozen=True)
class StripMark:
    """One half-month of a project's history."""

    half_month: HalfMonth
    badge: str
    sentence: str
    is_provisional: bool = False
    # The cut-off of the half-month by which a red was made good.
    made_good_on: date | None = None
    has_award: bool = False
    names_month: bool = False
    names_year: bool = False

    @property
    def start(self) -> date:
        return self.half_month.start


def history_strip(
    awards: Iterable[Award], until: HalfMonth, skipped: Collection[date] = ()
) -> list[StripMark]:
    """One project's last half-months up to and including this one, oldest first, from its first badge on."""
    by_start = {award.cycle_start: award for award in awards if award.state != Award.State.SUPERSEDED}
    shown = [until.plus(-back) for back in range(STRIP_LENGTH - 1, -1, -1)]
    while shown and shown[0].start not in by_start:
        shown.pop(0)
    return [_mark(half, by_start, shown, skipped) for half in shown]


def _mark(
    half: HalfMonth, by_start: Mapping[date, Award], shown: list[HalfMonth], skipped: Collection[date]
) -> StripMark:
    award = by_start.get(half.start)
    is_first = half == shown[0]
    names_month = half.half == 1 or is_first
    names_year = is_first or (half.month == 1 and half.half == 1)
    if award is None:
        is_skipped = half.start in skipped
        sentence = (
            gettext("The county left this half-month out.") if is_skipped else gettext("No badge was given.")
        )
        return StripMark(half, "", sentence, names_month=names_month, names_year=names_year)
    return StripMark(
        half,
        award.badge,
        award.reason,
        is_provisional=award.state == Award.State.PROVISIONAL,
        made_good_on=_made_good_on(half, by_start) if award.badge == BadgeColour.RED else None,
        has_award=True,
        names_month=names_month,
        names_year=names_year,
    )


def _made_good_on(red: HalfMonth, by_start: Mapping[date, Award]) -> date | None:
    """The cut-off by which the project stood better than in this red half-month."""
    later = sorted(start for start in by_start if start > red.start)
    better = (start for start in later if by_start[start].badge not in (BadgeColour.RED, BadgeColour.NONE))
    start = next(better, None)
    return HalfMonth.starting(start).end if start else None
