"""The roll-call of tables: Django looks here, everyone else imports from the package itself."""

from tracker.accounts.lockout.models import SignInAttempt
from tracker.accounts.models import Invitation, PastPassword, User, Visit
from tracker.audit.models import AuditEntry, AuditSeal
from tracker.badges.models import Award, BadgePolicy
from tracker.calendars.models import CalendarDay
from tracker.exchange.models import ColumnSynonym, ImportBatch, ImportEffect
from tracker.inspections.models import Cycle, Inspection
from tracker.library.inclusion.models import (
    BureauList,
    DifferenceExplanation,
    InclusionPaper,
    PaperFile,
    StatisticalFigure,
)
from tracker.library.models import AnnualPlan, CountySettings, Division, Enterprise, Industry, Project
from tracker.library.records import (
    AnsweredWarning,
    Contact,
    EnterpriseYear,
    FormerName,
    PlanningSheet,
    StageChange,
    TotalChange,
)
from tracker.library.saved_views import SavedView
from tracker.mailing.models import Attachment, Message
from tracker.merging.models import DifferentEnterprises, DifferentProjects
from tracker.operations.models import Heartbeat
from tracker.photos.models import Photo
from tracker.reminders.models import Reminder
from tracker.summaries.models import MonthlySummary

__all__ = [
    "AnnualPlan",
    "AnsweredWarning",
    "Attachment",
    "AuditEntry",
    "AuditSeal",
    "Award",
    "BadgePolicy",
    "BureauList",
    "CalendarDay",
    "ColumnSynonym",
    "Contact",
    "CountySettings",
    "Cycle",
    "DifferenceExplanation",
    "DifferentEnterprises",
    "DifferentProjects",
    "Division",
    "Enterprise",
    "EnterpriseYear",
    "FormerName",
    "Heartbeat",
    "ImportBatch",
    "ImportEffect",
    "InclusionPaper",
    "Industry",
    "Inspection",
    "Invitation",
    "Message",
    "MonthlySummary",
    "PaperFile",
    "PastPassword",
    "Photo",
    "PlanningSheet",
    "Project",
    "Reminder",
    "SavedView",
    "SignInAttempt",
    "StageChange",
    "StatisticalFigure",
    "TotalChange",
    "User",
    "Visit",
]
