"""A deployment starts safe or not at all, and says everything that is missing at once."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from config.environment import Deployment, refusal, what_is_unsafe
from tests.config.environments import SAFE, environment_of

MANAGE = [sys.executable, "manage.py"]
SETTINGS = [sys.executable, "-c", "from config import settings; print(settings.IS_PRODUCTION)"]


def run(command: list[str], environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Start a real process with this environment and nothing else in it."""
    return subprocess.run(
        command,
        env=environment,
        cwd=settings.BASE_DIR,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def faults(**changed: Any) -> list[str]:
    """What keeps a deployment from starting that is safe but for these."""
    sound: dict[str, Any] = {
        "secret_key": SAFE["SECRET_KEY"],
        "debug": False,
        "allowed_hosts": ["jigai.county.test"],
        "trusted_origins": [],
        "site_url": "https://jigai.county.test",
        "database_engine": "django.db.backends.postgresql",
        "redis_url": "redis://redis.county.test:6379/0",
        "mail_backend": "django.core.mail.backends.smtp.EmailBackend",
        "mail_domain": "county.test",
        "from_email": "技改专班 <jigai@county.test>",
    }
    return what_is_unsafe(Deployment(**{**sound, **changed}))


def test_a_sound_deployment_starts():
    assert faults() == []
    assert run(SETTINGS, environment_of()).stdout == "True\n"


@pytest.mark.parametrize(
    ("changed", "name"),
    [
        ({"secret_key": ""}, "SECRET_KEY"),
        ({"secret_key": "k" * 60}, "SECRET_KEY"),
        ({"secret_key": "aB3$xY9!kL2#qR7"}, "SECRET_KEY"),
        ({"secret_key": "development-only-" + "x" * 50}, "SECRET_KEY"),
        ({"secret_key": f"django-insecure-{SAFE['SECRET_KEY']}"}, "SECRET_KEY"),
        ({"secret_key": f"CHANGE-ME-{SAFE['SECRET_KEY']}"}, "SECRET_KEY"),
        ({"debug": True}, "DEBUG"),
        ({"allowed_hosts": []}, "ALLOWED_HOSTS"),
        ({"allowed_hosts": ["jigai.county.test", "*"]}, "ALLOWED_HOSTS"),
        ({"allowed_hosts": ["jigai.county.test", "*.test"]}, "ALLOWED_HOSTS"),
        ({"allowed_hosts": ["jigai.county.test", "."]}, "ALLOWED_HOSTS"),
        ({"allowed_hosts": ["https://jigai.county.test/", "jigai.county.test"]}, "ALLOWED_HOSTS"),
        ({"site_url": "http://jigai.county.test"}, "SITE_URL"),
        ({"site_url": ""}, "SITE_URL"),
        ({"site_url": "jigai.county.test"}, "SITE_URL"),
        ({"site_url": "https://other.test"}, "SITE_URL"),
        ({"trusted_origins": ["http://jigai.county.test"]}, "CSRF_TRUSTED_ORIGINS"),
        ({"trusted_origins": ["https://*"]}, "CSRF_TRUSTED_ORIGINS"),
        ({"trusted_origins": ["jigai.county.test"]}, "CSRF_TRUSTED_ORIGINS"),
        ({"database_engine": "django.db.backends.sqlite3"}, "DATABASE_URL"),
        ({"redis_url": None}, "REDIS_URL"),
        ({"redis_url": "memory://"}, "REDIS_URL"),
        ({"mail_backend": None}, "EMAIL_URL"),
        ({"mail_backend": "django.core.mail.backends.console.EmailBackend"}, "EMAIL_URL"),
        ({"mail_domain": None}, "MAIL_DOMAIN"),
        ({"mail_domain": "jigai.example"}, "MAIL_DOMAIN"),
        ({"mail_domain": "localhost"}, "MAIL_DOMAIN"),
        ({"from_email": None}, "DEFAULT_FROM_EMAIL"),
        ({"from_email": "技改专班"}, "DEFAULT_FROM_EMAIL"),
        ({"from_email": "Jigai 技改 <noreply@jigai.example>"}, "DEFAULT_FROM_EMAIL"),
    ],
)
def test_one_unsafe_setting_is_enough_and_is_named(changed: dict[str, Any], name: str):
    [fault] = faults(**changed)
    assert fault.startswith(name)


@pytest.mark.parametrize(
    "hosts", [["jigai.county.test"], [".county.test"], ["other.test", "JIGAI.county.test"]]
)
def test_the_address_in_mails_is_one_that_the_site_answers_to(hosts: list[str]):
    assert faults(allowed_hosts=hosts) == []


def test_everything_that_is_wrong_is_said_at_once_with_its_remedy():
    told = run([*MANAGE, "check"], environment_of(**dict.fromkeys(set(SAFE) - {"JIGAI_ENV"}), DEBUG="on"))
    assert told.returncode == 1
    assert told.stdout == ""
    lines = told.stderr.splitlines()
    assert lines[0] == "The product does not start: 9 of its settings would be unsafe or cannot be read."
    named = [re.match(r"  \d\. (\w+)", line) for line in lines[1:10]]
    assert {found[1] for found in named if found} == {*SAFE, "DEBUG"} - {"JIGAI_ENV"}
    assert "Traceback" not in told.stderr


@pytest.mark.parametrize(
    "command",
    [
        [sys.executable, "-m", "gunicorn", "--bind", "127.0.0.1:0", "config.wsgi"],
        [sys.executable, "-m", "celery", "--app", "config.celery", "worker"],
        [sys.executable, "-m", "celery", "--app", "config.celery", "beat"],
        [*MANAGE, "migrate"],
    ],
    ids=["web", "worker", "beat", "migrate"],
)
def test_no_process_of_a_deployment_starts_unsafe(command: list[str]):
    told = run(command, environment_of(ALLOWED_HOSTS="*", SECRET_KEY="short"))
    assert told.returncode != 0
    assert "2 of its settings" in told.stderr
    assert "SECRET_KEY can be guessed" in told.stderr


def test_no_secret_is_told_when_refusing():
    told = run(
        [*MANAGE, "check"], environment_of(SECRET_KEY="a-poor-secret", DATABASE_URL="mysql://u:hidden@h/n")
    )
    assert told.returncode == 1
    assert "a-poor-secret" not in told.stderr
    assert "hidden" not in told.stderr


def test_secrets_are_read_from_files_without_the_line_end(tmp_path: Path):
    files = {}
    for name in ("SECRET_KEY", "DATABASE_URL", "REDIS_URL", "EMAIL_URL"):
        (tmp_path / name).write_text(f"{SAFE[name]}\n", encoding="utf-8")
        files |= {name: None, f"{name}_FILE": str(tmp_path / name)}
    asked = (
        "from config import settings as s; print(s.SECRET_KEY, s.DATABASES['default']['NAME'], s.REDIS_URL, "
    )
    asked += "s.EMAIL_HOST, sep='|')"
    told = run([sys.executable, "-c", asked], environment_of(**files))
    assert told.stdout == f"{SAFE['SECRET_KEY']}|jigai|{SAFE['REDIS_URL']}|mail.county.test\n"


def test_a_secret_whose_file_is_not_there_is_named(tmp_path: Path):
    missing = str(tmp_path / "nothing")
    told = run([*MANAGE, "check"], environment_of(SECRET_KEY=None, SECRET_KEY_FILE=missing))
    assert f"SECRET_KEY_FILE: {missing} cannot be read (No such file or directory)" in told.stderr
    # Also where a setting of one's own would do otherwise: a file that was named was meant.
    told = run(SETTINGS, environment_of(JIGAI_ENV="development", SECRET_KEY_FILE=missing))
    assert told.returncode == 1
    assert f"SECRET_KEY_FILE: {missing}" in told.stderr


def test_in_production_nobody_invents_a_county():
    told = run([*MANAGE, "seed_demo"], environment_of())
    assert told.returncode != 0
    assert "production" in told.stderr


def test_a_sound_deployment_passes_every_check_with_nothing_silenced():
    told = run([*MANAGE, "check", "--deploy", "--fail-level", "WARNING"], environment_of())
    assert (told.returncode, told.stdout) == (0, "System check identified no issues (0 silenced).\n")


def test_the_message_numbers_its_lines():
    assert refusal(["A is wrong.", "B is wrong."]).splitlines()[1:3] == [
        "  1. A is wrong.",
        "  2. B is wrong.",
    ]


def test_control_development_asks_for_none_of_this(tmp_path: Path):
    bare = {"PATH": os.environ["PATH"], "JIGAI_VAR": str(tmp_path)}
    assert run(SETTINGS, bare).stdout == "False\n"


def test_files_that_one_user_collects_another_may_serve():
    asked = "import django; django.setup(); from django.contrib.staticfiles.storage import "
    asked += "staticfiles_storage as s; from django.core.files.storage import default_storage as d; "
    asked += (
        "print(oct(s.file_permissions_mode), oct(s.directory_permissions_mode), oct(d.file_permissions_mode))"
    )
    told = run([sys.executable, "-c", asked], environment_of(DJANGO_SETTINGS_MODULE="config.settings"))
    assert told.stdout == "0o644 0o755 0o600\n"
