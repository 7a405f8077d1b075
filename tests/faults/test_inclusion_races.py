"""Many hands at one paper, one state, one list: one of them does it, and the others are told."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from tests.exchange.test_bureau import csv_of, row_of
from tests.factories import make_county, make_official, make_project
from tests.faults.test_races import (
    HANDS,
    NOW,
    at_once,
    kinds,
    look_before_update,
    meet_before,
    take_off_locks,
)
from tests.library.inclusion import files as make
from tracker.accounts.roles import Role
from tracker.exchange.bureau import take_list
from tracker.library.inclusion.actions import PAPERS, add_file
from tracker.library.inclusion.models import (
    BureauList,
    BureauListQuerySet,
    InclusionPaper,
    PaperFile,
    StatisticalFigure,
)
from tracker.library.inclusion.rules import PaperKind
from tracker.library.models import Project

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _today(tmp_path: Path, settings: Any) -> Iterator[None]:
    settings.MEDIA_ROOT = tmp_path / "media"
    with time_machine.travel(NOW, tick=False):
        yield


def sends(person: Any, address: str, entry: dict[str, str]) -> Callable[[], int]:
    """Post from a browser of its own; with which status the page answers."""
    browser = Client(raise_request_exception=False)
    browser.force_login(person)
    return lambda: browser.post(address, entry).status_code


@pytest.fixture
def taps() -> list[Callable[[], int]]:
    liaison, project = make_official(Role.STATISTICS_LIAISON), make_project()
    address = reverse("office:papers", args=[project.pk])
    return [sends(liaison, address, {"kind": "licence"}) for _ in range(HANDS)]


def test_twenty_taps_are_one_paper_and_twenty_good_answers(taps: list[Any]):
    assert at_once(*taps) == [302] * HANDS
    assert InclusionPaper.objects.get().edition == 1


def test_control_without_the_lock_taps_end_in_errors(taps: list[Any], monkeypatch: pytest.MonkeyPatch):
    take_off_locks(monkeypatch)
    meet_before(monkeypatch, InclusionPaper, "save")
    assert {500, 503} & set(at_once(*taps))


@pytest.fixture
def two_liaisons() -> list[Callable[[], int]]:
    project = make_project(inclusion_state="submitted", included_on=None)
    address = reverse("office:set_inclusion", args=[project.pk])
    return [
        sends(
            make_official(Role.STATISTICS_LIAISON),
            address,
            {"seen": "submitted", "state": state, "on": "2026-10-20", "reference": state},
        )
        for state in ("included", "returned")
    ]


def test_of_two_liaisons_one_is_told_what_the_other_has_said(two_liaisons: list[Any]):
    answers = at_once(*two_liaisons)
    assert sorted(answers) == [302, 409]
    kept = Project.objects.get()
    assert (
        kept.inclusion_state == kept.inclusion_reference == ("included" if answers[0] == 302 else "returned")
    )


def test_control_without_the_lock_neither_liaison_is_told(
    two_liaisons: list[Any], monkeypatch: pytest.MonkeyPatch
):
    take_off_locks(monkeypatch)
    meet_before(monkeypatch, Project, "save", hands=2)
    assert 409 not in at_once(*two_liaisons)


@pytest.fixture
def confirmations() -> list[Callable[[], Any]]:
    liaison, project = make_official(Role.STATISTICS_LIAISON), make_project()
    batch = BureauList.objects.create(
        county=make_county(), filename="名单.csv", content=csv_of(row_of(project)), year=2026, month=10
    )

    def confirm() -> str:
        take_list(BureauList.objects.get(pk=batch.pk), by=liaison, at=NOW)
        return "taken"

    return [confirm] * HANDS


def test_of_twenty_confirmations_one_takes_the_list(confirmations: list[Any]):
    assert kinds(at_once(*confirmations)) == ["AlreadyTaken"] * (HANDS - 1) + ["taken"]
    assert StatisticalFigure.objects.get().edition == 1


def test_control_without_the_conditional_update_it_is_taken_by_several(
    confirmations: list[Any], monkeypatch: pytest.MonkeyPatch
):
    take_off_locks(monkeypatch)
    look_before_update(monkeypatch, BureauListQuerySet)
    assert kinds(at_once(*confirmations)) != ["AlreadyTaken"] * (HANDS - 1) + ["taken"]


def test_one_file_handed_in_by_five_hands_at_once_is_one_row_and_one_file():
    liaison, project = make_official(Role.STATISTICS_LIAISON), make_project()

    def hand_in() -> str:
        add_file(project, PaperKind.FILING, make.PDF, "备案.pdf", by=liaison, at=NOW)
        return "kept"

    assert kinds(at_once(*[hand_in] * 5)) == ["AlreadyThere"] * 4 + ["kept"]
    assert [path.stem for path in PAPERS.folder.rglob("*.pdf")] == [PaperFile.objects.get().name]
