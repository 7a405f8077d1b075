"""What every deployment needs before its first project: divisions, industries, a policy for everybody."""

import csv
from datetime import date
from pathlib import Path

from django.db import migrations

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures"

# The points rule with the thresholds that Yinchuan published in 2025; docs/badge-rules.md tells it in prose.
DEFAULT_TERMS = {
    "code": "default-1",
    "kind": "points",
    "yellow_at": "10",
    "red_above": "30",
    "ratio_yellow_below": "80",
    "ratio_red_below": "60",
    "start_red_after_months": 3,
    "inclusion_yellow_after_days": 30,
    "inclusion_red_after_days": 60,
    "stale_at": 1,
    "fresh_yellow": 2,
    "fresh_red": 4,
    "gold_ahead_by": "10",
    "history_yellow_run": 4,
    "preset": None,
}


def rows(name):
    with (FIXTURES / name).open(encoding="utf-8", newline="") as lines:
        yield from csv.DictReader(lines)


def add_reference_data(apps, schema_editor):
    Division = apps.get_model("tracker", "Division")
    known = {}
    for row in rows("divisions.csv"):
        parent = known.get(row["parent"])
        division = Division.objects.create(
            code=row["code"],
            name_zh=row["name_zh"],
            name_en=row["name_en"],
            level=row["level"],
            parent=parent,
            path="",
        )
        division.path = f"{parent.path if parent else '/'}{division.pk}/"
        division.save(update_fields=["path"])
        known[row["code"]] = division
    Industry = apps.get_model("tracker", "Industry")
    Industry.objects.bulk_create([Industry(**row) for row in rows("industries.csv")])
    BadgePolicy = apps.get_model("tracker", "BadgePolicy")
    BadgePolicy.objects.create(
        code="default-1",
        effective_from=date(2000, 1, 1),
        terms=DEFAULT_TERMS,
        source="银川市2025年公布的亮灯标准 (thresholds published by Yinchuan in 2025)",
    )


class Migration(migrations.Migration):
    dependencies = [("tracker", "0001_first_tables")]

    operations = [migrations.RunPython(add_reference_data, migrations.RunPython.noop)]
