"""The one app of the product."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class TrackerConfig(AppConfig):
    """Names the app and ties shared tasks to the Celery app."""

    name = "tracker"
    verbose_name = _("Technological transformation tracker")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        import config.celery  # shared_task and delay_on_commit need the app in every process
        import config.checks  # noqa: F401  what a real deployment must not do
        import tracker.accounts.visits
        import tracker.audit.receivers  # noqa: F401  sign-ins and jobs are signalled
