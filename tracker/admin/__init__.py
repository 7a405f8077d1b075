"""The administrators' tables: people, places, calendars, policies.

What inspections and the rule produce (badges, inspections, a project's standing) has no way in from here.
"""

from tracker.admin import days, locks, mails, people, places, policies, site

__all__ = ["days", "locks", "mails", "people", "places", "policies", "site"]
