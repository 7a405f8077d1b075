import datetime

from django.db import migrations
from django.db.models import Case, F, Index, IntegerField, Value, When
from django.db.models.functions import Coalesce


def rank(field, values):
    ranks = [When(**{field: value}, then=Value(place)) for place, value in enumerate(values)]
    return Case(*ranks, default=Value(len(values)), output_field=IntegerField())


BADGE = rank("badge", ["red", "yellow", "none", "blue", "gold"])
STAGE = rank(
    "stage",
    [
        *("reserve", "filed", "started", "building", "completed", "in_production", "outcome_verified"),
        *("suspended", "terminated", "merged"),
    ],
)
INCLUSION = rank(
    "inclusion_state",
    ["not_applicable", "not_due", "preparing", "submitted", "returned", "included", "removed"],
)
RUNG = rank("rung", ["", "technology_sme", "high_tech", "leading"])
NEVER = Value(datetime.date(9999, 12, 31))

ENTERPRISES = [
    Index(fields=["county", "pinyin", "id"], name="enterprise_by_name"),
    Index(fields=["county", "credit_code", "id"], name="enterprise_by_code"),
    Index(fields=["county", "worst_rank", "pinyin", "id"], name="enterprise_by_badge"),
    Index(fields=["county", "chain", "pinyin", "id"], name="enterprise_by_chain"),
    Index(F("county"), Coalesce("township", Value(0)), F("pinyin"), F("id"), name="enterprise_by_township"),
    Index(F("county"), Coalesce("industry", Value("")), F("pinyin"), F("id"), name="enterprise_by_industry"),
    Index(F("county"), RUNG, F("pinyin"), F("id"), name="enterprise_by_rung"),
]
PROJECTS = [
    Index(F("county"), BADGE, F("enterprise"), F("id"), name="project_by_badge"),
    Index(fields=["county", "pinyin", "id"], name="project_by_name"),
    Index(fields=["county", "enterprise_pinyin", "id"], name="project_by_enterprise"),
    Index(fields=["county", "planned_total", "id"], name="project_by_total"),
    Index(F("county"), Coalesce("planned_completion_on", NEVER), F("id"), name="project_by_completion"),
    Index(
        F("county"),
        Coalesce("township", Value(0)),
        BADGE,
        F("enterprise"),
        F("id"),
        name="project_by_township",
    ),
    Index(
        F("county"),
        Coalesce("inspector", Value(0)),
        BADGE,
        F("enterprise"),
        F("id"),
        name="project_by_inspector",
    ),
    Index(F("county"), STAGE, BADGE, F("enterprise"), F("id"), name="project_by_stage"),
    Index(F("county"), INCLUSION, BADGE, F("enterprise"), F("id"), name="project_by_inclusion"),
]

# Every short piece of a text: two signs from a Chinese one on, three from any other (`library.finding`).
# It is called only for rows that hold the fragment anyway, or to write the index: its cost says so. As it is not
# for parallel work, no search of a page starts more processes.
GRAMS = r"""
CREATE OR REPLACE FUNCTION tracker_grams(text) RETURNS tsvector
LANGUAGE sql IMMUTABLE STRICT COST 100 AS $grams$
    SELECT array_to_tsvector(array_agg(DISTINCT
        substr($1, place, CASE WHEN ascii(substr($1, place, 1)) < 128 THEN 3 ELSE 2 END)))
    FROM generate_series(1, length($1)) AS place
    WHERE substr($1, place, 1) <> E'\n'
$grams$
"""


def index_pieces(apps, schema_editor):
    """PostgreSQL finds a fragment of two signs among a million names by an index; SQLite compares."""
    if schema_editor.connection.vendor != "postgresql":
        return
    schema_editor.execute(GRAMS)
    for table in ("project", "enterprise"):
        schema_editor.execute(
            f"CREATE INDEX {table}_found_by ON tracker_{table} USING gin (tracker_grams(found_by))"
        )


def drop_pieces(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        for table in ("project", "enterprise"):
            schema_editor.execute(f"DROP INDEX IF EXISTS {table}_found_by")
        schema_editor.execute("DROP FUNCTION IF EXISTS tracker_grams(text)")


class Migration(migrations.Migration):
    dependencies = [
        ("tracker", "0020_names_found_and_saved_views"),
    ]

    operations = [
        *(migrations.AddIndex("enterprise", index) for index in ENTERPRISES),
        *(migrations.AddIndex("project", index) for index in PROJECTS),
        migrations.RunPython(index_pieces, drop_pieces),
    ]
