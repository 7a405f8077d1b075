"""Fills a database with an invented country, a statement a table: a million rows take minutes, not hours."""

import re
from collections.abc import Callable
from datetime import date
from typing import Any

from django.db import connection, models
from django.db.models.fields import NOT_PROVIDED
from stdnum.cn import uscc

from bench.worlds import COUNTY, LATEST
from tracker.accounts.models import User
from tracker.accounts.roles import Role
from tracker.badges.models import Award, BadgePolicy
from tracker.inspections.models import Cycle, Inspection
from tracker.library import finding
from tracker.library.models import (
    AnnualPlan,
    BadgeColour,
    Division,
    Enterprise,
    InclusionState,
    Industry,
    Project,
    Stage,
)

YEAR = 2026
TOWNSHIPS_A_COUNTY = 10
INSPECTORS = 20
# So many projects have a whole year behind them, the others the two latest half-months.
WITH_WHOLE_YEAR = 1_000
HALF_MONTHS_A_YEAR = 24
PLACES = [
    "恒源",
    "鼎盛",
    "泰和",
    "瑞丰",
    "金桥",
    "华昌",
    "永信",
    "宏达",
    "齐鲁",
    "渤海",
    "新程",
    "远航",
    "天工",
    "智联",
]
TRADES = [
    "机械",
    "化工",
    "纺织",
    "包装",
    "电气",
    "新材料",
    "食品",
    "体育器材",
    "储能",
    "钢构",
    "橡胶",
    "制药",
    "轴承",
]
WORKS = [
    "生产线",
    "智能车间",
    "数控装备",
    "仓储",
    "环保设施",
    "检测中心",
    "热处理",
    "自动化",
    "能源管理",
    "信息化",
]
ACTS = ["技术改造", "升级", "扩建", "数字化改造", "节能改造", "设备更新"]
CHAINS = ["新能源材料", "体育用品", "电气装备", "高端化工", "绿色食品", "纸制品机械", "现代纺织"]


