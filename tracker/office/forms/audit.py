"""By what auditors narrow the trail down; everything stands in the address."""

from datetime import datetime, time, timedelta
from typing import Any

from django import forms
from django.apps import apps
from django.core.validators import RegexValidator
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tracker.accounts.models import User
from tracker.audit.capture import Audited
from tracker.audit.models import AuditEntry, AuditEntryQuerySet
from tracker.office.forms.inspect import DayField

# Of so many people at most the deeds are looked for under one name.
PEOPLE_AT_ONCE = 50


def kinds() -> list[tuple[str, str]]:
    """The kinds of records that leave a trail, in the reader's words."""
    models = [model for model in apps.get_app_config("tracker").get_models() if issubclass(model, Audited)]
    named = [(model._meta.model_name or "", str(model._meta.verbose_name)) for model in models]
    return sorted(named, key=lambda kind: kind[1])


class TrailFilter(forms.Form):
    """Who, what, to which record, when, in answer to which request."""

    who = forms.CharField(
        label=_("Who (name or mail address)"),
        required=False,
        max_length=80,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    act = forms.ChoiceField(label=_("What was done"), required=False)
    table = forms.ChoiceField(label=_("Kind of record"), required=False)
    row = forms.CharField(
        label=_("Number of the record"),
        required=False,
        max_length=40,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    since = DayField(label=_("From"), required=False)
    until = DayField(label=_("Up to and including"), required=False)
    # These two come from a link in the trail.
    person = forms.IntegerField(required=False, min_value=1, max_value=10**15, widget=forms.HiddenInput)
    request = forms.CharField(
        required=False,
        max_length=64,
        validators=[RegexValidator(r"^[0-9A-Za-z._-]+$")],
        widget=forms.HiddenInput,
    )

    def __init__(self, data: Any, *, reader: User) -> None:
        super().__init__(data, auto_id="filter_%s")
        self.reader = reader
        everything = ("", _("all"))
        fields: dict[str, Any] = self.fields
        fields["act"].choices = [everything, *AuditEntry.Act.choices]
        fields["table"].choices = [everything, *kinds()]

    def clean(self) -> dict[str, Any]:
        """The first day is not after the last one."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        since, until = cleaned.get("since"), cleaned.get("until")
        if since and until and until < since:
            self.add_error("until", _("This day is before the first one."))
        return cleaned

    @property
    def asked(self) -> dict[str, str]:
        """The filters that are set, as they stand in the address."""
        return {name: str(value) for name, value in self.cleaned_data.items() if value not in (None, "")}

    def narrowed(self, entries: AuditEntryQuerySet) -> AuditEntryQuerySet:
        """What the filters leave; nothing while one of them cannot be."""
        if not self.is_valid():
            return entries.none()
        asked = self.cleaned_data
        same = {"act": asked["act"], "table": asked["table"], "row": asked["row"]}
        same |= {"request_id": asked["request"], "actor": asked["person"]}
        entries = entries.filter(**{name: value for name, value in same.items() if value})
        if asked["who"]:
            entries = entries.filter(actor__in=self._people(asked["who"].strip()))
        if asked["since"]:
            entries = entries.filter(at__gte=_start_of(asked["since"]))
        if asked["until"]:
            entries = entries.filter(at__lt=_start_of(asked["until"] + timedelta(days=1)))
        return entries

    def _people(self, text: str) -> list[int]:
        seen = User.objects.visible_to(self.reader)
        named = seen.filter(Q(name__icontains=text) | Q(email__iexact=text)).order_by("pk")
        return list(named.values_list("pk", flat=True)[:PEOPLE_AT_ONCE])


def _start_of(day: Any) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))
