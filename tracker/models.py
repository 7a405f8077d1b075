"""The roll-call of tables: Django looks here, everyone else imports from the package itself."""

from tracker.accounts.lockout.models import SignInAttempt
from tracker.accounts.models import Invitation, PastPassword, User, Visit
from tracker.audit.models import AuditEntry, AuditSeal
from tracker.badges.models import Award, BadgePolicy
from tracker.calendars.models import CalendarDay
from tracker.exchange.models import ImportBatch
from tracker.inspections.models import Cycle, Inspection
from tracker.library.models import AnnualPlan, CountySettings, Division, Enterprise, Industry, Project
from tracker.library.saved_views import SavedView
from tracker.mailing.models import Attachment, Message
from tracker.operations.models import Heartbeat
from tracker.photos.models import Photo
from tracker.reminders.models import Reminder
from tracker.summaries.models import MonthlySummary

__all__ = [
    "AnnualPlan",
    "Attachment",
    "AuditEntry",
    "AuditSeal",
    "Award",
    "BadgePolicy",
    "CalendarDay",
    "CountySettings",
    "Cycle",
    "Division",
    "Enterprise",
    "Heartbeat",
    "ImportBatch",
    "Industry",
    "Inspection",
    "Invitation",
    "Message",
    "MonthlySummary",
    "PastPassword",
    "Photo",
    "Project",
    "Reminder",
    "SavedView",
    "SignInAttempt",
    "User",
    "Visit",
]
