"""The pages of inclusion: papers in one tap, files that are only saved, two figures, the bureau's list."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from tests.exchange.test_bureau import csv_of, row_of
from tests.factories import (
    make_county,
    make_cycle,
    make_enterprise_user,
    make_inspection,
    make_official,
    make_project,
    moment,
)
from tests.library.inclusion import files as make
from tests.photos import pictures
from tracker.accounts.models import User
from tracker.accounts.roles import Role
from tracker.calendars.periods import Month
from tracker.inspections.models import Inspection
from tracker.library.inclusion.actions import add_file, receive_paper, set_figure
from tracker.library.inclusion.models import (
    BureauList,
    DifferenceExplanation,
    InclusionPaper,
    PaperFile,
    StatisticalFigure,
)
from tracker.library.inclusion.rules import Amounts, PaperKind
from tracker.library.models import Project

pytestmark = pytest.mark.django_db
TODAY = date(2026, 11, 2)
NOW = moment(TODAY)


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


def as_(person: User) -> Client:
    client = Client()
    client.cookies["django_language"] = "en"
    client.force_login(person)
    return client


def page(name: str, row: Any, query: str = "") -> str:
    return reverse(f"office:{name}", args=[row.pk]) + query


# --- papers ---


def test_one_tap_in_the_list_notes_a_paper_and_leads_back_to_the_list_as_it_was(
    liaison: User, project: Project
):
    client = as_(liaison)
    shown = client.get(reverse("office:inclusion") + "?missing=licence").content.decode()
    assert f'value="licence" formaction="{page("papers", project)}"' in shown
    answer = client.post(page("papers", project), {"kind": "licence", "back": "missing=licence"})
    assert (answer.status_code, answer["Location"]) == (302, reverse("office:inclusion") + "?missing=licence")
    after = client.get(answer["Location"])
    assert "received." in after.content.decode()
    assert [row.record for row in after.context["table"].rows] == []
    assert InclusionPaper.objects.get().state == "received"


def test_the_way_back_never_leads_elsewhere(liaison: User, project: Project):
    for back in ("//evil.test", "https://evil.test/", "\r\nX: y"):
        answer = as_(liaison).post(page("papers", project), {"kind": "licence", "back": back})
        assert answer["Location"].startswith(reverse("office:inclusion") + "?")


def test_who_only_reads_gets_no_button(project: Project):
    shown = as_(make_official(Role.LEADER)).get(reverse("office:inclusion")).content.decode()
    assert "Licence" in shown
    assert "formaction" not in shown


def test_the_list_is_counted_and_narrowed_down(liaison: User, project: Project):
    client = as_(liaison)
    for query, number in (("?due=overdue", 1), ("?due=coming", 0), ("?missing=none", 0), ("?missing=x", 1)):
        rows = client.get(reverse("office:inclusion") + query).context["table"].rows
        assert len(rows) == number, query
    for kind in PaperKind:
        receive_paper(project, kind, by=liaison, at=NOW)
    assert len(client.get(reverse("office:inclusion") + "?missing=none").context["table"].rows) == 1


def test_a_file_is_kept_and_given_back_only_to_be_saved(liaison: User, project: Project):
    content = make.pdf("合同")
    file = SimpleUploadedFile("合同.exe", content, content_type="text/html")
    answer = as_(project.inspector).post(page("papers", project), {"kind": "filing", "file": file})
    assert answer.status_code == 302
    kept = PaperFile.objects.get()
    for reader in (liaison, make_official(Role.LEADER)):
        given = as_(reader).get(page("paper_file", kept))
        assert given.content == content
        assert given["Content-Type"] == "application/pdf"
        assert given["Content-Disposition"].startswith("attachment; filename*=utf-8''")
        assert given["X-Content-Type-Options"] == "nosniff"
        assert given["Cache-Control"] == "private, no-store"
        assert given["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'; sandbox"


def test_a_hostile_file_is_answered_in_words_on_the_page(liaison: User, project: Project):
    client = as_(liaison)
    for name, (content, _code) in make.VERDICTS.items():
        file = SimpleUploadedFile("合同.pdf", content)
        answer = client.post(page("papers", project), {"kind": "filing", "file": file})
        assert answer.status_code == 422, name
        assert 'id="error-filing"' in answer.content.decode(), name
    assert not PaperFile.objects.exists()


@pytest.mark.parametrize("sent", [{}, {"kind": "nonsense"}, {"kind": "filing\x00"}])
def test_a_tap_that_names_no_paper_is_refused(liaison: User, project: Project, sent: dict[str, str]):
    assert as_(liaison).post(page("papers", project), sent).status_code == 422
    assert not InclusionPaper.objects.exists()


def test_facts_on_a_paper_are_kept_and_what_contradicts_the_filing_is_shown(liaison: User, project: Project):
    entry = {"edition": "0", "state": "received", "party": "别家有限公司", "total": "2100", "dated_on": ""}
    address = page("paper", project, "?kind=construction_contract")
    assert as_(liaison).post(address, entry).status_code == 302
    shown = as_(liaison).get(page("papers", project)).content.decode()
    assert "Party A of the contract is not the enterprise that filed the project." in shown
    assert "The contract is about more than the planned total." in shown
    # The older form is told so.
    answer = as_(project.inspector).post(address, {**entry, "party": "x"})
    assert answer.status_code == 409
    assert "nothing of yours was saved" in answer.content.decode()
    assert InclusionPaper.objects.get().party == "别家有限公司"


def test_an_inspector_cannot_say_that_a_paper_is_not_needed(liaison: User, project: Project):
    entry = {"edition": "0", "state": "not_needed", "reason": "x"}
    address = page("paper", project, "?kind=licence")
    assert as_(project.inspector).post(address, entry).status_code == 422
    assert as_(liaison).post(address, {**entry, "reason": ""}).status_code == 422
    assert as_(liaison).post(address, entry).status_code == 302
    assert InclusionPaper.objects.get().reason == "x"


def test_a_deleted_file_is_404(liaison: User, project: Project):
    kept = add_file(project, PaperKind.FILING, make.PDF, "a.pdf", by=liaison, at=NOW)
    assert as_(liaison).post(page("delete_paper_file", kept), {"why": ""}).status_code == 200
    assert as_(liaison).post(page("delete_paper_file", kept), {"why": "传错"}).status_code == 302
    assert as_(liaison).get(page("paper_file", kept)).status_code == 404


def test_another_countys_files_and_figures_are_404(liaison: User, project: Project):
    kept = add_file(project, PaperKind.FILING, make.PDF, "a.pdf", by=liaison, at=NOW)
    figure = set_figure(project, Month(2026, 10), Amounts(Decimal(1)), by=liaison, at=NOW, today=TODAY)
    stranger = as_(make_official(Role.STATISTICS_LIAISON, make_county("371525")))
    for address in (
        page("paper_file", kept),
        page("papers", project),
        page("project_figures", project),
        page("explain_difference", figure),
    ):
        assert stranger.get(address).status_code == 404


def test_the_papers_are_handed_in_and_taken_back_by_whoever_answers_for_the_project(project: Project):
    client = as_(project.inspector)
    address = page("hand_in_papers", project)
    client.post(address, {"state": "submitted", "seen": "preparing"})
    project.refresh_from_db()
    assert (project.inclusion_state, project.inclusion_submitted_on) == ("submitted", TODAY)
    answer = client.post(address, {"state": "preparing", "seen": "preparing"}, follow=True)
    assert "Somebody else has just changed the state" in answer.content.decode()
    client.post(address, {"state": "included"})
    project.refresh_from_db()
    assert project.inclusion_state == "submitted"


def test_two_liaisons_see_each_others_word_instead_of_overwriting_it(liaison: User, project: Project):
    other = as_(make_official(Role.STATISTICS_LIAISON))
    entry = {"seen": "preparing", "on": "2026-10-20", "reference": ""}
    assert (
        as_(liaison).post(page("set_inclusion", project), {**entry, "state": "returned"}).status_code == 302
    )
    answer = other.post(page("set_inclusion", project), {**entry, "state": "included"})
    assert answer.status_code == 409
    assert "Somebody else has just changed the state" in answer.content.decode()
    project.refresh_from_db()
    assert project.inclusion_state == "returned"


def test_the_project_page_shows_papers_and_figures(liaison: User, project: Project):
    receive_paper(project, PaperKind.LICENCE, by=liaison, at=NOW)
    make_inspection(project, make_cycle(), ytd_investment=Decimal(1000))
    set_figure(project, Month(2026, 10), Amounts(Decimal(900)), by=liaison, at=NOW, today=TODAY)
    shown = as_(make_official(Role.LEADER)).get(page("project", project)).content.decode()
    assert "Application form H202" in shown
    assert "inspected 1,000.00 万元, in statistics 900.00 万元" in shown
    small = make_project(planned_total=Decimal(100), inclusion_state="not_applicable", included_on=None)
    assert "it does not belong into statistics" in as_(liaison).get(page("project", small)).content.decode()
    assert as_(liaison).get(page("papers", small)).status_code == 200


def test_the_enterprise_sees_which_papers_are_missing_and_writes_nothing(liaison: User, project: Project):
    receive_paper(project, PaperKind.LICENCE, by=liaison, at=NOW)
    client = as_(make_enterprise_user(project.enterprise, language="en"))
    for address in (reverse("portal:home"), reverse("portal:project", args=[project.pk])):
        shown = client.get(address).content.decode()
        assert "Still missing:" in shown
        assert "Construction contract" in shown
        assert "<li>Licence</li>" not in shown
    for name in ("papers", "project_figures"):
        assert client.post(page(name, project), {"kind": "filing"}).status_code == 403


# --- figures ---


def test_the_liaison_sets_a_figure_and_what_was_inspected_stands(liaison: User, project: Project):
    inspection = make_inspection(project, make_cycle(), ytd_investment=Decimal(1000))
    before = Inspection.objects.filter(pk=inspection.pk).values().get()
    every_field = {field.name: "77" for field in Inspection._meta.concrete_fields}
    entry = {**every_field, "edition": "0", "ytd_investment": "900", "equipment": "600", "used_equipment": ""}
    for name in ("construction", "installation", "other"):
        entry[name] = "100"
    address = page("set_figure", project, "?month=2026-10")
    assert as_(liaison).post(address, entry).status_code == 302
    figure = StatisticalFigure.objects.get()
    assert (figure.ytd_investment, figure.equipment, figure.set_by) == (900, 600, liaison)
    assert Inspection.objects.filter(pk=inspection.pk).values().get() == before
    # And an inspection that is sent every field of a figure leaves the figure alone.
    kept = StatisticalFigure.objects.values().get()
    sent = {field.name: "77" for field in StatisticalFigure._meta.concrete_fields}
    findings = {"cycle": "2026-10-H2", "edition": "1", "cumulative_investment": "1000", "stage": "building"}
    findings |= {"progress_percent": "84", "ytd_investment": "990", "inclusion_state": "preparing"}
    as_(project.inspector).post(page("inspect", project), {**sent, **findings, "remark": "更正"})
    assert Inspection.objects.get().ytd_investment == 990
    assert StatisticalFigure.objects.values().get() == kept
    assert as_(liaison).post(address, entry).status_code == 409


@pytest.mark.parametrize(
    ("entry", "query", "words"),
    [
        ({"ytd_investment": "900", "equipment": "901"}, "", "do not add up"),
        ({"ytd_investment": "900", "used_equipment": "901"}, "", "it cannot be more"),
        ({"ytd_investment": "900"}, "?month=2026-01", "Statistics has no figure of this month"),
        ({"ytd_investment": "900"}, "?month=2026-12", "Statistics has no figure of this month"),
        ({"ytd_investment": "很多"}, "", "Enter a number"),
        ({}, "", "required"),
    ],
)
def test_a_figure_that_cannot_be_is_refused_in_words(
    liaison: User, project: Project, entry: dict[str, str], query: str, words: str
):
    answer = as_(liaison).post(page("set_figure", project, query), {"edition": "0", **entry})
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert not StatisticalFigure.objects.exists()


def test_a_difference_is_explained_where_it_stands_and_reopens_when_it_changes(
    liaison: User, project: Project
):
    make_inspection(project, make_cycle(), ytd_investment=Decimal(1000))
    figure = set_figure(project, Month(2026, 10), Amounts(Decimal(900)), by=liaison, at=NOW, today=TODAY)
    client = as_(project.inspector)
    shown = client.get(reverse("office:figures")).content.decode()
    assert "1 difference is not explained" in shown
    address = page("explain_difference", figure)
    answer = client.post(address, {"difference": "99.00", "text": "x"})
    assert answer.status_code == 409
    assert client.post(address, {"difference": "100.00", "text": "统计按付款口径"}).status_code == 302
    assert "统计按付款口径" in client.get(page("project_figures", project)).content.decode()
    assert "0 differences are not explained" in client.get(reverse("office:figures")).content.decode()
    set_figure(project, Month(2026, 10), Amounts(Decimal(950)), by=liaison, at=NOW, today=TODAY)
    again = client.get(reverse("office:figures") + "?show=open").content.decode()
    assert "1 difference is not explained" in again
    assert "said of another difference (100.00)" in again
    assert DifferenceExplanation.objects.count() == 1


def test_the_figures_of_a_month_cost_the_same_for_one_project_as_for_many(
    liaison: User, project: Project, django_assert_max_num_queries: Any
):
    for _ in range(60):
        one = make_project(project.enterprise, plan=None)
        StatisticalFigure.objects.create(project=one, year=2026, month=10, ytd_investment=1)
    client = as_(liaison)
    with django_assert_max_num_queries(12):
        answer = client.get(reverse("office:figures") + "?page=2&show=&month=nonsense")
    assert len(answer.context["page"].object_list) == 10


# --- the bureau's list ---


def test_a_list_is_handed_in_matched_by_hand_and_taken_once(liaison: User, project: Project):
    client = as_(liaison)
    rows = [row_of(None, project="别名", enterprise="某公司", day="2026-10-20", reference="统字7号")]
    file = SimpleUploadedFile("名单.csv", csv_of(*rows))
    answer = client.post(reverse("office:bureau_lists"), {"file": file, "month": ""}, follow=True)
    batch = BureauList.objects.get()
    assert answer.redirect_chain[0][0] == page("bureau_list", batch)
    assert "rows unmatched" in answer.content.decode()
    client.post(page("bureau_list", batch), {"row": "3", "project": str(project.pk)})
    shown = client.get(page("bureau_list", batch))
    assert shown.context["counts"]["new"] == 1
    seen = {f"seen_{kind}": number for kind, number in shown.context["counts"].items()}
    for words in ("The list is taken", "nothing was taken twice"):
        done = client.post(page("bureau_list", batch), seen, follow=True).content.decode()
        assert words in done
    project.refresh_from_db()
    assert (project.inclusion_state, project.inclusion_reference) == ("included", "统字7号")


def test_what_is_no_list_is_refused_in_words(liaison: User):
    client = as_(liaison)
    for content, month, words in (
        (b"a,b\n1,2", "2026-10", "no list of the statistics bureau"),
        (csv_of(row_of()).replace("2026年".encode(), b""), "", "required"),
    ):
        file = SimpleUploadedFile("名单.csv", content)
        answer = client.post(reverse("office:bureau_lists"), {"file": file, "month": month})
        assert answer.status_code == 422
        assert words in answer.content.decode() or "no projects under its head" in answer.content.decode()


@pytest.mark.parametrize("chosen", ["", "0", "99999999999999999999", "x", "\x00"])
def test_a_choice_that_cannot_be_changes_nothing(liaison: User, project: Project, chosen: str):
    batch = BureauList.objects.create(
        county=make_county(), filename="a.csv", content=csv_of(row_of(project)), year=2026, month=10
    )
    as_(liaison).post(page("bureau_list", batch), {"row": "3", "project": chosen})
    batch.refresh_from_db()
    assert batch.chosen == {}


def test_a_photo_among_the_papers_loses_what_the_camera_wrote(liaison: User, project: Project):
    file = SimpleUploadedFile("现场.jpg", pictures.with_everything())
    as_(liaison).post(page("papers", project), {"kind": "site_photos", "file": file})
    kept = PaperFile.objects.get()
    given = as_(liaison).get(page("paper_file", kept))
    assert pictures.SECRET not in given.content
    assert given["Content-Type"] == "image/jpeg"
    assert given["Content-Disposition"].startswith("attachment")
