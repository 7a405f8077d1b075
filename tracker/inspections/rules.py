"""Which figures of an inspection contradict each other, and which ask for a sentence.

Plain Python. The checks are those of the national investment survey's guide: the year's investment is part of
all investment since the start; what was reported once does not fall; what exceeds the planned total by more
than five per cent, or jumps, has a reason.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

# Above this share of the planned total a cumulative investment asks for a reason.
OVERRUN = Decimal("1.05")
# More points of progress than this within one half-month ask for a reason.
JUMP = Decimal(30)


@dataclass(frozen=True)
class Findings:
    """What somebody found at a project. Money in 万元, progress in per cent of the whole project."""

    cumulative_investment: Decimal
    ytd_investment: Decimal
    progress_percent: Decimal
    stage: str
    inclusion_state: str
    included_on: date | None = None
    started_on: date | None = None
    completed_on: date | None = None
    progress_note: str = ""
    remark: str = ""


def contradictions(findings: Findings) -> list[tuple[str, str]]:
    """Pairs of field and code for what cannot be true; such an inspection is refused."""
    found = []
    if findings.ytd_investment > findings.cumulative_investment:
        found.append(("ytd_investment", "year_above_total"))
    if not 0 <= findings.progress_percent <= 100:
        found.append(("progress_percent", "not_a_percentage"))
    if findings.started_on and findings.completed_on and findings.completed_on < findings.started_on:
        found.append(("completed_on", "completed_before_start"))
    return found


def questions(
    findings: Findings, before: Findings | None, planned_total: Decimal, same_year: bool
) -> list[str]:
    """Codes of what is possible but odd: it is taken once a sentence explains it."""
    asked = []
    if planned_total and findings.cumulative_investment > planned_total * OVERRUN:
        asked.append("over_planned_total")
    if before is None:
        return asked
    if findings.cumulative_investment < before.cumulative_investment:
        asked.append("investment_fell")
    if same_year and findings.ytd_investment < before.ytd_investment:
        asked.append("year_fell")
    if findings.progress_percent < before.progress_percent:
        asked.append("progress_fell")
    if findings.progress_percent - before.progress_percent > JUMP:
        asked.append("progress_jumped")
    return asked
