"""What stands in the mail, in the reader's language."""

import io
from datetime import date
from decimal import Decimal

import pytest
from django.template.loader import render_to_string
from django.utils import translation
from openpyxl import load_workbook

from tests.factories import make_county, make_enterprise, make_official, make_project, moment
from tests.summaries.months import close, inspect
from tracker.accounts.roles import Role
from tracker.audit.actions import record, seal
from tracker.audit.models import AuditEntry, AuditSeal
from tracker.badges.models import Award
from tracker.calendars.periods import Month
from tracker.mailing.models import Message
from tracker.summaries.actions import summarise
from tracker.summaries.presentation import LIST_ENDS_AT, large, tell
from tracker.summaries.queries import figures

pytestmark = pytest.mark.django_db

NOW = moment(date(2026, 11, 16))


@pytest.fixture
def october():
    """A county's October with one new red, one second yellow and one made good."""
    for name, before, after in [
        ("甲项目", "blue", "red"),
        ("乙项目", "yellow", "yellow"),
        ("丙项目", "red", "blue"),
    ]:
        project = make_project(
            make_enterprise(name=f"{name}有限公司"), name=name, problem="用地未落实" * (after == "red")
        )
        inspect(project, "2026-09-H2", before)
        inspect(project, "2026-10-H1", before)
        inspect(project, "2026-10-H2", after)
    close("2026-09-H1", "2026-09-H2", "2026-10-H1", "2026-10-H2")


def mail_to(language: str) -> Message:
    leader = make_official(Role.LEADER, language=language)
    summarise(NOW)
    return Message.objects.get(recipient=leader, key__contains="/2026-10/")


@pytest.mark.usefixtures("october")
@pytest.mark.parametrize("part", ["text", "html"])
@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_reasons_stand_in_the_readers_language_only(language, part):
    told = getattr(mail_to(language), part)
    red = Award.objects.get(project__name="甲项目", cycle_start=date(2026, 10, 16))
    yellow = Award.objects.get(project__name="乙项目", cycle_start=date(2026, 10, 16))
    own, other = ("en", "zh") if language == "en" else ("zh", "en")
    for award in (red, yellow):
        assert getattr(award, f"reason_{own}") in told
        assert getattr(award, f"reason_{other}") not in told
    assert told.index(getattr(red, f"reason_{own}")) < told.index(getattr(yellow, f"reason_{own}"))


@pytest.mark.usefixtures("october")
def test_the_chinese_mail_says_county_month_and_amounts_as_chinese_does():
    message = mail_to("zh-hans")
    for told in (message.text, message.html):
        assert "庆云县" in told
        assert "2026年10月" in told
        assert "2400万元" in told.replace(",", "").replace("，", "")
        assert "million" not in told
    assert "庆云县" in message.subject
    assert "2026年10月" in message.subject
    assert 'lang="zh-Hans"' in message.html


@pytest.mark.usefixtures("october")
def test_the_english_mail_says_month_and_amounts_as_english_does():
    message = mail_to("en")
    assert "October 2026: red 1, yellow 1, blue 1, gold 0" in message.subject
    for told in (message.text, message.html):
        assert "October 2026" in told
        assert "CNY 24.0 million" in told
        assert "3 projects rated" in told
    assert 'lang="en"' in message.html


@pytest.mark.usefixtures("october")
def test_badges_are_said_by_shape_word_and_number_with_their_movement():
    text = mail_to("en").text
    assert "■ Red: 1 (→ 0)" in text
    assert "● Blue: 1 (→ 0)" in text


@pytest.mark.usefixtures("october")
def test_the_order_is_decisions_first_then_good_news_then_what_is_missing():
    message = mail_to("en")
    for told in (message.text, message.html):
        heads = [
            "New red badges (1)",
            "Yellow for the second month (1)",
            "Turned blue or gold (1)",
            "Not inspected (0)",
            "Inclusion in statistics due",
            "About these figures",
        ]
        places = [told.index(head) for head in heads]
        assert places == sorted(places)
        assert "Open problem:" in told


@pytest.mark.usefixtures("october")
def test_the_mail_needs_no_pictures_styles_or_scripts_from_elsewhere():
    html = mail_to("zh-hans").html
    for not_wanted in ("<img", "<script", "<svg", "<link", "@import", "url("):
        assert not_wanted not in html
    assert 'bgcolor="#1f5faf"' in html


@pytest.mark.usefixtures("october")
def test_the_project_table_is_attached_in_the_readers_language():
    enclosed = mail_to("en").attachments.get()
    assert enclosed.filename == "jigai-371423-2026-10.xlsx"
    assert enclosed.content_type.endswith("spreadsheetml.sheet")
    sheet = load_workbook(io.BytesIO(bytes(enclosed.content))).active
    assert {row[2] for row in sheet.iter_rows(min_row=4, values_only=True)} == {"甲项目", "乙项目", "丙项目"}
    assert sheet["H4"].value in {"Red", "Yellow", "Blue"}


def test_a_large_county_still_gets_a_short_mail():
    enterprise = make_enterprise(name="虚构智能装备制造股份有限公司")
    for number in range(60):
        project = make_project(
            enterprise,
            name=f"年产三万套高端数控装备智能化技术改造项目{number}",
            inclusion_state="preparing",
            included_on=None,
        )
        inspect(project, "2026-10-H2", "red")
    close("2026-10-H2")
    message = mail_to("zh-hans")
    assert len(message.html.encode()) < 60_000
    assert message.html.count("年产三万套") == 2 * LIST_ENDS_AT  # new reds, and due for inclusion


def test_text_of_enterprises_cannot_become_markup():
    inspect(make_project(name="<b>A&B</b>"), "2026-10-H2", "red")
    close("2026-10-H2")
    message = mail_to("en")
    assert "&lt;b&gt;A&amp;B&lt;/b&gt;" in message.html
    assert "<b>A&B</b>" in message.text


@pytest.mark.parametrize(
    ("amount", "chinese", "english"),
    [
        ("980.40", "980万元", "CNY 9.8 million"),
        ("9999.00", "9999万元", "CNY 100.0 million"),
        ("151230.00", "15.12亿元", "CNY 1512.3 million"),
        ("0.00", "0万元", "CNY 0.0 million"),
    ],
)
def test_large_amounts_are_said_in_the_readers_units(amount, chinese, english):
    with translation.override("zh-hans"):
        assert large(amount).replace(",", "") == chinese
    with translation.override("en"):
        assert large(Decimal(amount)).replace(",", "") == english


def test_a_month_without_anything_can_be_told():
    told = tell(figures(make_county(), Month(2026, 10), date(2026, 11, 16)))
    assert not told["is_rated"]
    assert "empty" in render_to_string("office/_summary_headline.html", {"summary": told})


@pytest.mark.usefixtures("october")
@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_the_mail_anchors_the_head_of_the_audit_trail(language: str):
    seal([record(AuditEntry.Act.EXPORTED).pk])
    head = AuditSeal.objects.head()
    mail = mail_to(language)
    for part in (mail.text, mail.html):
        assert f"{head.position}:{head.chain[:16]}" in part
        assert f"{head.position}:{head.chain}" in part
