"""The photos of a project: the list, one picture, adding and deleting."""

from functools import cached_property
from typing import Any, ClassVar

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext
from django.views.generic import FormView

from tracker.library.models import Division
from tracker.office.access import OfficialOnly
from tracker.office.forms.photos import DeletePhotoForm, PhotoForm
from tracker.office.views.projects import OneProject
from tracker.photos import files
from tracker.photos.actions import (
    MOST_PER_PROJECT,
    AlreadyDeleted,
    AlreadyThere,
    TooManyPhotos,
    add_photo,
    void_photo,
)
from tracker.photos.models import Photo
from tracker.uploads.rules import UnusablePhoto
from tracker.uploads.words import refusal

# A picture does nothing but be looked at, even where a browser would take it for something else.
PICTURE_POLICY = "default-src 'none'; frame-ancestors 'none'; sandbox"


class ProjectPhotos(OneProject, FormView):
    """The photos of a project, and a form for one more."""

    needs_to_post = "keep_photos"
    form_class = PhotoForm
    template_name = "office/photos.html"

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Add a photo."""
        self.require(self.project)
        return super().post(request, *args, **kwargs)

    def form_valid(self, form: PhotoForm) -> HttpResponse:
        """Keep it, or say why not."""
        try:
            add_photo(self.project, form.cleaned_data["file"], by=self.person, at=timezone.now())
        except UnusablePhoto as refused:
            form.add_error("file", refusal(refused))
        except AlreadyThere:
            form.add_error("file", gettext("This project has this very photo already."))
        except TooManyPhotos:
            form.add_error(
                "file",
                gettext("A project has up to %(most)s photos. Delete one that is no longer needed first.")
                % {"most": MOST_PER_PROJECT},
            )
        if form.errors:
            return self.form_invalid(form)
        messages.success(self.request, gettext("The photo is added."))
        return redirect("office:photos", pk=self.project.pk)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """With the photos so far."""
        photos = Photo.objects.standing().filter(project=self.project).select_related("added_by")
        return {
            **super().get_context_data(**kwargs),
            "project": self.project,
            "photos": list(photos),
            "may_keep_photos": self.person.can("keep_photos", self.project),
        }


class OnePhoto(OfficialOnly):
    """A page about one photo that the official sees; another one is 404."""

    @cached_property
    def photo(self) -> Photo:
        """The photo of the address, unless it was deleted."""
        visible = Photo.objects.visible_to(self.person).standing().select_related("project__county")
        photo: Photo = get_object_or_404(visible, pk=self.kwargs["pk"])
        self.require(photo)
        return photo

    @cached_property
    def county(self) -> Division:
        """The project's county."""
        return self.photo.project.county


class Picture(OnePhoto):
    """The photo itself, for whoever sees the project."""

    http_method_names = ["get", "head", "options"]
    is_small: ClassVar[bool] = False

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """The JPEG, as a file that can be nothing else and is kept by nobody."""
        try:
            content = files.path_of(self.photo.name, is_small=self.is_small).read_bytes()
        except FileNotFoundError:
            raise Http404 from None
        response = HttpResponse(content, content_type="image/jpeg")
        response["Content-Disposition"] = f'inline; filename="photo-{self.photo.pk}.jpg"'
        response["X-Content-Type-Options"] = "nosniff"
        response["Content-Security-Policy"] = PICTURE_POLICY
        response["Cache-Control"] = "private, no-store"
        return response


class SmallPicture(Picture):
    """The photo as it stands in a list."""

    is_small = True


class DeletePhoto(OnePhoto, FormView):
    """Take a photo away, with a reason."""

    needs = "keep_photos"
    form_class = DeletePhotoForm
    template_name = "office/photo_delete.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """With the photo."""
        return {**super().get_context_data(**kwargs), "photo": self.photo, "project": self.photo.project}

    def form_valid(self, form: DeletePhotoForm) -> HttpResponse:
        """Delete, and back to the other photos."""
        try:
            void_photo(self.photo, by=self.person, why=form.cleaned_data["why"], at=timezone.now())
        except AlreadyDeleted:
            messages.info(self.request, gettext("Somebody else has deleted this photo already."))
        else:
            messages.success(self.request, gettext("The photo is deleted."))
        return redirect("office:photos", pk=self.photo.project_id)
