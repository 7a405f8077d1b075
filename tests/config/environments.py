"""An environment that the product takes for a deployment; every name and secret in it is invented."""

import os
import secrets

SAFE = {
    "JIGAI_ENV": "production",
    "SECRET_KEY": secrets.token_hex(50),
    "ALLOWED_HOSTS": "jigai.county.test",
    "SITE_URL": "https://jigai.county.test",
    "DATABASE_URL": "postgres://jigai:secret@database.county.test/jigai",
    "REDIS_URL": "redis://:secret@redis.county.test:6379/0",
    "EMAIL_URL": "smtp+tls://jigai:secret@mail.county.test:587",
    "MAIL_DOMAIN": "county.test",
    "DEFAULT_FROM_EMAIL": "技改专班 <jigai@county.test>",
}


def environment_of(**changed: str | None) -> dict[str, str]:
    """A whole environment for a process: the safe one with these changed, without those that are None."""
    bare = {name: value for name, value in os.environ.items() if name in {"PATH", "HOME", "LANG", "TMPDIR"}}
    return {**bare, **{name: value for name, value in {**SAFE, **changed}.items() if value is not None}}
