from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("tracker", "0011_sign_in_attempts"),
    ]

    operations = [
        migrations.CreateModel(
            name="Heartbeat",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=40, unique=True, verbose_name="part")),
                ("at", models.DateTimeField(verbose_name="last sign of life")),
                ("facts", models.JSONField(blank=True, default=dict, verbose_name="facts")),
            ],
            options={
                "verbose_name": "sign of life",
                "verbose_name_plural": "signs of life",
                "ordering": ["name"],
            },
        ),
    ]
