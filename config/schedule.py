"""What beat rings, and how often. It only rings: each task asks the database what is due."""

from datetime import timedelta

from celery.schedules import crontab

SCHEDULE = {
    "open and close cycles": {"task": "inspections.keep_cycles", "schedule": crontab(minute="5")},
    "record and send reminders": {"task": "reminders.remind", "schedule": timedelta(minutes=1)},
    "send monthly summaries": {"task": "summaries.summarise", "schedule": crontab(minute="20")},
    "seal what the audit trail still has open": {"task": "audit.seal", "schedule": timedelta(minutes=1)},
    "drop audit entries that are old": {"task": "audit.drop_old", "schedule": crontab(hour="3", minute="40")},
    "show that beat and worker live": {"task": "operations.beat", "schedule": timedelta(seconds=30)},
    "let inclusion follow the facts": {
        "task": "library.settle_inclusion",
        "schedule": crontab(minute="10"),
    },
    "deliver what waits in the outbox": {"task": "mailing.sweep", "schedule": timedelta(minutes=1)},
    "read and take large tables": {"task": "exchange.sweep", "schedule": timedelta(minutes=1)},
    "forget what is no longer to be kept": {
        "task": "personal.forget",
        "schedule": crontab(hour="3", minute="40"),
    },
    "tidy sessions, invitations, past passwords": {"task": "accounts.tidy", "schedule": crontab(minute="40")},
    "back up once a day": {"task": "operations.backup", "schedule": crontab(minute="35")},
}
