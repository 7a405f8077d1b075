"""A month in one county, in a real browser, with real PostgreSQL, Redis, worker, beat and mail server."""

import io
from datetime import date
from decimal import Decimal
from pathlib import Path

import openpyxl
import pytest
from django.utils import timezone
from playwright.sync_api import BrowserContext, Page, expect

from config.celery import app
from tests import factories as make
from tests.services.celery import CeleryProcess
from tests.services.smtp import SmtpCatcher
from tests.services.waiting import wait_until
from tracker.accounts.models import User
from tracker.accounts.roles import Role
from tracker.badges.models import Award
from tracker.calendars.periods import HalfMonth, shanghai_date
from tracker.inspections.actions import open_cycle
from tracker.inspections.models import Inspection
from tracker.library.models import Enterprise, Project

HEAD = (
    "序号 企业名称 统一社会信用代码 所属乡镇（园区） 产业链 行业代码 企业类别 项目名称 项目代码 建设性质 "
    "计划总投资（万元） 其中：设备（万元） {year}年计划投资（万元） 开工时间 . 竣工时间 . "
    "完成投资（万元） . 形象进度 . "
    "入库纳统 . 存在问题 包保责任人 企业联系人 联系电话"
)
UNDER_HEAD = (
    ". . . . . . . . . . . . . 计划 实际 计划 实际 开工以来累计 {year}年累计 % 说明 是否入库 入库时间 . . . ."
)


def table_of(half_month: HalfMonth, firms: list[tuple[str, str, Decimal]]) -> bytes:
    """A county's table of the half-month: name, credit code and this year's investment of each firm."""
    year = half_month.start.year
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(["某县工业技改项目半月调度表（虚构）"])
    sheet.append([f"填报单位：县技改提质工作专班    调度时点：{half_month.end:%Y年%m月%d日}    单位：万元"])
    for words in (HEAD, UNDER_HEAD):
        sheet.append([None if word == "." else word for word in words.format(year=year).split(" ")])
    for number, (name, code, done) in enumerate(firms, start=1):
        project = f"虚构产线改造项目{number}"
        who = [number, name, code, "虚构镇", "电气设备", "3821", "科技型中小企业", project, None, "扩建"]
        plan = [2000, 1500, 1200, date(year, 1, 1), date(year, 1, 6), date(year, 12, 31), None]
        state = [done, done, 80, "设备安装", "是", date(year, 1, 20), None]
        sheet.append([*who, *plan, *state, "王调度", "李联系", "13800000000"])
    sheet.append(["合计", *[None] * 9, 2000 * len(firms)])
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def sign_in(context: BrowserContext, person: User) -> Page:
    """The person's first page."""
    page = context.new_page()
    page.goto("/")
    page.fill("input[name=login]", person.email)
    page.fill("input[name=password]", make.PASSWORD)
    page.press("input[name=password]", "Enter")
    page.wait_for_load_state()
    return page


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
@pytest.mark.timeout(300)
def test_from_the_county_s_table_to_the_leader_s_mail(
    phone: BrowserContext,
    desktop: BrowserContext,
    tmp_path: Path,
    celery_worker_process: CeleryProcess,
    celery_beat_process: CeleryProcess,
    smtp_catcher: SmtpCatcher,
):
    today = shanghai_date(timezone.now())
    current = HalfMonth.latest_cut_off(today)
    ended = current if current.half == 2 else current.previous()
    # Nothing closes by itself while the story is told.
    county = make.make_county(closes_after_working_days=12)
    for half_month in (ended.previous(), ended, current):
        open_cycle(county, half_month)
    lead = make.make_official(Role.TEAM_LEAD, name="赵组长")
    inspector = make.make_official(name="王调度")
    leader = make.make_official(Role.LEADER, email="leader@county.test")

    # The lead hands in the table that the county has always kept.
    share = Decimal((ended.previous().end - date(ended.start.year, 1, 1)).days) / 365
    on_plan, behind = (
        (1200 * share).quantize(Decimal(1)),
        (1200 * share * Decimal("0.5")).quantize(Decimal(1)),
    )
    codes = [enterprise_code() for _ in range(3)]
    firms = [("虚构甲电气有限公司", codes[0], on_plan), ("虚构乙电气有限公司", codes[1], behind),
             ("虚构丙电气有限公司", codes[2], on_plan)]  # fmt: skip
    workbook = tmp_path / "调度表.xlsx"
    workbook.write_bytes(table_of(current.previous(), firms))
    page = sign_in(desktop, lead)
    page.goto("/office/more/imports/")
    page.set_input_files("input[type=file]", workbook)
    page.click("main form button[type=submit], main form button:not([type])")
    expect(page.locator("main")).to_contain_text("虚构乙电气有限公司")
    confirm(page)
    assert Enterprise.objects.count() == Project.objects.count() == 3
    assert Inspection.objects.accepted().count() == 3

    # The inspector, phone in hand, inspects the one that is furthest behind.
    project = Project.objects.get(enterprise__name="虚构乙电气有限公司")
    screen = sign_in(phone, inspector)
    expect(screen.locator("main")).to_contain_text("3")
    screen.goto(f"/office/inspect/{project.pk}/")
    more = str(behind + 20)
    screen.fill("input[name=cumulative_investment]", more)
    screen.fill("input[name=ytd_investment]", more)
    screen.fill("input[name=progress_percent]", "82")
    screen.fill("[name=remark]", "二期设备已到场")
    screen.click("main button[name=save], main form button.button:not([name=unchanged])")
    wait_until(lambda: Award.objects.filter(project=project, cycle_start=current.start).exists(), 15)
    award = Award.objects.standing().get(project=project, cycle_start=current.start)
    assert award.badge in {"yellow", "red"}

    # The enterprise reads why.
    firm = make.make_enterprise_user(project.enterprise)
    context = phone.browser.new_context(base_url=screen.url.split("/office")[0], locale="zh-CN")
    mine = sign_in(context, firm)
    expect(mine.locator("main")).to_contain_text(award.reason_zh)
    expect(mine.locator("main")).to_contain_text(award.to_improve_zh)
    context.close()

    # The month is over: the lead closes its half-months, and the leader's mail comes by itself.
    for half_month in (ended.previous(), ended):
        page.goto(f"/office/cycle/{half_month.code}/close/")
        page.click("main form button.button")
        page.wait_for_load_state()
    app.send_task("summaries.summarise")
    wait_until(lambda: bool(smtp_catcher.to(leader.email)), 90, what="the leader's mail")
    [mail] = [sent for sent in smtp_catcher.to(leader.email) if sent.attachments]
    assert f"{ended.start.year}年{ended.start.month}月" in mail.subject
    assert "虚构乙电气有限公司" in mail.text("html")
    [attached] = mail.attachments.values()
    assert openpyxl.load_workbook(io.BytesIO(attached)).active is not None


def enterprise_code() -> str:
    """A sound credit code that nobody has yet."""
    enterprise = make.make_enterprise()
    code = enterprise.credit_code
    enterprise.delete()
    return code


def confirm(page: Page) -> None:
    """Take the table that is shown."""
    page.click("main form[method=post] button.button:not(.button--plain)")
    page.wait_for_load_state()
