"""The ledger of mails, to be looked at."""

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from tracker.admin.site import ByAdministrators
from tracker.mailing.models import Message
from tracker.mailing.rules import without_secrets


@admin.register(Message)
class MessageAdmin(ByAdministrators):
    """What was sent to whom, or why not; to be looked at only."""

    ways = ("recipient__division__", "recipient__enterprise__county__")
    fields = (
        *("kind", "recipient", "address", "language", "subject", "words"),
        *("made_at", "not_before", "attempts", "sent_at", "parked_at", "withdrawn_at", "last_error"),
    )
    list_display = ("subject", "kind", "recipient", "address", "made_at", "sent_at", "parked_at", "attempts")
    list_filter = ("kind", ("sent_at", admin.EmptyFieldListFilter), ("parked_at", admin.EmptyFieldListFilter))
    list_select_related = ("recipient",)
    search_fields = ("subject", "address", "recipient__name")
    date_hierarchy = "made_at"
    readonly_fields = ("words",)

    @admin.display(description=_("text"))
    def words(self, message: Message) -> str:
        """The text without the secret in an invitation's link: whoever has it signs in as the person."""
        return without_secrets(message.text)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Mails are made by what happens, never by hand."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Nor rewritten."""
        return False
