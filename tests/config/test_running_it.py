"""What the documents and the files for a deployment say of the product is true."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.conf import settings

BASE = settings.BASE_DIR
GUIDE = (BASE / "docs" / "running-it.md").read_text(encoding="utf-8")
COMPOSE: dict[str, Any] = yaml.safe_load((BASE / "compose.yaml").read_text(encoding="utf-8"))
UNITS = sorted((BASE / "deploy" / "systemd").glob("*.service"))
# Given by the runner to the processes that it starts.
BETWEEN_PROCESSES = {"JIGAI_LISTENS_ON", "JIGAI_GATE", "DJANGO_SETTINGS_MODULE"}


def variables_that_are_read() -> set[str]:
    """The name of each environment variable that the program asks for."""
    asked = re.compile(r"(?:\benv\.\w+|\benviron(?:\.get)?)[(\[]\s*\"([A-Z][A-Z_]+)\"")
    files = [*(BASE / "config").rglob("*.py"), *(BASE / "deploy").glob("*.py")]
    found = {name for path in files for name in asked.findall(path.read_text(encoding="utf-8"))}
    return found - BETWEEN_PROCESSES


def test_the_guide_lists_every_variable_that_is_read():
    listed = {
        name for row in re.findall(r"^\|(.*?)\|", GUIDE, re.MULTILINE) for name in re.findall(r"`(\w+)`", row)
    }
    assert len(variables_that_are_read()) >= 18
    assert variables_that_are_read() - listed == set()


def test_what_the_guide_names_is_there():
    for path in set(re.findall(r"(?<![\w/])((?:deploy|bin|docs)/[\w./-]*\w)", GUIDE)) - {
        "deploy/secrets",
        "docs/backup.md",
    }:
        assert (BASE / path).exists(), path


@pytest.mark.parametrize("name", sorted(COMPOSE["services"]))
def test_a_container_has_no_more_power_than_it_needs(name: str):
    service = COMPOSE["services"][name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert {"mem_limit", "pids_limit", "networks", "restart"} <= set(service)
    assert set(service.get("cap_add", [])) <= {"NET_BIND_SERVICE"}
    assert "ports" not in service or name == "proxy"
    assert not any("PASSWORD" in key and not key.endswith("_FILE") for key in service.get("environment", {}))


def test_database_and_queue_are_reached_from_within_alone():
    assert COMPOSE["networks"]["back"]["internal"] is True
    for name in ("database", "redis", "migrate", "beat"):
        assert COMPOSE["services"][name]["networks"] == ["back"]


def test_what_works_waits_for_the_tables():
    for name in ("web", "worker", "beat"):
        waits = COMPOSE["services"][name]["depends_on"]
        assert waits["migrate"] == {"condition": "service_completed_successfully"}
        assert waits["database"] == waits["redis"] == {"condition": "service_healthy"}


def test_nobody_is_killed_before_they_were_to_be_done():
    graceful = int(re.search(r"graceful_timeout = (\d+)", (BASE / "config" / "server.py").read_text())[1])
    assert int(COMPOSE["services"]["web"]["stop_grace_period"].rstrip("s")) > graceful
    [unit] = [path for path in UNITS if path.stem == "jigai-web"]
    assert int(re.search(r"TimeoutStopSec=(\d+)", unit.read_text())[1]) > graceful


@pytest.mark.parametrize("unit", UNITS, ids=[path.stem for path in UNITS])
def test_a_unit_runs_without_privileges_and_keeps_secrets_out_of_the_environment(unit: Path):
    lines = unit.read_text(encoding="utf-8").splitlines()
    needed = {
        "User=jigai",
        "NoNewPrivileges=yes",
        "CapabilityBoundingSet=",
        "ProtectSystem=strict",
        "PrivateTmp=yes",
    }
    assert needed <= set(lines)
    for name in ("secret_key", "database_url", "redis_url", "email_url"):
        assert f"LoadCredential={name}:/etc/jigai/secrets/{name}" in lines
        assert f"{name.upper()}_FILE=%d/{name}" in " ".join(lines)


def test_the_image_s_builder_is_handed_everything_that_is_copied():
    """What is not let through stands in the Dockerfile for nothing: the image cannot be built."""
    dockerfile = (BASE / "deploy" / "Dockerfile").read_text(encoding="utf-8")
    ignored = (BASE / ".dockerignore").read_text(encoding="utf-8").splitlines()
    copied = {
        name
        for words in re.findall(r"^COPY (?!--from)(.+)$", dockerfile, re.MULTILINE)
        for name in words.split()[:-1]
    }
    assert {"pyproject.toml", "tracker", "deploy/gunicorn.py"} <= copied
    assert ignored[0] == "*"
    assert copied == {line[1:] for line in ignored if line.startswith("!")}


def test_the_proxy_starts_without_the_name_of_somebody_who_is_told():
    """The guide lets ACME_EMAIL be empty; Caddy refuses a word that is missing, not an empty one."""
    caddyfile = (BASE / "deploy" / "Caddyfile").read_text(encoding="utf-8")
    assert re.findall(r"\S*\{\$ACME_EMAIL\}\S*", caddyfile) == ['"{$ACME_EMAIL}"']


def test_the_example_holds_no_secret_and_nothing_that_would_pass_as_a_setting():
    lines = (BASE / "deploy" / ".env.example").read_text(encoding="utf-8").splitlines()
    given = dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
    assert set(given.values()) == {""}
    assert {"ALLOWED_HOSTS", "SITE_URL", "DEFAULT_FROM_EMAIL", "MAIL_DOMAIN", "SITE_HOST"} <= set(given)
