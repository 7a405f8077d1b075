"""Photos of a project: who adds and deletes them, who sees them, what is left when something goes wrong."""

import os
import stat
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.urls import reverse

from tests.factories import (
    make_county,
    make_enterprise_user,
    make_inspection,
    make_official,
    make_project,
    make_township,
    moment,
)
from tests.photos import pictures as make
from tests.uploads.test_pictures import HOSTILE
from tracker.accounts.models import User
from tracker.accounts.roles import Role
from tracker.audit.models import AuditEntry
from tracker.library.models import Project
from tracker.photos import actions, files
from tracker.photos.actions import AlreadyThere, add_photo, clear_orphans, void_photo
from tracker.photos.models import Photo

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.filterwarnings("error::PIL.Image.DecompressionBombWarning"),
]
NOW = moment(date(2026, 11, 2))


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, settings: Any) -> Iterator[None]:
    settings.MEDIA_ROOT = tmp_path / "media"
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def inspector() -> User:
    return make_official(language="en")


@pytest.fixture
def project(inspector: User) -> Project:
    return make_project(inspector=inspector)


def as_(person: User) -> Client:
    client = Client()
    client.cookies["django_language"] = "en"
    client.force_login(person)
    return client


def upload(client: Client, project: Project, content: bytes, name: str = "photo.jpg", **facts: Any) -> Any:
    file = SimpleUploadedFile(name, content, **facts)
    return client.post(reverse("office:photos", args=[project.pk]), {"file": file})


def on_disk() -> list[Path]:
    return sorted(path for path in files.PHOTOS.folder.rglob("*") if path.is_file())


