"""Contradictions in the reader's language: one wording for forms, record pages and the county's list."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext

from tracker.library.consistency import ACTUAL_DATES, Finding
from tracker.library.models import InclusionState, Project, Stage
from tracker.library.records import EnterpriseYear
from tracker.library.words import figure, wan

SENTENCES: Mapping[str, Any] = {
    **{f"{name}_ahead": _("This day has not come yet.") for name in ACTUAL_DATES},
    "completed_before_start": _("A project cannot be completed before it started."),
    "planned_completion_before_start": _("The planned completion lies before the planned start."),
    "stage_without_start": _("The stage is “%(stage)s”: say when it started."),
    "start_without_stage": _(
        "It has started, so it is not in reserve or only filed: change the stage first."
    ),
    "stage_without_completion": _("The stage is “%(stage)s”: say when it was completed."),
    "equipment_above_total": _("Equipment is part of the planned total: it cannot be more."),
    "components_above_total": _(
        "Construction, installation, equipment and other come to %(parts)s, more than the planned total of"
        " %(planned_total)s."
    ),
    "year_above_total": _(
        "This year's investment is part of the investment since the start: it cannot be more."
    ),
    "check_digit": _(
        "The last digit of %(code)s does not fit the others: please compare it with the filing."
    ),
    "start_before_filing": _("The start lies before the filing: please check both days."),
    "filing_lapsed": _("The filing lapsed on %(lapses_on)s and work has not started."),
    "extension_without_ground": _("The filing is extended, but no ground is given."),
    "extension_not_later": _(
        "The extension ends on %(filing_extended_until)s, no later than the two years of the filing."
    ),
    "extension_over_a_year": _(
        "The extension ends on %(filing_extended_until)s; one extension is for a year at most."
    ),
    "extension_asked_out_of_time": _(
        "The extension was asked for on %(filing_extension_asked_on)s; it is due within the 30 days before"
        " the filing lapses."
    ),
    "components_below_total": _(
        "Construction, installation, equipment and other come to %(parts)s, the planned total is"
        " %(planned_total)s."
    ),
    "funds_above_total": _(
        "The funds in place, %(funds_in_place)s, are more than the planned total of %(planned_total)s."
    ),
    "plan_above_total": _(
        "The plan of the year, %(annual_plan)s, is more than the planned total of %(planned_total)s."
    ),
    "production_before_completion": _("Production began before the completion: please check both days."),
    "target_before_production": _("Full capacity lies before the start of production."),
    "included_before_start": _("It was included before it started: please check both days."),
    "included_below_threshold": _("It is included, but the planned total is below 500 万元."),
    "not_applicable_above_threshold": _(
        "Inclusion is said not to apply, but the planned total is 500 万元 or more."
    ),
    "merged_without_target": _("It is merged, but not said into which project."),
    "over_planned_total": _(
        "The investment since the start, %(cumulative_investment)s, is more than 5%% above the planned total"
        " of %(planned_total)s."
    ),
    "investment_fell": _(
        "The investment since the start fell from %(cumulative_before)s to %(cumulative_investment)s."
    ),
    "year_fell": _("This year's investment fell from %(ytd_before)s to %(ytd_investment)s."),
    "year_does_not_carry_over": _(
        "The investment since the start, %(cumulative_investment)s, is not last year's end,"
        " %(cumulative_at_year_end)s, and this year's %(ytd_investment)s together."
    ),
    "investment_before_start": _("%(cumulative_investment)s are invested, but the stage is “%(stage)s”."),
    "finished_below_full": _("The stage is “%(stage)s”, but the progress is %(progress_percent)s%%."),
    "year_ahead": _("The year %(year)s has not begun."),
    "rd_staff_above_staff": _("%(year)s: the R&D staff are part of the staff: they cannot be more."),
    "rd_spend_above_revenue": _(
        "%(year)s: the R&D spend, %(rd_spend)s, is more than the revenue of %(revenue)s."
    ),
    "revenue_jumped": _(
        "%(year)s: the revenue went from %(revenue_before)s to %(revenue)s: is the unit 万元?"
    ),
    "assets_jumped": _("%(year)s: the assets went from %(assets_before)s to %(assets)s: is the unit 万元?"),
}
# What is contradicted, as short as a filter's choice.
TITLES: Mapping[str, Any] = {
    **{f"{name}_ahead": _("A day that has not come") for name in ACTUAL_DATES},
    "completed_before_start": _("Completed before it started"),
    "planned_completion_before_start": _("Planned to end before it starts"),
    "stage_without_start": _("Under way without a day of the start"),
    "start_without_stage": _("Started, but not by its stage"),
    "stage_without_completion": _("Completed without a day"),
    "equipment_above_total": _("Parts above the planned total"),
    "components_above_total": _("Parts above the planned total"),
    "year_above_total": _("This year above all years"),
    "check_digit": _("Check digit of the project code"),
    "start_before_filing": _("Started before it was filed"),
    "filing_lapsed": _("Filing lapsed"),
    "extension_without_ground": _("Extension of the filing"),
    "extension_not_later": _("Extension of the filing"),
    "extension_over_a_year": _("Extension of the filing"),
    "extension_asked_out_of_time": _("Extension of the filing"),
    "components_below_total": _("Parts below the planned total"),
    "funds_above_total": _("Funds above the planned total"),
    "plan_above_total": _("Plan above the planned total"),
    "production_before_completion": _("Production before completion"),
    "target_before_production": _("Full capacity before production"),
    "included_before_start": _("Included before the start"),
    "included_below_threshold": _("Inclusion and planned total"),
    "not_applicable_above_threshold": _("Inclusion and planned total"),
    "merged_without_target": _("Merged, but into which?"),
    "over_planned_total": _("Investment above the planned total"),
    "investment_fell": _("Investment fell"),
    "year_fell": _("Investment fell"),
    "year_does_not_carry_over": _("Years do not add up"),
    "investment_before_start": _("Investment before the start"),
    "finished_below_full": _("Completed below 100%"),
    "year_ahead": _("A year that has not begun"),
    "rd_staff_above_staff": _("R&D staff above staff"),
    "rd_spend_above_revenue": _("R&D spend above revenue"),
    "revenue_jumped": _("Figures ten times those before"),
    "assets_jumped": _("Figures ten times those before"),
}
# Fields that no table has under this name.
LABELS: Mapping[str, Any] = {
    "annual_plan": _("annual plan (万元)"),
    "cumulative_investment": _("investment since the start (万元)"),
    "cumulative_before": _("last time's investment since the start (万元)"),
    "cumulative_at_year_end": _("investment at last year's end (万元)"),
    "ytd_investment": _("investment this year (万元)"),
    "ytd_before": _("last time's investment this year (万元)"),
    "progress_percent": _("progress (%)"),
    "revenue_before": _("revenue of the year before (万元)"),
    "assets_before": _("total assets of the year before (万元)"),
}
COMPONENTS = frozenset({"planned_construction", "planned_installation", "planned_equipment", "planned_other"})


def said(finding: Finding) -> str:
    """The contradiction as a sentence."""
    facts = dict(finding.facts)
    values = {name: _in_words(name, value) for name, value in facts.items()}
    if facts.keys() >= COMPONENTS:
        values["parts"] = wan(
            sum((facts[name] for name in COMPONENTS if facts[name] is not None), Decimal(0))
        )
    if finding.code == "filing_lapsed":
        project = Project(filed_on=facts["filed_on"], filing_extended_until=facts["filing_extended_until"])
        values["lapses_on"] = _in_words("lapses_on", project.filing_lapses_on)
    return str(SENTENCES[finding.code]) % values


def title(code: str) -> str:
    """What is contradicted, in a few words."""
    return str(TITLES[code])


def fields_named(finding: Finding) -> str:
    """The fields that the contradiction is about, as pages call them."""
    return pgettext("between words", ", ").join(_label(name) for name in finding.fields)


def _label(name: str) -> str:
    if name in LABELS:
        return str(LABELS[name])
    for model in (Project, EnterpriseYear):
        columns = {column.name: column for column in model._meta.concrete_fields}
        if name in columns:
            return str(columns[name].verbose_name)
    return name


def _in_words(name: str, value: Any) -> str:
    match value:
        case None:
            return "–"
        case date():
            return date_format(value, "DATE_FORMAT")
        case Decimal() if name == "progress_percent":
            return figure(value)
        case Decimal():
            return wan(value)
        case str() if name == "stage" and value in Stage:
            return str(Stage(value).label)
        case str() if name == "inclusion_state" and value in InclusionState:
            return str(InclusionState(value).label)
        case _:
            return str(value)
