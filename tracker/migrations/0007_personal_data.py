"""When a person was switched off, asked for removal and was removed."""

from django.db import migrations, models

import tracker.accounts.names


class Migration(migrations.Migration):
    dependencies = [("tracker", "0006_guard_audit_trail")]

    operations = [
        migrations.AddField(
            model_name="user",
            name="switched_off_at",
            field=models.DateTimeField(
                blank=True, editable=False, null=True, verbose_name="switched off since"
            ),
        ),
        migrations.AddField(
            model_name="user",
            name="removal_asked_at",
            field=models.DateTimeField(
                blank=True, editable=False, null=True, verbose_name="asked for removal"
            ),
        ),
        migrations.AddField(
            model_name="user",
            name="removed_at",
            field=models.DateTimeField(
                blank=True, editable=False, null=True, verbose_name="personal data removed"
            ),
        ),
        migrations.AlterField(
            model_name="user",
            name="name",
            field=tracker.accounts.names.PersonNameField(max_length=80, verbose_name="name"),
        ),
    ]
