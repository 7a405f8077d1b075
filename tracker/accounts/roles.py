"""The roles of the product and what each may do: one list for forms, pages and tests."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Role(models.TextChoices):
    """What somebody is to the product; a person has exactly one role."""

    INSPECTOR = "inspector", _("Inspector")
    TEAM_LEAD = "team_lead", _("Team lead")
    STATISTICS_LIAISON = "statistics_liaison", _("Statistics liaison")
    LEADER = "leader", _("Leader")
    ENTERPRISE = "enterprise", _("Enterprise")
    AUDITOR = "auditor", _("Auditor")
    SYSTEM_ADMINISTRATOR = "system_administrator", _("System administrator")
    SECURITY_ADMINISTRATOR = "security_administrator", _("Security administrator")


OFFICIALS = frozenset(Role) - {Role.ENTERPRISE}
# Who may inspect a project: an inspector their own ones, a team lead every one of the county.
INSPECTING = frozenset({Role.INSPECTOR, Role.TEAM_LEAD})
# Who may accept or return what somebody else has submitted, and close a cycle.
REVIEWING = frozenset({Role.TEAM_LEAD})
# Who may take a workbook into the county's library.
IMPORTING = frozenset({Role.TEAM_LEAD})
# Who keeps the library: enterprises, projects, plans.
KEEPING = frozenset({Role.INSPECTOR, Role.TEAM_LEAD})
# Who alone says that a project is included in statistics, returned or removed.
INCLUDING = frozenset({Role.STATISTICS_LIAISON})
# Who sees the monthly figures of a county and gets them by mail.
LEADING = frozenset({Role.LEADER})
# Places, calendars, policies and the running of the system.
ADMINISTERING = frozenset({Role.SYSTEM_ADMINISTRATOR})
# People, invitations and their sessions.
SECURING = frozenset({Role.SECURITY_ADMINISTRATOR})
# The audit trail: the third of the three administrators that GB/T 22239 keeps apart.
AUDITING = frozenset({Role.AUDITOR})
# Who comes into the administration site, each to their own tables.
ADMINISTRATORS = ADMINISTERING | SECURING
