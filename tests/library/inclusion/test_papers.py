"""The papers of a project: what is noted of them, which files are kept, who sees and deletes them."""

import os
import time
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import time_machine

from tests.factories import make_enterprise, make_official, make_project, moment
from tests.library.inclusion import files as make
from tests.photos import pictures
from tracker.accounts.models import User
from tracker.accounts.roles import Role
from tracker.audit.models import AuditEntry
from tracker.library.inclusion import actions
from tracker.library.inclusion.actions import (
    PAPERS,
    AlreadyDeleted,
    AlreadyThere,
    ChangedMeanwhile,
    MayNotKeepPapers,
    NoReason,
    NotTheLiaison,
    PaperNote,
    TooManyFiles,
    add_file,
    clear_orphans,
    note_paper,
    receive_paper,
    shown_filename,
    void_file,
)
from tracker.library.inclusion.models import InclusionPaper, PaperFile
from tracker.library.inclusion.queries import checklist, complete, lacking, missing_papers, overdue
from tracker.library.inclusion.rules import PaperKind, PaperState
from tracker.library.models import Project
from tracker.uploads.rules import UnusableFile
from tracker.uploads.words import refusal

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.filterwarnings("error::PIL.Image.DecompressionBombWarning"),
]
NOW = moment(date(2026, 11, 2))
LICENCE = PaperKind.LICENCE


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, settings: Any) -> Iterator[None]:
    settings.MEDIA_ROOT = tmp_path / "media"
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def liaison() -> User:
    return make_official(Role.STATISTICS_LIAISON)


@pytest.fixture
def project() -> Project:
    return make_project(inspector=make_official(), inclusion_state="preparing", included_on=None)


def on_disk() -> list[Path]:
    return sorted(path for path in PAPERS.folder.rglob("*") if path.is_file())


def test_a_paper_is_noted_once_however_often_it_is_tapped(project: Project, liaison: User):
    for _ in range(3):
        receive_paper(project, LICENCE, by=liaison, at=NOW)
    paper = InclusionPaper.objects.get()
    assert (paper.state, paper.noted_by, paper.noted_at, paper.edition) == ("received", liaison, NOW, 1)
    [entry] = AuditEntry.objects.filter(table="inclusionpaper")
    assert entry.act == AuditEntry.Act.CREATED


def test_not_needed_is_said_by_the_liaison_with_a_reason(project: Project, liaison: User):
    with pytest.raises(NoReason):
        note_paper(project, LICENCE, PaperNote(PaperState.NOT_NEEDED), by=liaison, at=NOW)
    said = PaperNote(PaperState.NOT_NEEDED, "租用厂房")
    with pytest.raises(NotTheLiaison):
        note_paper(project, LICENCE, said, by=project.inspector, at=NOW)
    note_paper(project, LICENCE, said, by=liaison, at=NOW)
    assert LICENCE not in missing_papers([project])[project.pk]
    # It is taken back by whoever answers for the project, and the reason goes with it.
    note_paper(project, LICENCE, PaperNote(PaperState.MISSING), by=project.inspector, at=NOW)
    assert InclusionPaper.objects.get().reason == ""
    assert LICENCE in missing_papers([project])[project.pk]


def test_an_older_form_does_not_overwrite_a_newer_note(project: Project, liaison: User):
    note_paper(project, LICENCE, PaperNote(PaperState.RECEIVED), by=liaison, at=NOW, edition=0)
    with pytest.raises(ChangedMeanwhile):
        note_paper(project, LICENCE, PaperNote(PaperState.MISSING), by=liaison, at=NOW, edition=0)
    assert InclusionPaper.objects.get().state == "received"


@pytest.mark.parametrize(
    "role", [role for role in Role if role not in {Role.STATISTICS_LIAISON, Role.TEAM_LEAD}]
)
def test_nobody_else_keeps_papers(project: Project, role: Role):
    if role == Role.ENTERPRISE:
        return
    person = make_official(role)
    with pytest.raises(MayNotKeepPapers):
        receive_paper(project, LICENCE, by=person, at=NOW)
    with pytest.raises(MayNotKeepPapers):
        add_file(project, LICENCE, make.PDF, "a.pdf", by=person, at=NOW)
    assert not on_disk()


@pytest.mark.parametrize(
    ("content", "kept_as"),
    [
        (make.pdf("合同"), "pdf"),
        (make.office("docx"), "docx"),
        (make.office("xlsx"), "xlsx"),
        (pictures.with_everything(), "jpg"),
        (pictures.saved(pictures.gradient(), "PNG"), "jpg"),
        (pictures.saved(pictures.gradient(), "WEBP"), "jpg"),
    ],
    ids=["pdf", "docx", "xlsx", "jpeg", "png", "webp"],
)
def test_a_paper_is_known_by_its_content_and_pictures_are_drawn_anew(
    project: Project, liaison: User, content: bytes, kept_as: str
):
    file = add_file(project, LICENCE, content, "许可证.exe", by=liaison, at=NOW)
    assert (file.format, file.filename) == (kept_as, f"许可证.{kept_as}")
    [path] = on_disk()
    kept = path.read_bytes()
    assert (path.name, len(kept)) == (f"{file.name}.{kept_as}", file.size)
    assert pictures.SECRET not in kept
    assert (kept == content) == (kept_as != "jpg")
    assert InclusionPaper.objects.get().state == "received"


@pytest.mark.parametrize("name", make.VERDICTS)
def test_what_is_no_paper_is_refused_with_the_remedy(project: Project, liaison: User, name: str):
    content, code = make.VERDICTS[name]
    began = time.process_time()
    with pytest.raises(UnusableFile) as refused:
        add_file(project, LICENCE, content, "contract.pdf", by=liaison, at=NOW)
    assert time.process_time() - began < 5
    assert refused.value.code == code
    assert len(refusal(refused.value)) > 10
    assert not on_disk()
    assert not InclusionPaper.objects.exists()


