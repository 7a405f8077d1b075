"""What the pages around lists take in: saved views, and who inspects many projects."""

from typing import Any

from django import forms
from django.core import signing
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from tracker.accounts.models import User
from tracker.library.assigning import MOST_AT_ONCE
from tracker.library.models import Division
from tracker.library.rules import normalised
from tracker.library.saved_views import SavedView
from tracker.office.filters import NOBODY
from tracker.office.forms.fields import OnlyWhatTheRoleMaySet
from tracker.office.lists.address import canonical

SALT = "tracker.office.assign"


class SavedViewForm(OnlyWhatTheRoleMaySet, forms.ModelForm):
    """A view's name, what it shows, and whether the county sees it."""

    table = "savedview"

    class Meta:
        model = SavedView
        fields = ("list", "query", "name", "is_shared")
        widgets = {"list": forms.HiddenInput, "query": forms.HiddenInput}

    def __init__(self, *args: Any, by: User, county: Division, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.by, is_new = by, self.instance.pk is None
        if is_new:
            self.instance.owner, self.instance.county = by, county
        self.keep_to(by, is_new=is_new)
        if "is_shared" in self.fields and not by.can("share_view", self.instance):
            del self.fields["is_shared"]
        if not is_new:
            # What it shows is saved under a name once; another look is another view.
            del self.fields["list"], self.fields["query"]

    def clean_name(self) -> str:
        """Without blanks that nobody sees."""
        return normalised(self.cleaned_data["name"])

    def clean_query(self) -> str:
        """In the one order in which it is compared."""
        return canonical(QueryDict(self.cleaned_data["query"]))

    def _get_validation_exclusions(self) -> set[str]:
        """A name is once among those of its owner, though the owner is no field."""
        return super()._get_validation_exclusions() - {"owner"}  # type: ignore[misc]  # Django's own


class AssignForm(OnlyWhatTheRoleMaySet, forms.Form):
    """Who inspects the chosen projects, and which ones these were when they were shown."""

    table = "project"
    steering = frozenset({"shown"})

    inspector = forms.ChoiceField(label=_("New inspector"))
    shown = forms.CharField(widget=forms.HiddenInput, max_length=60 * MOST_AT_ONCE)

    def __init__(self, *args: Any, by: User, inspectors: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [("", _("choose")), *inspectors, (NOBODY, _("nobody"))]
        self.fields["inspector"].choices = choices
        self.keep_to(by)

    def clean_shown(self) -> dict[int, int | None]:
        """The projects' ids, and in whose name each was."""
        try:
            shown: list[tuple[int, int | None]] = signing.loads(self.cleaned_data["shown"], salt=SALT)
        except signing.BadSignature:
            raise forms.ValidationError(_("Choose the projects once more.")) from None
        return dict(shown)


def sealed(shown: dict[int, int | None]) -> str:
    """What was shown, to be sent back as it is."""
    return signing.dumps(list(shown.items()), salt=SALT, compress=True)
