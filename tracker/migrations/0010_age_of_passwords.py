"""Nobody knows how old a password is that was there before: it counts from the day the account was made."""

from typing import Any

from django.db import migrations
from django.db.models import F


def date_passwords(apps: Any, schema_editor: Any) -> None:
    """Only of accounts that have a password; "!" marks those that have none."""
    people = apps.get_model("tracker", "User").objects.filter(password_changed_at=None)
    unusable = {"password__startswith": "!"}
    people.exclude(**unusable).exclude(password="").update(password_changed_at=F("date_joined"))


class Migration(migrations.Migration):
    dependencies = [("tracker", "0009_sessions_passwords_invitations")]

    operations = [migrations.RunPython(date_passwords, migrations.RunPython.noop)]
