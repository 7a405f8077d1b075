from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("tracker", "0012_heartbeats"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="message",
            index=models.Index(
                condition=models.Q(("sent_at", None), ("withdrawn_at", None)),
                fields=["attempts"],
                name="message_undelivered",
            ),
        ),
    ]
