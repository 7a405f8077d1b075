"""The environment that a deployment is set by: reading it, and refusing one that would be unsafe."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

import environ
from environ.fileaware_mapping import FileAwareMapping

SHORTEST_SECRET = 50
FEWEST_SIGNS = 10
# What documents, frameworks and this project's own development setting write where a secret belongs.
NO_SECRET = re.compile(r"development-only|django-insecure|change.?(me|this)|example|password", re.IGNORECASE)
INVENTED_DOMAIN = "jigai.example"
MAIL_SERVER = "django.core.mail.backends.smtp.EmailBackend"


class Files(FileAwareMapping):
    """The variables, each taken from the file that `<NAME>_FILE` names where there is one."""

    def __init__(self) -> None:
        super().__init__()
        self.unreadable: dict[str, str] = {}

    def __getitem__(self, name: str) -> str:
        """The value; a file's last line end is not part of it."""
        try:
            return str(super().__getitem__(name)).strip()
        except (OSError, UnicodeDecodeError) as failed:
            reason = getattr(failed, "strerror", None) or "it is not text"
            self.unreadable[name] = (
                f"{name}_FILE: {self.env[f'{name}_FILE']} cannot be read ({reason}). "
                "Name a text file that the product's user may read."
            )
            raise KeyError(name) from failed


class Environment(environ.FileAwareEnv):
    """The variables with their types, secrets from files among them."""

    def __init__(self) -> None:
        super().__init__()
        self.ENVIRON = Files()
        self.kept_too_short: list[str] = []

    def days_kept(self, name: str, default: int, *, least: int) -> int:
        """For how many days something is kept: never shorter than the law or the product's own work needs."""
        days: int = self.int(name, default=default)
        if days < least:
            self.kept_too_short.append(f"{name} is {days}: use at least {least}.")
        return days

    def faults(self, deployment: "Deployment | None") -> list[str]:
        """What is wrong with the files read so far, and with what else decides whether this may start."""
        unreadable = self.ENVIRON.unreadable
        unsafe = what_is_unsafe(deployment) if deployment else []
        faults = [*unreadable.values(), *self.kept_too_short]
        return [*faults, *(fault for fault in unsafe if fault.split()[0] not in unreadable)]


@dataclass(frozen=True)
class Deployment:
    """What of a production environment decides whether it is safe to start; None where nothing was set."""

    secret_key: str
    debug: bool
    allowed_hosts: list[str]
    trusted_origins: list[str]
    site_url: str
    database_engine: str
    redis_url: str | None
    mail_backend: str | None
    mail_domain: str | None
    from_email: str | None


def what_is_unsafe(deployment: Deployment) -> list[str]:
    """Everything that keeps this deployment from starting, each with its remedy; nothing where it is safe."""
    return [
        *_about_the_secret(deployment.secret_key),
        *_about_addresses(deployment),
        *_about_services(deployment),
        *_about_mail(deployment),
    ]


def _about_the_secret(secret: str) -> Iterable[str]:
    remedy = (
        "Make one with: python3 -c 'import secrets; print(secrets.token_urlsafe(64))' "
        "and keep it in the file that SECRET_KEY_FILE names."
    )
    if not secret:
        yield f"SECRET_KEY is missing. {remedy}"
    elif len(secret) < SHORTEST_SECRET or len(set(secret)) < FEWEST_SIGNS:
        yield f"SECRET_KEY can be guessed: it needs {SHORTEST_SECRET} random characters. {remedy}"
    elif NO_SECRET.search(secret):
        yield f"SECRET_KEY is an example that everybody knows. {remedy}"


