"""Everything that can be set, read from the environment once; README.md lists the names."""

from datetime import timedelta
from pathlib import Path
from urllib.parse import quote

import environ
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

from tracker.audit.rules import KEPT_AT_LEAST_DAYS

env = environ.Env()

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = Path(env.str("JIGAI_VAR", default=str(BASE_DIR / "var")))
ENVIRONMENT = env.str("JIGAI_ENV", default="development")
if ENVIRONMENT not in {"development", "test", "production"}:
    raise ImproperlyConfigured(f"JIGAI_ENV is {ENVIRONMENT!r}: use development, test or production.")
IS_PRODUCTION = ENVIRONMENT == "production"

DEBUG = env.bool("DEBUG", default=False) and not IS_PRODUCTION
SECRET_KEY = env.str("SECRET_KEY", default="" if IS_PRODUCTION else "development-only-" + "x" * 50)
if not SECRET_KEY:
    raise ImproperlyConfigured("Set SECRET_KEY to at least 50 random characters.")
ALLOWED_HOSTS = env.list(
    "ALLOWED_HOSTS", default=[] if IS_PRODUCTION else ["127.0.0.1", "localhost", "testserver"]
)
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
PORT = env.str("PORT", default="8000")
SITE_URL = env.str("SITE_URL", default=f"http://127.0.0.1:{PORT}").rstrip("/")

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "allauth",
    "allauth.account",
    "django_tables2",
    "django_filters",
    "csp",
    "django_structlog",
    "tracker",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "tracker.audit.middleware.request_id",
    "django_structlog.middlewares.RequestMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "tracker.accounts.visits.watched_sessions",
    "tracker.audit.middleware.actor",
    "tracker.accounts.middleware.reader_language",
    "tracker.accounts.middleware.private_pages",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.template.context_processors.i18n",
                "django.contrib.messages.context_processors.messages",
                "tracker.accounts.context.deployment",
            ],
        },
    }
]

# SQLite is the embedded default: WAL lets readers go on while one writes, IMMEDIATE takes the write
# lock at the start of a transaction, so that two writers queue instead of failing half-way.
SQLITE_OPTIONS = {
    "transaction_mode": "IMMEDIATE",
    "timeout": 20,
    "init_command": (
        "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; "
        "PRAGMA busy_timeout=20000; PRAGMA cache_size=-32000;"
    ),
}
DATABASES = {"default": env.db_url("DATABASE_URL", default=f"sqlite:///{VAR_DIR / 'jigai.sqlite3'}")}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    DATABASES["default"]["OPTIONS"] = SQLITE_OPTIONS
else:
    DATABASES["default"]["CONN_MAX_AGE"] = 60
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = env.str(
    "REDIS_URL", default=f"redis+socket://{quote(str((VAR_DIR / 'redis.sock').absolute()))}?virtual_host=0"
)


def _between(name: str, default: int, least: int, most: int) -> int:
    """A whole number from the environment; one that makes no sense refuses to start."""
    number = env.int(name, default=default)
    if not least <= number <= most:
        raise ImproperlyConfigured(f"{name} is {number}: use {least} to {most}.")
    return number


# A session ends without activity, and at the latest so long after sign-in: docs/adr/0011.
SESSION_IDLE = timedelta(minutes=_between("SESSION_IDLE_MINUTES", 30, 5, 480))
SESSION_LONGEST = timedelta(hours=_between("SESSION_HOURS", 12, 1, 24))
if SESSION_IDLE > SESSION_LONGEST:
    raise ImproperlyConfigured("SESSION_IDLE_MINUTES is longer than SESSION_HOURS.")