def test_a_photo_is_added_shown_and_served(project: Project):
    client = as_(project.inspector)
    assert upload(client, project, make.with_everything()).status_code == 302
    photo = Photo.objects.get()
    assert (photo.project, photo.added_by, photo.added_at) == (project, project.inspector, NOW)
    small = reverse("office:small_picture", args=[photo.pk])
    for page in ("office:photos", "office:project"):
        assert small in client.get(reverse(page, args=[project.pk])).content.decode()
    for address in (small, reverse("office:picture", args=[photo.pk])):
        answer = client.get(address)
        assert answer.content.startswith(b"\xff\xd8\xff")
        assert make.SECRET not in answer.content
        assert answer["Content-Type"] == "image/jpeg"
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert answer["Content-Disposition"] == f'inline; filename="photo-{photo.pk}.jpg"'
        assert answer["Cache-Control"] == "private, no-store"
        assert answer["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'; sandbox"
    [entry] = AuditEntry.objects.filter(table="photo")
    assert (entry.act, entry.actor) == (AuditEntry.Act.CREATED, project.inspector)


def test_the_files_have_random_names_and_only_the_product_reads_them(project: Project):
    old = os.umask(0)
    try:
        photo = add_photo(project, make.photo(), by=project.inspector, at=NOW)
    finally:
        os.umask(old)
    assert [path.name for path in on_disk()] == [f"{photo.name}-small.jpg", f"{photo.name}.jpg"]
    assert {stat.S_IMODE(path.stat().st_mode) for path in on_disk()} == {0o600}
    assert stat.S_IMODE(on_disk()[0].parent.stat().st_mode) == 0o700
    again = add_photo(make_project(inspector=project.inspector), make.photo(), by=project.inspector, at=NOW)
    assert again.name != photo.name
    assert again.sha256 == photo.sha256


def test_a_photo_can_say_with_which_inspection_it_was_taken(project: Project):
    inspection = make_inspection(project)
    photo = add_photo(project, make.photo(), by=project.inspector, at=NOW, inspection=inspection)
    assert list(inspection.photos.all()) == [photo]


@pytest.mark.parametrize(
    "name", ["photo.jpg", "virus.exe", "照片", "../../etc/passwd", "x" * 300, "a\u202egpj.js"]
)
def test_the_name_and_the_type_that_a_browser_claims_say_nothing(project: Project, name: str):
    answer = upload(
        as_(project.inspector), project, make.saved(make.gradient(), "PNG"), name, content_type="text/html"
    )
    assert answer.status_code == 302
    assert Photo.objects.count() == 1


@pytest.mark.parametrize(("content", "code"), HOSTILE.values(), ids=HOSTILE.keys())
def test_a_hostile_file_is_an_error_of_the_form_and_leaves_nothing(
    project: Project, content: bytes, code: str
):
    answer = upload(as_(project.inspector), project, content)
    assert answer.status_code == 200
    assert answer.context["form"].errors["file"]
    assert not Photo.objects.exists()
    assert on_disk() == []


def test_without_a_file_the_form_says_so(project: Project):
    answer = as_(project.inspector).post(reverse("office:photos", args=[project.pk]), {"file": "text"})
    assert "file" in answer.context["form"].errors


def test_the_same_photo_twice_is_said_and_kept_once(project: Project):
    client = as_(project.inspector)
    upload(client, project, make.photo())
    answer = upload(client, project, make.photo() + b"something behind its end")
    assert "This project has this very photo already." in answer.content.decode()
    assert Photo.objects.count() == 1
    assert len(on_disk()) == 2


def test_a_project_has_only_so_many_photos(project: Project, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(actions, "MOST_PER_PROJECT", 1)
    upload(as_(project.inspector), project, make.photo(1))
    assert "photos. Delete one" in upload(as_(project.inspector), project, make.photo(2)).content.decode()


WHO = [
    (Role.TEAM_LEAD, "county", True, True),
    (Role.INSPECTOR, "county", True, False),
    (Role.LEADER, "county", True, False),
    (Role.AUDITOR, "county", True, False),
    (Role.TEAM_LEAD, "city", True, False),
    (Role.TEAM_LEAD, "elsewhere", False, False),
    (Role.INSPECTOR, "township elsewhere", False, False),
]


@pytest.mark.parametrize(("role", "place", "sees", "keeps"), WHO)
def test_who_sees_photos_and_who_keeps_them(project: Project, role: str, place: str, sees: bool, keeps: bool):
    places = {
        "county": project.county,
        "city": project.county.parent,
        "elsewhere": make_county("371525"),
        "township elsewhere": make_township(make_county("371525")),
    }
    photo = add_photo(project, make.photo(1), by=project.inspector, at=NOW)
    client = as_(make_official(role, division=places[place]))
    shown = {
        client.get(reverse(f"office:{name}", args=[photo.pk])).status_code
        for name in ("picture", "small_picture")
    }
    assert shown == {200 if sees else 404}
    refused = 403 if sees else 404
    assert upload(client, project, make.photo(2)).status_code == (302 if keeps else refused)
    answer = client.post(reverse("office:delete_photo", args=[photo.pk]), {"why": "blurred"})
    if role in (Role.INSPECTOR, Role.TEAM_LEAD):
        assert answer.status_code == (302 if keeps else refused)
    else:
        assert answer.status_code == 403
    photo.refresh_from_db()
    assert (photo.voided_at is not None) == keeps
    page = client.get(reverse("office:photos", args=[project.pk]))
    assert page.status_code == (200 if sees else 404)
    assert ("Add the photo" in page.content.decode()) == keeps


def test_an_enterprise_and_a_stranger_see_no_photo(project: Project):
    photo = add_photo(project, make.photo(), by=project.inspector, at=NOW)
    address = reverse("office:picture", args=[photo.pk])
    assert as_(make_enterprise_user(project.enterprise)).get(address).status_code == 403
    assert Client().get(address).status_code == 302


def test_a_deleted_photo_is_gone_and_its_row_says_why(
    project: Project, django_capture_on_commit_callbacks: Any
):
    photo = add_photo(project, make.photo(), by=project.inspector, at=NOW)
    client = as_(project.inspector)
    address = reverse("office:delete_photo", args=[photo.pk])
    assert client.get(address).status_code == 200
    assert client.post(address, {"why": ""}).status_code == 200
    with django_capture_on_commit_callbacks(execute=True):
        assert client.post(address, {"why": "somebody's face"}).status_code == 302
    assert on_disk() == []
    photo.refresh_from_db()
    assert (photo.voided_by, photo.void_reason) == (project.inspector, "somebody's face")
    assert client.get(reverse("office:picture", args=[photo.pk])).status_code == 404
    assert client.post(address, {"why": "again"}).status_code == 404
    entry = AuditEntry.objects.get(table="photo", act=AuditEntry.Act.CHANGED)
    assert (entry.actor, entry.why) == (project.inspector, "somebody's face")
    assert upload(client, project, make.photo()).status_code == 302, "it may come back"


def test_a_picture_whose_file_is_lost_is_404(project: Project):
    photo = add_photo(project, make.photo(), by=project.inspector, at=NOW)
    files.PHOTOS.remove(photo.name)
    assert as_(project.inspector).get(reverse("office:picture", args=[photo.pk])).status_code == 404


# --- when something goes wrong half-way ---


class Crash(Exception):
    """The process ends here."""


def test_a_crash_before_the_row_leaves_files_that_the_clearing_finds(
    project: Project, monkeypatch: pytest.MonkeyPatch
):
    kept = add_photo(project, make.photo(1), by=project.inspector, at=NOW)

    def crash(*_: Any, **__: Any) -> None:
        raise Crash

    monkeypatch.setattr(Photo.objects, "create", crash)
    with pytest.raises(Crash):
        add_photo(project, make.photo(2), by=project.inspector, at=NOW)
    monkeypatch.undo()
    assert Photo.objects.count() == 1, "no half row"
    assert len(on_disk()) == 4
    for path in on_disk():
        os.utime(path, (NOW.timestamp(), NOW.timestamp()))
    assert clear_orphans(NOW) == 0, "it may just be on its way to its row"
    with time_machine.travel(NOW + timedelta(days=2), tick=False):
        assert clear_orphans(NOW + timedelta(days=2)) == 1
        assert clear_orphans(NOW + timedelta(days=2)) == 0
    assert [path.name for path in on_disk()] == [f"{kept.name}-small.jpg", f"{kept.name}.jpg"]


def test_files_that_a_deletion_left_are_cleared(project: Project):
    photo = add_photo(project, make.photo(), by=project.inspector, at=NOW)
    void_photo(photo, by=project.inspector, why="blurred", at=NOW)
    assert len(on_disk()) == 2, "they go when the deletion is safely written"
    later = NOW + timedelta(days=3650)
    with time_machine.travel(later, tick=False):
        assert clear_orphans(later) == 1
    assert on_disk() == []


@pytest.mark.django_db(transaction=True)
def test_two_at_once_add_the_same_photo_once(project: Project, monkeypatch: pytest.MonkeyPatch):
    """The look for the number of photos lets both through; the constraint lets one in."""
    content, drawn_anew = make.photo(), actions.drawn_anew

    def meanwhile(given: bytes) -> Any:
        monkeypatch.setattr(actions, "drawn_anew", drawn_anew)
        add_photo(project, given, by=project.inspector, at=NOW)
        return drawn_anew(given)

    monkeypatch.setattr(actions, "drawn_anew", meanwhile)
    with pytest.raises(AlreadyThere):
        add_photo(project, content, by=project.inspector, at=NOW)
    assert Photo.objects.count() == 1
    assert len(on_disk()) == 2
    assert connection.is_usable()
