"""The administrator becomes two of three: system here, security by `createsuperuser`, audit is the auditor."""

from typing import Any

from django.db import migrations, models


def rename(apps: Any, schema_editor: Any) -> None:
    """Whoever was the administrator keeps places, calendars and policies."""
    people = apps.get_model("tracker", "User").objects.filter(role="administrator")
    people.update(role="system_administrator", is_superuser=False)


class Migration(migrations.Migration):
    dependencies = [("tracker", "0002_reference_data")]

    operations = [
        migrations.AlterField(
            model_name="user",
            name="role",
            field=models.CharField(
                choices=[
                    ("inspector", "Inspector"),
                    ("team_lead", "Team lead"),
                    ("statistics_liaison", "Statistics liaison"),
                    ("leader", "Leader"),
                    ("enterprise", "Enterprise"),
                    ("auditor", "Auditor"),
                    ("system_administrator", "System administrator"),
                    ("security_administrator", "Security administrator"),
                ],
                max_length=30,
                verbose_name="role",
            ),
        ),
        migrations.RunPython(rename, migrations.RunPython.noop),
    ]