SESSION_ENGINE = "django.contrib.sessions.backends.db"
# The row outlives the session, so that whoever comes back is told why it is over.
SESSION_COOKIE_AGE = int(SESSION_LONGEST.total_seconds()) + 24 * 60 * 60
PASSWORD_PROFILE = env.str("PASSWORD_PROFILE", default="asvs")
if PASSWORD_PROFILE not in {"asvs", "mlps"}:
    raise ImproperlyConfigured(f"PASSWORD_PROFILE is {PASSWORD_PROFILE!r}: use asvs or mlps.")
INVITATION_LASTS = timedelta(days=_between("INVITATION_DAYS", 7, 1, 30))

AUTH_USER_MODEL = "tracker.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "tracker.accounts.passwords.ByProfile"},
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ["email", "name"]},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
ACCOUNT_ADAPTER = "tracker.accounts.adapter.InvitedOnly"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_LOGOUT_REDIRECT_URL = "/"
ACCOUNT_DEFAULT_HTTP_PROTOCOL = "https" if SITE_URL.startswith("https") else "http"
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"

LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", _("Chinese")), ("en", _("English"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = True
FORMAT_MODULE_PATH = ["config.formats"]
TIME_ZONE = "Asia/Shanghai"
USE_TZ = True

STATIC_URL = "/static/"
STATIC_ROOT = VAR_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if IS_PRODUCTION
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = not IS_PRODUCTION
MEDIA_ROOT = VAR_DIR / "media"
# A workbook of a county is well under this; what is larger is refused before it is read.
DATA_UPLOAD_MAX_MEMORY_SIZE = 12 * 1024 * 1024
FILE_UPLOAD_MAX_MEMORY_SIZE = 12 * 1024 * 1024
FILE_UPLOAD_PERMISSIONS = 0o600

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "object-src": ["'none'"],
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
        "form-action": ["'self'"],
        "img-src": ["'self'", "data:"],
    }
}
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_HTTPONLY = True
CSRF_COOKIE_HTTPONLY = True
if IS_PRODUCTION:
    SECURE_SSL_REDIRECT = True
    SECURE_HSTS_SECONDS = int(timedelta(days=730).total_seconds())
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SESSION_COOKIE_SECURE = True
    CSRF_COOKIE_SECURE = True
    SESSION_COOKIE_NAME = "__Host-sessionid"
    CSRF_COOKIE_NAME = "__Host-csrftoken"

# Mail: in development it goes to a mailbox that a page of the product shows; see mailing/mailbox.py.
if "EMAIL_URL" in env:
    vars().update(env.email_url("EMAIL_URL"))
elif IS_PRODUCTION:
    EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
else:
    EMAIL_BACKEND = "tracker.mailing.mailbox.MailboxBackend"
EMAIL_TIMEOUT = 20
MAILBOX_DIR = VAR_DIR / "mailbox"
SHOWS_MAILBOX = EMAIL_BACKEND == "tracker.mailing.mailbox.MailboxBackend" and not IS_PRODUCTION
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="Jigai 技改 <noreply@jigai.example>")
MAIL_DOMAIN = env.str("MAIL_DOMAIN", default="jigai.example")
DEPLOYMENT_NAME = env.str("DEPLOYMENT_NAME", default="")

# The trail: an id for each request that its jobs keep, and for how many days entries stay.
DJANGO_STRUCTLOG_CELERY_ENABLED = True
DJANGO_STRUCTLOG_TRUST_UPSTREAM_REQUEST_ID = True  # after audit.middleware.request_id has looked at it
AUDIT_KEPT_DAYS = env.int("AUDIT_KEPT_DAYS", default=1096)
if AUDIT_KEPT_DAYS < KEPT_AT_LEAST_DAYS:
    raise ImproperlyConfigured(
        f"AUDIT_KEPT_DAYS is {AUDIT_KEPT_DAYS}: the law wants {KEPT_AT_LEAST_DAYS} or more."
    )

DJANGO_TABLES2_TEMPLATE = "parts/table.html"
DJANGO_TABLES2_TABLE_ATTRS = {"class": "table"}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": env.str("LOG_LEVEL", default="INFO")},
}
