"""Which fields of which table each role may set through a form, the administration or the API.

What is not named here has no way in: it is ignored, whoever sends it. A badge, an award and everything else
that the rule gives are named nowhere.
"""

from collections.abc import Mapping

from tracker.accounts.roles import OFFICIALS, Role

ENTERPRISE_FACTS = frozenset(
    {"name", "credit_code", "township", "industry", "chain", "rung", "contact_name", "contact_phone"}
)
PROJECT_FACTS = frozenset(
    {
        *("name", "code", "nature", "township", "planned_total", "planned_equipment"),
        *("planned_start_on", "planned_equipment_on", "planned_completion_on"),
        *("planned_production_on", "planned_target_on"),
        *("filed_on", "started_on", "equipment_delivered_on", "completed_on"),
        *("in_production_on", "on_target_on"),
        *("responsible_name", "contact_name", "contact_phone"),
    }
)
INCLUSION_FACTS = frozenset(
    {
        *("inclusion_state", "inclusion_reference", "inclusion_submitted_on"),
        *("included_on", "inclusion_returned_on", "inclusion_removed_on"),
    }
)
PLAN_FACTS = frozenset({"year", "amount", "by_month", "reason"})
FINDINGS = frozenset(
    {
        *("cumulative_investment", "ytd_investment", "progress_percent", "stage", "inclusion_state"),
        *("started_on", "completed_on", "remark", "is_unchanged"),
    }
)
DECISION = frozenset({"state", "return_reason"})
VIEW_FACTS = frozenset({"list", "query", "name"})
PERSON_FACTS = frozenset(
    {"email", "password", "name", "language", "role", "division", "enterprise", "is_active"}
)

WRITABLE: Mapping[str, Mapping[Role, frozenset[str]]] = {
    "enterprise": {Role.INSPECTOR: ENTERPRISE_FACTS, Role.TEAM_LEAD: ENTERPRISE_FACTS},
    "project": {
        Role.INSPECTOR: PROJECT_FACTS,
        Role.TEAM_LEAD: PROJECT_FACTS | {"inspector"},
        Role.STATISTICS_LIAISON: INCLUSION_FACTS,
    },
    "annualplan": {Role.INSPECTOR: PLAN_FACTS, Role.TEAM_LEAD: PLAN_FACTS},
    "inspection": {Role.INSPECTOR: FINDINGS, Role.TEAM_LEAD: FINDINGS | DECISION},
    "cycle": {Role.TEAM_LEAD: frozenset({"state", "skipped_because"})},
    "importbatch": {Role.TEAM_LEAD: frozenset({"filename", "content", "cycle_start", "state"})},
    "savedview": {
        **dict.fromkeys(OFFICIALS, VIEW_FACTS),
        Role.TEAM_LEAD: VIEW_FACTS | {"is_shared"},
    },
    "user": {Role.SECURITY_ADMINISTRATOR: PERSON_FACTS},
    "division": {
        Role.SYSTEM_ADMINISTRATOR: frozenset({"parent", "level", "code", "name_zh", "name_en"}),
    },
    "countysettings": {
        Role.SYSTEM_ADMINISTRATOR: frozenset(
            {
                *("county", "needs_second_person", "due_after_working_days", "closes_after_working_days"),
                *("inclusion_deadline_day", "confirmation"),
            }
        ),
    },
    "industry": {Role.SYSTEM_ADMINISTRATOR: frozenset({"code", "name_zh", "name_en"})},
    "calendarday": {Role.SYSTEM_ADMINISTRATOR: frozenset({"day", "is_working", "county", "note"})},
    "badgepolicy": {
        Role.SYSTEM_ADMINISTRATOR: frozenset({"county", "code", "effective_from", "source", "terms"}),
    },
}
# What a role may set when it adds a row, and nobody afterwards.
WRITABLE_WHEN_ADDED: Mapping[str, frozenset[str]] = {"project": frozenset({"enterprise", "stage"})}


def writable(table: str, role: str, *, is_new: bool = False) -> frozenset[str]:
    """The fields of the table that somebody in the role may set; none unless they are named above."""
    fields = WRITABLE.get(table, {}).get(Role(role), frozenset())
    return fields | WRITABLE_WHEN_ADDED.get(table, frozenset()) if fields and is_new else fields
