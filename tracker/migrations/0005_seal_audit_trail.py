"""Each entry of the trail gets its digest and a place in the chain, and the database refuses to change either."""

from datetime import UTC
import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

from tracker.audit.values import digest_of


def give_digests(apps, schema_editor):
    """Entries that were written before this was asked for; they are sealed at the next sweep."""
    for entry in apps.get_model("tracker", "AuditEntry").objects.all():
        at = entry.at.astimezone(UTC).isoformat(timespec="microseconds")
        entry.digest = digest_of(
            [
                *(at, entry.actor_id, entry.system, entry.act, entry.table, entry.row),
                *(entry.before, entry.after, entry.why, entry.request_id, entry.place),
            ]
        )
        entry.save(update_fields=["digest"])


class Migration(migrations.Migration):
    dependencies = [
        ("tracker", "0004_audit_trail"),
    ]

    operations = [
        migrations.CreateModel(
            name="AuditSeal",
            fields=[
                ("position", models.PositiveBigIntegerField(primary_key=True, serialize=False)),
                ("digest", models.CharField(max_length=64)),
                ("chain", models.CharField(max_length=64)),
                ("sealed_at", models.DateTimeField(default=django.utils.timezone.now)),
            ],
            options={
                "verbose_name": "seal of the audit trail",
                "verbose_name_plural": "seals of the audit trail",
                "ordering": ["position"],
            },
        ),
        migrations.AlterModelOptions(
            name="auditentry",
            options={
                "ordering": ["-at", "-pk"],
                "verbose_name": "audit entry",
                "verbose_name_plural": "audit trail",
            },
        ),
        migrations.AddField(
            model_name="auditentry",
            name="digest",
            field=models.CharField(default="", editable=False, max_length=64),
            preserve_default=False,
        ),
        migrations.AlterField(
            model_name="auditentry",
            name="actor",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="who",
            ),
        ),
        migrations.AddIndex(
            model_name="auditentry",
            index=models.Index(fields=["at", "id", "place"], name="audit_newest"),
        ),
        migrations.AddIndex(
            model_name="auditentry",
            index=models.Index(fields=["actor", "at", "id"], name="audit_of_actor"),
        ),
        migrations.AddIndex(
            model_name="auditentry",
            index=models.Index(fields=["act", "at", "id"], name="audit_of_act"),
        ),
        migrations.AddIndex(
            model_name="auditentry",
            index=models.Index(fields=["table", "at", "id"], name="audit_of_table"),
        ),
        migrations.AddIndex(
            model_name="auditentry",
            index=models.Index(fields=["table", "row", "at", "id"], name="audit_of_row"),
        ),
        migrations.AddIndex(
            model_name="auditentry",
            index=models.Index(fields=["request_id", "at", "id"], name="audit_of_request"),
        ),
        migrations.AddField(
            model_name="auditseal",
            name="entry",
            field=models.OneToOneField(
                db_constraint=False,
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="seal",
                to="tracker.auditentry",
            ),
        ),
        migrations.RunPython(give_digests, migrations.RunPython.noop, elidable=True),
    ]