def _about_addresses(deployment: Deployment) -> Iterable[str]:
    if deployment.debug:
        yield "DEBUG is on: error pages would show settings and data. Unset DEBUG."
    hosts = deployment.allowed_hosts
    if not hosts:
        yield "ALLOWED_HOSTS is missing. Set it to the site's host name, e.g. jigai.county.gov.cn"
    for host in hosts:
        if "*" in host or host == ".":
            yield f"ALLOWED_HOSTS has {host!r}, so that any site could pass for this one. Name each host."
        elif "/" in host:
            yield f"ALLOWED_HOSTS has {host!r}: write the host name alone, without https:// and path."
    site = urlsplit(deployment.site_url)
    if site.scheme != "https" or not site.hostname:
        yield (
            f"SITE_URL is {deployment.site_url!r}, not an https:// address: links in mails would be unsafe. "
            "Set it to the site's address, e.g. https://jigai.county.gov.cn"
        )
    elif hosts and "*" not in hosts and not any(_is_host_of(site.hostname, host) for host in hosts):
        yield (
            f"SITE_URL names {site.hostname}, which ALLOWED_HOSTS does not: links in mails would be refused. "
            "Name it in both."
        )
    for origin in deployment.trusted_origins:
        if urlsplit(origin).scheme != "https" or "*" in origin:
            yield (
                f"CSRF_TRUSTED_ORIGINS has {origin!r}: forms from there could be forged. "
                "Name each origin with https:// or leave the variable out; one host needs none."
            )


def _is_host_of(name: str, allowed: str) -> bool:
    """Whether Django would take this host name for the allowed one."""
    allowed = allowed.lower()
    return name == allowed or (allowed.startswith(".") and (name.endswith(allowed) or name == allowed[1:]))


def _about_services(deployment: Deployment) -> Iterable[str]:
    if deployment.database_engine != "django.db.backends.postgresql":
        yield (
            "DATABASE_URL names no PostgreSQL: the embedded SQLite is for trying out. "
            "Set it to postgres://user:password@host:5432/name"
        )
    if not deployment.redis_url:
        yield (
            "REDIS_URL is missing: the embedded Redis is for trying out. Set it to redis://:password@host:6379/0"
        )
    elif urlsplit(deployment.redis_url).scheme not in {"redis", "rediss", "redis+socket"}:
        yield "REDIS_URL names no Redis. Set it to redis://:password@host:6379/0"


def _about_mail(deployment: Deployment) -> Iterable[str]:
    if deployment.mail_backend is None:
        yield "EMAIL_URL is missing: nobody would be reminded. Set it to smtp+tls://user:password@host:587"
    elif deployment.mail_backend != MAIL_SERVER:
        yield "EMAIL_URL names no mail server: nobody would be reminded. Use smtp://, smtp+tls:// or smtp+ssl://"
    if not _is_ones_own(deployment.mail_domain):
        yield (
            "MAIL_DOMAIN is not a domain of your own; it stands in the identity of each mail. "
            "Set it to the sender's domain, e.g. county.gov.cn"
        )
    if not _is_ones_own(_domain_of(deployment.from_email)):
        yield (
            "DEFAULT_FROM_EMAIL is not an address of your own: mail servers would refuse the mails. "
            "Set it to e.g. 技改专班 <jigai@county.gov.cn>"
        )


def _domain_of(address: str | None) -> str | None:
    """The domain in `Name <somebody@domain>` or `somebody@domain`."""
    found = re.fullmatch(r"(?:[^<>]*<)?[^\s@<>]+@([^\s@<>]+)>?", (address or "").strip())
    return found[1] if found else None


def _is_ones_own(domain: str | None) -> bool:
    return bool(domain) and "." in str(domain).strip(".") and domain != INVENTED_DOMAIN


def refusal(faults: list[str]) -> str:
    """One message that lists everything, so that nobody mends one fault only to meet the next."""
    return "\n".join(
        [
            f"The product does not start: {len(faults)} of its settings would be unsafe or cannot be read.",
            *(f"  {number}. {fault}" for number, fault in enumerate(faults, start=1)),
            "docs/running-it.md lists all settings.",
        ]
    )
