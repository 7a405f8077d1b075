"""Contradictions in a form: an error blocks the save, a warning is let through with a sentence."""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from tracker.accounts.models import User
from tracker.inspections.consistency import Answered
from tracker.library.consistency import Finding
from tracker.library.keeping import answer_warning
from tracker.library.models import Enterprise, Project
from tracker.library.rules import normalised
from tracker.library.telling import said

ANSWER = "answer_"


class SentenceField(forms.CharField):
    """The sentence that explains what is odd."""

    def __init__(self, **options: Any) -> None:
        widget = forms.Textarea(attrs={"rows": 2, "autocomplete": "off"})
        super().__init__(max_length=200, required=False, widget=widget, **options)

    def clean(self, value: Any) -> str:
        """On one line, so that it is the same in lists and files."""
        return normalised(super().clean(value))


class AsksForAnswers(forms.BaseForm):
    """A form whose facts are held against the rules before they are saved.

    A field for the sentence appears only beside a warning that the facts raise, when they have been sent.
    """

    def look_for(
        self, findings: Iterable[Finding], answered: Answered, *, about: Collection[str] | None = None
    ) -> None:
        """Refuse errors beside their field, and ask about warnings that nobody has explained.

        `about` are the fields that are changed here: what is wrong or odd elsewhere keeps nobody from mending
        what is here; it stands on the page of data quality.
        """
        self.answers: list[tuple[Finding, str]] = []
        for finding in findings:
            here = [name for name in finding.fields if name in self.fields]
            is_asked = about is None or bool(set(finding.fields) & set(about))
            if finding.is_error and here and is_asked:
                self.add_error(here[0], said(finding))
            is_answered = (finding.code, finding.fingerprint) in answered
            if not finding.is_error and is_asked and not is_answered:
                self._ask(finding)

    def _ask(self, finding: Finding) -> None:
        sentence = self.read_late(
            f"{ANSWER}{finding.code}",
            SentenceField(
                # Errors stand behind their label with a colon.
                label=said(finding).rstrip("。."),
                help_text=_("Correct it, or say in one sentence why it is so."),
            ),
            _("Say in one sentence why this is so, or correct it."),
        )
        if sentence:
            self.answers.append((finding, sentence))

    def read_late(self, name: str, field: forms.Field, missing: Any) -> str:
        """Add a field that what was sent makes necessary, and read it; empty with an error beside it."""
        self.fields[name] = field
        try:
            text: str = field.clean(self.data.get(self.add_prefix(name), ""))
        except forms.ValidationError as wrong:
            self.add_error(name, wrong)
            return ""
        if not text:
            self.add_error(name, missing)
        return text

    @property
    def asked(self) -> list[forms.BoundField]:
        """The fields that appeared because of what was sent."""
        return [self[name] for name in self.fields if name.startswith(ANSWER)]

    def keep_answers(self, subject: Project | Enterprise, *, by: User, at: datetime) -> None:
        """Write the explanations down, in the transaction in which the facts are saved."""
        for finding, sentence in self.answers:
            answer_warning(subject, finding, sentence, by=by, at=at)


class AnswersForm(AsksForAnswers, forms.Form):
    """The warnings of a record that nobody has explained yet; any of them may be left."""

    def __init__(self, *args: Any, findings: Iterable[Finding], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.findings = {
            f"{ANSWER}{finding.code}_{finding.fingerprint[:8]}": finding
            for finding in findings
            if not finding.is_error
        }
        for name, finding in self.findings.items():
            self.fields[name] = SentenceField(label=said(finding))

    def clean(self) -> dict[str, Any]:
        """At least one sentence."""
        facts: dict[str, Any] = super().clean() or {}
        self.answers = [(finding, facts[name]) for name, finding in self.findings.items() if facts.get(name)]
        if self.findings and not self.answers and not self.errors:
            self.add_error(next(iter(self.findings)), _("Write a sentence for at least one warning."))
        return facts
