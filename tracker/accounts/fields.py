"""Which fields of which table each role may set through a form, the administration or the API.

What is not named here has no way in: it is ignored, whoever sends it. A badge, an award and everything else
that the rule gives are named nowhere.
"""

from collections.abc import Mapping

from tracker.accounts.roles import OFFICIALS, Role

ENTERPRISE_FACTS = frozenset(
    {
        *("name", "credit_code", "township", "industry", "chain", "rung", "contact_name", "contact_phone"),
        *("key_industry", "size", "is_above_scale"),
    }
)
YEAR_FACTS = frozenset({"year", "staff", "rd_staff", "revenue", "rd_spend", "assets"})
SHEET_FACTS = frozenset({"technical_need", "production_process", "supply_chain", "development_strategy"})
PROJECT_FACTS = frozenset(
    {
        *("name", "code", "nature", "township", "planned_total", "planned_equipment"),
        *("planned_construction", "planned_installation", "planned_other", "funds_in_place"),
        *("filing_number", "filing_authority", "filing_extended_until"),
        *("filing_extension_asked_on", "filing_extension_ground"),
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
# Where the papers stand is also said by whoever answers for the project; what the liaison alone says of them
# (not needed, included, returned, removed) the actions keep apart.
PAPER_FACTS = frozenset({"kind", "state", "party", "total", "dated_on"})
FILE_FACTS = frozenset({"filename", "void_reason"})
AMOUNTS = frozenset(
    {"ytd_investment", "construction", "installation", "equipment", "used_equipment", "other"}
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
# What those who keep the library write beside a record.
KEPT_BESIDE: Mapping[str, frozenset[str]] = {
    "formername": frozenset({"name"}),
    "contact": frozenset({"name", "post", "phone"}),
    "enterpriseyear": YEAR_FACTS,
    "planningsheet": SHEET_FACTS,
    "stagechange": frozenset({"to_stage", "on", "reason", "merged_into"}),
    "totalchange": frozenset({"grounds"}),
    "answeredwarning": frozenset({"sentence"}),
}

WRITABLE: Mapping[str, Mapping[Role, frozenset[str]]] = {
    "enterprise": {Role.INSPECTOR: ENTERPRISE_FACTS, Role.TEAM_LEAD: ENTERPRISE_FACTS},
    "project": {
        Role.INSPECTOR: PROJECT_FACTS,
        Role.TEAM_LEAD: PROJECT_FACTS | {"inspector"},
        Role.STATISTICS_LIAISON: INCLUSION_FACTS,
    },
    **{table: {Role.INSPECTOR: fields, Role.TEAM_LEAD: fields} for table, fields in KEPT_BESIDE.items()},
    "inclusionpaper": {
        Role.INSPECTOR: PAPER_FACTS,
        Role.TEAM_LEAD: PAPER_FACTS,
        Role.STATISTICS_LIAISON: PAPER_FACTS | {"reason"},
    },
    "paperfile": {
        Role.INSPECTOR: FILE_FACTS,
        Role.TEAM_LEAD: FILE_FACTS,
        Role.STATISTICS_LIAISON: FILE_FACTS,
    },
    "statisticalfigure": {Role.STATISTICS_LIAISON: AMOUNTS},
    "differenceexplanation": {
        Role.INSPECTOR: frozenset({"text"}),
        Role.TEAM_LEAD: frozenset({"text"}),
        Role.STATISTICS_LIAISON: frozenset({"text"}),
    },
    "bureaulist": {Role.STATISTICS_LIAISON: frozenset({"filename", "content", "year", "month", "chosen"})},
    "annualplan": {Role.INSPECTOR: PLAN_FACTS, Role.TEAM_LEAD: PLAN_FACTS},
    "inspection": {Role.INSPECTOR: FINDINGS, Role.TEAM_LEAD: FINDINGS | DECISION},
    "cycle": {Role.TEAM_LEAD: frozenset({"state", "skipped_because"})},
    "importbatch": {
        Role.TEAM_LEAD: frozenset({"filename", "content", "cycle_start", "state", "existing", "wrong"})
    },
    "columnsynonym": {Role.TEAM_LEAD: frozenset({"head", "field"})},
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
