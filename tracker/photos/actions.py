"""What can be done with photos: add one, take one away."""

from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db import IntegrityError, transaction

from tracker.audit.context import because
from tracker.library.models import Project
from tracker.photos import files
from tracker.photos.models import Photo
from tracker.uploads.pictures import drawn_anew

if TYPE_CHECKING:
    from tracker.accounts.models import User

MOST_PER_PROJECT = 100


class AlreadyThere(Exception):
    """The project has this very photo."""


class TooManyPhotos(Exception):
    """The project has as many photos as anybody will look at."""


class MayNotKeepPhotos(Exception):
    """Neither the project's inspector nor the county's team lead."""


class AlreadyDeleted(Exception):
    """Somebody has taken the photo away before."""


def add_photo(project: Project, content: bytes, *, by: "User", at: datetime, inspection: Any = None) -> Photo:
    """Keep a photo of the project; refused with UnusablePhoto, AlreadyThere or TooManyPhotos."""
    if not by.can("keep_photos", project):
        raise MayNotKeepPhotos(project)
    if Photo.objects.standing().filter(project=project).count() >= MOST_PER_PROJECT:
        raise TooManyPhotos(project)
    drawn = drawn_anew(content)
    # The files first: a crash leaves files that the daily clearing finds, never a row without a picture.
    name = files.write(drawn.large, drawn.small)
    try:
        with transaction.atomic():
            photo = Photo.objects.create(
                project=project,
                inspection=inspection,
                name=name,
                sha256=drawn.sha256,
                width=drawn.width,
                height=drawn.height,
                added_by=by,
                added_at=at,
            )
    except IntegrityError as twice:
        files.PHOTOS.remove(name)
        raise AlreadyThere(project) from twice
    return photo


@transaction.atomic
def void_photo(photo: Photo, *, by: "User", why: str, at: datetime) -> None:
    """Take a photo away: the files go, the row stays and says why."""
    if not by.can("keep_photos", photo):
        raise MayNotKeepPhotos(photo.project)
    standing = Photo.objects.standing().filter(pk=photo.pk)
    with because(why):
        if not standing.update(voided_at=at, voided_by=by, void_reason=why):
            raise AlreadyDeleted(photo)
    name = photo.name
    transaction.on_commit(lambda: files.PHOTOS.remove(name))


def clear_orphans(now: datetime) -> int:
    """Remove files that no standing photo names, left by a crash or a deletion; how many photos they were."""
    standing = Photo.objects.standing()
    return files.PHOTOS.clear_orphans(
        now, lambda some: standing.filter(name__in=some).values_list("name", flat=True)
    )