def test_there_are_more_than_twenty_hostile_files():
    assert len(make.VERDICTS) >= 20


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("../../etc/passwd", "passwd.pdf"),
        ("C:\\Users\\li\\合同.PDF", "合同.pdf"),
        ("a\r\nSet-Cookie: x.pdf", "aSet-Cookie: x.pdf"),
        ("\u202efdp.exe", "fdp.pdf"),
        ("", "pdf.pdf"),
        (".pdf", "pdf.pdf"),
        ("长" * 300 + ".pdf", "长" * 116 + ".pdf"),
    ],
)
def test_a_file_keeps_its_name_without_what_harms(given: str, shown: str):
    assert shown_filename(given, "pdf") == shown


def test_the_very_same_file_is_kept_once(project: Project, liaison: User):
    add_file(project, LICENCE, make.PDF, "a.pdf", by=liaison, at=NOW)
    with pytest.raises(AlreadyThere):
        add_file(project, LICENCE, make.PDF, "b.pdf", by=liaison, at=NOW)
    assert len(on_disk()) == PaperFile.objects.count() == 1
    # Of another paper it may well be the same one.
    add_file(project, PaperKind.FILING, make.PDF, "a.pdf", by=liaison, at=NOW)


def test_a_paper_has_several_files_but_not_any_number(
    project: Project, liaison: User, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(actions, "MOST_FILES_OF_A_PAPER", 2)
    for text in ("1", "2"):
        add_file(project, LICENCE, make.pdf(text), "a.pdf", by=liaison, at=NOW)
    with pytest.raises(TooManyFiles):
        add_file(project, LICENCE, make.pdf("3"), "a.pdf", by=liaison, at=NOW)


def test_a_deleted_file_goes_and_its_row_says_why(
    project: Project, liaison: User, django_capture_on_commit_callbacks: Any
):
    file = add_file(project, LICENCE, make.PDF, "a.pdf", by=liaison, at=NOW)
    with pytest.raises(NoReason):
        void_file(file, by=liaison, why="", at=NOW)
    with django_capture_on_commit_callbacks(execute=True):
        void_file(file, by=project.inspector, why="传错了", at=NOW)
    with pytest.raises(AlreadyDeleted):
        void_file(file, by=liaison, why="again", at=NOW)
    file.refresh_from_db()
    assert (file.void_reason, file.voided_by, on_disk()) == ("传错了", project.inspector, [])
    # It may be handed in again.
    add_file(project, LICENCE, make.PDF, "a.pdf", by=liaison, at=NOW)


def test_what_a_crash_leaves_is_cleared_after_a_day(project: Project, liaison: User):
    kept = add_file(project, LICENCE, make.PDF, "a.pdf", by=liaison, at=NOW)
    left, young = PAPERS.write({".pdf": b"left"}), PAPERS.write({".pdf": b"young"})
    for name in (kept.name, left):
        os.utime(PAPERS.path_of(name, ".pdf"), ((NOW - timedelta(days=2)).timestamp(),) * 2)
    assert clear_orphans(NOW) == 1
    assert {path.stem for path in on_disk()} == {kept.name, young}


# --- questions ---


def test_the_checklist_names_what_is_needed_then_what_else_is_known(project: Project, liaison: User):
    receive_paper(project, PaperKind.PAYMENT_VOUCHER, by=liaison, at=NOW)
    add_file(project, PaperKind.FILING, make.PDF, "a.pdf", by=liaison, at=NOW)
    papers = checklist(project)
    assert [paper.kind for paper in papers] == [
        *("filing", "construction_contract", "site_photos", "licence", "application_form", "platform_page"),
        "payment_voucher",
    ]
    assert [paper.is_missing for paper in papers] == [False, True, True, True, True, True, False]
    assert len(papers[0].files) == 1


def test_what_contradicts_the_filing_is_pointed_out_and_changes_nothing(project: Project, liaison: User):
    Project.objects.filter(pk=project.pk).update(filed_on=date(2026, 2, 1))
    project.refresh_from_db()
    note = PaperNote(
        PaperState.RECEIVED, party="别家有限公司", total=Decimal(9999), dated_on=date(2026, 1, 1)
    )
    note_paper(project, PaperKind.CONSTRUCTION_CONTRACT, note, by=liaison, at=NOW)
    [contract] = [paper for paper in checklist(project) if paper.kind == "construction_contract"]
    assert contract.oddities == ("other_party", "contract_above_total", "before_filing")
    before = Project.objects.filter(pk=project.pk).values().get()
    assert before["planned_total"] == Decimal(2000)


def test_lists_are_narrowed_down_by_what_is_missing_and_by_what_is_overdue(liaison: User):
    enterprise = make_enterprise()
    full, bare, purchase, young = (
        make_project(enterprise, plan=None, **facts)
        for facts in ({}, {}, {"nature": "purchase_only"}, {"started_on": date(2026, 10, 20)})
    )
    for kind in PaperKind:
        receive_paper(full, kind, by=liaison, at=NOW)
    everything = Project.objects.all()
    assert set(lacking(everything, LICENCE)) == {bare, young}
    assert set(lacking(everything, PaperKind.PAYMENT_VOUCHER)) == {purchase}
    assert set(complete(everything)) == {full}
    assert set(overdue(everything, full.county, date(2026, 11, 2))) == {full, bare, purchase}


def test_missing_papers_of_two_hundred_projects_are_one_question(django_assert_num_queries: Any):
    enterprise = make_enterprise()
    projects = [make_project(enterprise, plan=None) for _ in range(20)]
    with django_assert_num_queries(1):
        missing_papers(projects)
