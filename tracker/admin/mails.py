"""The ledger of mails, to be looked at."""

from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

from tracker.accounts.models import Language
from tracker.admin.site import ByAdministrators
from tracker.mailing.models import Message
from tracker.mailing.rules import without_secrets
from tracker.mailing.words import spoken_kind


class KindFilter(admin.SimpleListFilter):
    """Mails of one kind."""

    title = _("kind")
    parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> list[tuple[str, str]]:
        """The kinds that there are among the mails within reach."""
        there = model_admin.get_queryset(request).order_by().values_list("kind", flat=True).distinct()
        return [(kind, spoken_kind(kind)) for kind in sorted(there)]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Message]) -> QuerySet[Message]:
        """Those of the chosen kind."""
        return queryset.filter(kind=self.value()) if self.value() else queryset


@admin.register(Message)
class MessageAdmin(ByAdministrators):
    """What was sent to whom, or why not; to be looked at only."""

    ways = ("recipient__division__", "recipient__enterprise__county__")
    fields = (
        *("in_words", "recipient", "address", "spoken_language", "subject", "words"),
        *("made_at", "not_before", "attempts", "sent_at", "parked_at", "withdrawn_at", "last_error"),
    )
    list_display = ("subject", "in_words", "recipient", "made_at", "outcome", "attempts")
    list_filter = (
        KindFilter,
        ("sent_at", admin.EmptyFieldListFilter),
        ("parked_at", admin.EmptyFieldListFilter),
    )
    list_select_related = ("recipient",)
    search_fields = ("subject", "address", "recipient__name")
    date_hierarchy = "made_at"
    readonly_fields = ("in_words", "spoken_language", "words")

    @admin.display(description=_("kind"), ordering="kind")
    def in_words(self, message: Message) -> str:
        """What kind of mail it is."""
        return spoken_kind(message.kind)

    @admin.display(description=_("language"))
    def spoken_language(self, message: Message) -> str:
        """The language by its own name."""
        return dict(Language.choices).get(message.language, message.language)

    @admin.display(description=_("outcome"))
    def outcome(self, message: Message) -> str:
        """What became of it, and when."""
        for at, words in (
            (message.withdrawn_at, _("withdrawn: %(time)s")),
            (message.sent_at, _("sent: %(time)s")),
            (message.parked_at, _("given up: %(time)s")),
        ):
            if at:
                return words % {"time": date_format(timezone.localtime(at), "DATETIME_FORMAT")}
        return str(_("waiting to be sent"))

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
