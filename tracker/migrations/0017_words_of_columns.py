"""The administration names every column that it shows in the reader's language."""

import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("tracker", "0016_papers_and_figures_of_inclusion")]

    operations = [
        migrations.AlterField(
            model_name="badgepolicy",
            name="made_at",
            field=models.DateTimeField(
                default=django.utils.timezone.now, editable=False, verbose_name="entered at"
            ),
        ),
        migrations.AlterField(
            model_name="message",
            name="attempts",
            field=models.PositiveSmallIntegerField(default=0, verbose_name="attempts"),
        ),
        migrations.AlterField(
            model_name="message",
            name="language",
            field=models.CharField(max_length=10, verbose_name="language"),
        ),
        migrations.AlterField(
            model_name="message",
            name="made_at",
            field=models.DateTimeField(default=django.utils.timezone.now, verbose_name="written at"),
        ),
        migrations.AlterField(
            model_name="message",
            name="not_before",
            field=models.DateTimeField(
                default=django.utils.timezone.now, verbose_name="not to be sent before"
            ),
        ),
    ]