def fill(projects: int) -> None:
    """So many projects in twenty counties, with all that belongs to them; indexes are made at the end."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT indexname, indexdef FROM pg_indexes WHERE tablename IN (%s, %s) AND indexname LIKE ANY "
            "(ARRAY['project\\_by\\_%%', 'enterprise\\_by\\_%%', '%%\\_found\\_by'])",
            [Project._meta.db_table, Enterprise._meta.db_table],
        )
        indexes = cursor.fetchall()
        for name, _definition in indexes:
            cursor.execute(f"DROP INDEX {name}")
    _fill(projects)
    with connection.cursor() as cursor:
        # Otherwise references that are still to be checked keep the tables from getting indexes.
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for _name, definition in indexes:
            cursor.execute(definition)
    _tidy()


def _fill(projects: int) -> None:
    enterprises = max(1, projects // 2)
    counties = _counties()
    _add_people(counties)
    _add_townships(counties)
    # Of each twenty, one enterprise and one project lie outside the large county.
    place = (
        "CASE WHEN n % 20 = 0 THEN "
        f"{_pick([county.pk for county in counties[1:]], 'n / 20')} ELSE {counties[0].pk} END"
    )
    _insert(
        Enterprise,
        f"(SELECT n, {place} AS place FROM generate_series(1, {enterprises}) n) AS counted",
        credit_code=_credit_code("n"),
        name=f"'山东' || {_pick(PLACES, 'n')} || {_pick(TRADES, 'n / 14')} || n || '有限公司'",
        **_keys(
            ["'山东'", _pick(PLACES, "n"), _pick(TRADES, "n / 14"), "n::text", "'有限公司'"],
            _credit_code("n"),
        ),
        county_id="place",
        township_id=_township("place", "n"),
        industry_id=_pick(list(Industry.objects.order_by("pk").values_list("pk", flat=True)), "n"),
        chain=_pick(CHAINS, "n * 7"),
        rung=_pick(list(Enterprise.Rung.values), "n"),
        contact_name="'联系人'",
        contact_phone="'1380000' || lpad((n % 10000)::text, 4, '0')",
        added_at="timestamptz '2025-01-01'",
    )
    _add_projects(projects, enterprises)
    _insert(
        AnnualPlan,
        f"{Project._meta.db_table} AS of_project",
        project_id="of_project.id",
        year=str(YEAR),
        amount="round(of_project.planned_total * 0.6, 2)",
    )
    _add_half_months(counties)


def _counties() -> list[Division]:
    """The large county, and nineteen others."""
    others = Division.objects.counties().exclude(code=COUNTY).order_by("pk")[:19]
    return [Division.objects.get(code=COUNTY), *others]


def _add_townships(counties: list[Division]) -> None:
    division = Division._meta.db_table
    those = ", ".join(str(county.pk) for county in counties)
    _insert(
        Division,
        f"{division} county, generate_series(1, {TOWNSHIPS_A_COUNTY}) n WHERE county.id IN ({those})",
        parent_id="county.id",
        name_zh="'虚构镇' || n",
        level=f"'{Division.Level.TOWNSHIP}'",
    )
    with connection.cursor() as cursor:
        path = "county.path || township.id || '/'"
        own = "county.id = township.parent_id AND township.path = ''"
        cursor.execute(f"UPDATE {division} township SET path = {path} FROM {division} county WHERE {own}")


def _add_people(counties: list[Division]) -> None:
    roles = [Role.TEAM_LEAD, Role.LEADER, Role.STATISTICS_LIAISON, *[Role.INSPECTOR] * INSPECTORS]
    people = [
        User(email=f"{role}{number}@{county.code}.test", name=f"官员{number}", role=role, division=county)
        for county in counties
        for number, role in enumerate(roles)
    ]
    User.objects.bulk_create(people)


def _add_projects(projects: int, enterprises: int) -> None:
    inspectors = User.objects.filter(role=Role.INSPECTOR, division__code=COUNTY).order_by("pk")
    enterprise, project = Enterprise._meta.db_table, Project._meta.db_table
    first = f"(SELECT min(id) FROM {enterprise})"
    stages = [Stage.FILED, Stage.STARTED, Stage.BUILDING, Stage.BUILDING, Stage.COMPLETED, Stage.TERMINATED]
    day = f"date '{YEAR - 1}-03-01' + (n % 500)"
    _insert(
        Project,
        f"generate_series(1, {projects}) n JOIN {enterprise} e ON e.id = {first} + (n - 1) % {enterprises}",
        enterprise_id="e.id",
        county_id="e.county_id",
        township_id="e.township_id",
        name=f"{_pick(PLACES, 'n / 3')} || {_pick(WORKS, 'n')} || {_pick(ACTS, 'n / 10')} || '项目' || n",
        **_keys(
            [_pick(PLACES, "n / 3"), _pick(WORKS, "n"), _pick(ACTS, "n / 10"), "'项目'", "n::text"],
            _project_code("n"),
            "e.found_by",
        ),
        enterprise_pinyin="e.pinyin",
        code=_project_code("n"),
        nature=_pick(list(Project.Nature.values), "n"),
        stage=_pick(stages, "n"),
        planned_total="500 + (n * 37) % 20000",
        planned_equipment="300 + (n * 37) % 20000 / 2",
        filed_on=f"{day} - 60",
        planned_start_on=day,
        started_on=f"CASE WHEN n % 6 = 0 THEN NULL ELSE {day} END",
        planned_completion_on=f"{day} + 540",
        inclusion_state=_pick(list(InclusionState.values), "n / 2"),
        badge=_pick(list(BadgeColour.values), "n * 3"),
        badge_cycle_start=f"date '{LATEST.start}'",
        inspector_id=_pick(list(inspectors.values_list("pk", flat=True)), "n"),
        contact_name="'联系人'",
        contact_phone="'1390000' || lpad((n % 10000)::text, 4, '0')",
        added_at="timestamptz '2025-01-01' + n * interval '1 second'",
    )
    with connection.cursor() as cursor:
        cursor.execute(f"ANALYZE {project}")


def _add_half_months(counties: list[Division]) -> None:
    project = Project._meta.db_table
    policy = BadgePolicy.objects.filter(county=None).order_by("pk")[0]
    half_months = [LATEST.plus(-back) for back in range(HALF_MONTHS_A_YEAR)]
    Cycle.objects.bulk_create(
        Cycle(
            county=county,
            start=half_month.start,
            cut_off=half_month.end,
            opens_on=half_month.end,
            due_on=half_month.end,
            closes_on=half_month.end,
            state=Cycle.State.OPEN if half_month == LATEST else Cycle.State.CLOSED,
        )
        for county in counties
        for half_month in half_months
    )
    for back, half_month in enumerate(half_months):
        of = f"(SELECT *, id AS n FROM {project}"
        of += ") p" if back < 2 else f" ORDER BY id LIMIT {WITH_WHOLE_YEAR}) p"
        done = f"round(p.planned_total * (0.9 - 0.03 * {back}), 2)"
        _insert(
            Inspection,
            of,
            project_id="p.id",
            cycle_start=_day(half_month.start),
            cumulative_investment=done,
            ytd_investment=f"round({done} * 0.5, 2)",
            progress_percent=f"greatest(0, 90 - 3 * {back})",
            stage="p.stage",
            inclusion_state="p.inclusion_state",
            remark="'设备按计划安装'",
            state=f"'{Inspection.State.ACCEPTED}'",
            submitted_at=f"timestamptz '{half_month.end}'",
        )
        if back == 1:
            continue
        light = '[{"dimension": "inclusion", "badge": "blue"}]'
        _insert(
            Award,
            of,
            project_id="p.id",
            cycle_start=_day(half_month.start),
            policy_id=str(policy.pk),
            badge="p.badge",
            earned="p.badge",
            state="'confirmed'",
            lights=f"'{light}'::jsonb",
            inputs="'{}'::jsonb",
            reason_zh="'投资完成额落后于序时进度'",
            reason_en="'Investment is behind plan'",
            assigned_at=f"timestamptz '{half_month.end}'",
        )


def _keys(name: list[str], *also: str) -> dict[str, str]:
    """What a name of these pieces is found and put in order by, each piece spelled in Python."""
    initials = " || ".join(_spelled(piece, finding.initials) for piece in name)
    lines = [" || ".join(name), initials, *also]
    return {
        "pinyin": f"left({' || '.join(_spelled(piece, finding.pinyin) for piece in name)}, 60)",
        "initials": initials,
        "found_by": "lower(" + " || E'\\n' || ".join(lines) + ")",
    }


def _spelled(piece: str, spell: Callable[[str], str]) -> str:
    return re.sub(r"'([^']*)'", lambda found: f"'{spell(found[1]).split(' ')[0]}'", piece)


def _day(day: date) -> str:
    return f"date '{day}'"


def _pick(values: list[Any], by: str) -> str:
    """One of the values for each row, by an expression that counts them through."""
    words = ", ".join(f"'{value}'" if isinstance(value, str) else str(value) for value in values)
    return f"(ARRAY[{words}])[1 + ({by}) % {len(values)}]"


def _township(county: str, by: str) -> str:
    places = f"SELECT id FROM {Division._meta.db_table} WHERE parent_id = {county}"
    return f"({places} ORDER BY id OFFSET ({by}) % {TOWNSHIPS_A_COUNTY} LIMIT 1)"


def _credit_code(number: str) -> str:
    """A sound unified social credit code for each number up to ten million, as GB 32100 computes it."""
    stem = "91371423MA"
    weights = [3**place % 31 for place in range(17)]
    alphabet = uscc._alphabet
    fixed = sum(alphabet.index(sign) * weight for sign, weight in zip(stem, weights, strict=False))
    digits = f"lpad(({number})::text, 7, '0')"
    moving = " + ".join(
        f"substr({digits}, {place + 1}, 1)::int * {weights[len(stem) + place]}" for place in range(7)
    )
    check = f"substr('{alphabet}', 1 + (31 - ({fixed} + {moving}) % 31) % 31, 1)"
    return f"'{stem}' || {digits} || {check}"


def _project_code(number: str) -> str:
    """A sound project code for each number up to a thousand million, as GB/T 40058 computes it."""
    stem = "2603371423"
    digits = f"lpad(({number})::text, 9, '0')"
    product = "10"
    for digit in stem:
        product = f"((({product} + {digit} - 1) % 10 + 1) * 2 % 11)"
    for place in range(1, 10):
        product = f"((({product} + substr({digits}, {place}, 1)::int - 1) % 10 + 1) * 2 % 11)"
    parts = [f"substr({digits}, {start}, {length})" for start, length in ((1, 2), (3, 2), (5, 5))]
    return f"'2603-371423-' || {parts[0]} || '-' || {parts[1]} || '-' || {parts[2]} || (11 - {product}) % 10"


def _insert(model: type[models.Model], source: str, **expressions: str) -> None:
    """A row of the table for each row of `source`; what is not said is as the model has it by default."""
    columns, values, parameters = [], [], []
    for field in model._meta.concrete_fields:
        is_kept_by_database = field.db_default is not NOT_PROVIDED or field.generated  # type: ignore[attr-defined]
        if field.attname in expressions:
            values.append(expressions.pop(field.attname))
        elif field.primary_key or is_kept_by_database:
            continue
        else:
            values.append("%s")
            parameters.append(field.get_db_prep_save(field.get_default(), connection))
        columns.append(connection.ops.quote_name(field.column))
    assert not expressions, f"{model.__name__} has no {', '.join(expressions)}"
    rows = ", ".join(value if value == "%s" else value.replace("%", "%%") for value in values)
    table = connection.ops.quote_name(model._meta.db_table)
    with connection.cursor() as cursor:
        statement = (
            f"INSERT INTO {table} ({', '.join(columns)}) SELECT {rows} FROM {source.replace('%', '%%')}"
        )
        cursor.execute(statement, parameters)


def _tidy() -> None:
    """What the database's housekeeping does by and by in a real one."""
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE" if connection.in_atomic_block else "VACUUM ANALYZE")
