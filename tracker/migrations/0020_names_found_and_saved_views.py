import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models
from django.db.models import Case, IntegerField, Min, OuterRef, Subquery, Value, When
from django.db.models.functions import Coalesce

from tracker.library import finding

AT_ONCE = 500
WORST_FIRST = ["red", "yellow", "none", "blue", "gold"]
NO_PROJECT = 5


def batches(rows):
    last = 0
    while found := list(rows.filter(pk__gt=last).order_by("pk")[:AT_ONCE]):
        yield found
        last = found[-1].pk


def note_names(apps, schema_editor):
    """Work out by what the records that are there already are found."""
    enterprises = apps.get_model("tracker", "Enterprise").objects.using(schema_editor.connection.alias)
    projects = apps.get_model("tracker", "Project").objects.using(schema_editor.connection.alias)
    for some in batches(enterprises):
        for row in some:
            row.pinyin, row.initials = finding.pinyin(row.name), finding.initials(row.name)
            row.found_by = finding.document([*finding.keys_of_name(row.name), row.credit_code])
        enterprises.bulk_update(some, ["pinyin", "initials", "found_by"])
    for some in batches(projects.select_related("enterprise")):
        for row in some:
            row.pinyin, row.initials = finding.pinyin(row.name), finding.initials(row.name)
            own = finding.document([*finding.keys_of_name(row.name), row.code])
            row.found_by = f"{own}\n{row.enterprise.found_by}"
            row.enterprise_pinyin = row.enterprise.pinyin
        projects.bulk_update(some, ["pinyin", "initials", "found_by", "enterprise_pinyin"])
    rank = Case(
        *(When(badge=badge, then=Value(place)) for place, badge in enumerate(WORST_FIRST)),
        default=Value(len(WORST_FIRST)),
        output_field=IntegerField(),
    )
    worst = (
        projects.filter(enterprise=OuterRef("pk")).order_by().values("enterprise").annotate(worst=Min(rank))
    )
    enterprises.update(worst_rank=Coalesce(Subquery(worst.values("worst")), NO_PROJECT))


class Migration(migrations.Migration):
    dependencies = [
        ("tracker", "0019_duplicates_are_merged"),
    ]

    operations = [
        migrations.AddField(
            "enterprise", "pinyin", models.CharField(default="", editable=False, max_length=60)
        ),
        migrations.AddField(
            "enterprise", "initials", models.CharField(default="", editable=False, max_length=500)
        ),
        migrations.AddField("enterprise", "found_by", models.TextField(default="", editable=False)),
        migrations.AddField(
            "enterprise", "worst_rank", models.PositiveSmallIntegerField(default=NO_PROJECT, editable=False)
        ),
        migrations.AddField("project", "pinyin", models.CharField(default="", editable=False, max_length=60)),
        migrations.AddField(
            "project", "initials", models.CharField(default="", editable=False, max_length=500)
        ),
        migrations.AddField("project", "found_by", models.TextField(default="", editable=False)),
        migrations.AddField(
            "project", "enterprise_pinyin", models.CharField(default="", editable=False, max_length=60)
        ),
        migrations.RunPython(note_names, migrations.RunPython.noop),
        migrations.CreateModel(
            name="SavedView",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "list",
                    models.CharField(
                        choices=[
                            ("projects", "Projects"),
                            ("enterprises", "Enterprises"),
                            ("inclusion", "Inclusion in statistics"),
                        ],
                        max_length=20,
                        verbose_name="list",
                    ),
                ),
                ("name", models.CharField(max_length=40, verbose_name="name")),
                ("query", models.CharField(blank=True, max_length=2000, verbose_name="what it shows")),
                (
                    "is_shared",
                    models.BooleanField(
                        default=False,
                        help_text="Everybody in the county finds the view; each sees in it what they may see.",
                        verbose_name="shared with the county",
                    ),
                ),
                ("made_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                (
                    "county",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="tracker.division",
                        verbose_name="county",
                    ),
                ),
                (
                    "owner",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="saved_views",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="saved by",
                    ),
                ),
            ],
            options={
                "verbose_name": "saved view",
                "verbose_name_plural": "saved views",
                "ordering": ["name", "pk"],
                "indexes": [models.Index(fields=["county", "list"], name="saved_view_of_list")],
                "constraints": [
                    models.UniqueConstraint(
                        fields=["owner", "name"],
                        name="saved_view_name_once",
                        violation_error_message="You have a saved view of this name already.",
                    )
                ],
            },
        ),
    ]
