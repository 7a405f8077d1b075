"""What is asked when a photo is added or taken away."""

from django import forms
from django.utils.translation import gettext_lazy as _

from tracker.uploads.rules import LARGEST_FILE, UnusablePhoto
from tracker.uploads.words import refusal


class PhotoForm(forms.Form):
    """One photo of a project."""

    file = forms.FileField(
        label=_("Photo"),
        allow_empty_file=True,
        help_text=_(
            "JPEG, PNG or WebP, up to 10 MB. Place, time and camera are removed from it before it is kept."
        ),
        widget=forms.FileInput(attrs={"accept": "image/jpeg,image/png,image/webp"}),
    )

    def clean_file(self) -> bytes:
        """The content; a file that is too large is not even read."""
        file = self.cleaned_data["file"]
        if file.size > LARGEST_FILE:
            raise forms.ValidationError(
                refusal(UnusablePhoto("too_large", most=LARGEST_FILE // 1024 // 1024))
            )
        content: bytes = file.read(LARGEST_FILE + 1)
        return content


class DeletePhotoForm(forms.Form):
    """Why a photo is taken away."""

    why = forms.CharField(label=_("Reason"), max_length=200)
