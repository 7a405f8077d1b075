"""Everything that can be set, read from the environment once; docs/running-it.md lists the names."""

from datetime import timedelta
from pathlib import Path
from urllib.parse import quote

from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

from config import logs
from config.environment import Deployment, Environment, refusal
from tracker.audit.rules import KEPT_AT_LEAST_DAYS

env = Environment()

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = Path(env.str("JIGAI_VAR", default=str(BASE_DIR / "var")))
ENVIRONMENT = env.str("JIGAI_ENV", default="development")
if ENVIRONMENT not in {"development", "test", "production"}:
    raise ImproperlyConfigured(f"JIGAI_ENV is {ENVIRONMENT!r}: use development, test or production.")
IS_PRODUCTION = ENVIRONMENT == "production"

DEBUG = env.bool("DEBUG", default=False)
SECRET_KEY = env.str("SECRET_KEY", default="" if IS_PRODUCTION else "development-only-" + "x" * 50)
# Earlier keys: what was signed or encrypted with one of them is still read.
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])
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
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "axes",
    "django_tables2",
    "django_filters",
    "django_htmx",
    "csp",
    "django_structlog",
    "tracker",
]

# What protects every answer stands outside of whatever may answer early: a redirect, a file, a fault.
MIDDLEWARE = [
    "config.answers.protected",
    "csp.middleware.CSPMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "tracker.operations.probes.answer_probes",
    "tracker.audit.middleware.request_id",
    "django_structlog.middlewares.RequestMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "config.answers.sound_requests",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "tracker.audit.middleware.actor",
    "tracker.accounts.visits.watched_sessions",
    "tracker.accounts.middleware.reader_language",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "tracker.accounts.second_factors.middleware.SecondFactorFirst",
    "axes.middleware.AxesMiddleware",
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
    # A machine that is gone does not even refuse; seconds until that counts as an outage.
    DATABASES["default"].setdefault("OPTIONS", {}).setdefault("connect_timeout", 5)
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
AUTHENTICATION_BACKENDS = [
    "tracker.accounts.lockout.handler.DoorKeeper",
    "allauth.account.auth_backends.AuthenticationBackend",
]
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
# What locks, and for how long, is in tracker/accounts/lockout/rules.py.
AXES_HANDLER = "tracker.accounts.lockout.handler.Attempts"
AXES_LOCKOUT_CALLABLE = "tracker.accounts.lockout.handler.tell_to_wait"
AXES_CLIENT_IP_CALLABLE = "tracker.accounts.addresses.counted_address"
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_ENABLE_ADMIN = False
AXES_VERBOSE = False
# allauth counts in one process alone: what must not be passed is counted above, the rest spares the server.
ACCOUNT_RATE_LIMITS = {"login_failed": None, "request_login_code": None}
# How many proxies of ours stand before the server and write whom they were called by into X-Forwarded-For.
TRUSTED_PROXIES = env.int("TRUSTED_PROXIES", default=0)

ACCOUNT_LOGIN_BY_CODE_ENABLED = True
ACCOUNT_LOGIN_BY_CODE_TIMEOUT = int(timedelta(minutes=15).total_seconds())
ACCOUNT_FORMS = {
    "request_login_code": "tracker.accounts.forms.AskForCode",
    "confirm_login_code": "tracker.accounts.forms.TypeCode",
}

# Officials and administrators set one up before they do anything else; enterprises may.
SECOND_FACTOR_REQUIRED = env.bool("SECOND_FACTOR_REQUIRED", default=IS_PRODUCTION)
MFA_ADAPTER = "tracker.accounts.second_factors.adapter.SecondFactors"
# Recovery codes are ours: allauth keeps them in a form from which they can be read again.
MFA_SUPPORTED_TYPES = ["totp", "webauthn"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_RATE_LIMITS = {"webauthn_login": "60/m/ip"}
# Administrators enter mail addresses, so nobody can hold back somebody else's.
MFA_ALLOW_UNVERIFIED_EMAIL = True
MFA_FORMS = {
    "authenticate": "tracker.accounts.second_factors.forms.CodeAtSignIn",
    "reauthenticate": "tracker.accounts.second_factors.forms.CodeOnceMore",
    "activate_totp": "tracker.accounts.second_factors.forms.SetUpApp",
    "add_webauthn": "tracker.accounts.second_factors.forms.AddKey",
    "edit_webauthn": "tracker.accounts.second_factors.forms.RenameKey",
}

# The authority's own sign-in service, by OpenID Connect; where it is named, the sign-in page has a button.
OIDC_SERVER_URL = env.str("OIDC_SERVER_URL", default="").rstrip("/")
OIDC_NAME = env.str("OIDC_NAME", default="OpenID Connect")
SOCIALACCOUNT_ADAPTER = "tracker.accounts.single_sign_on.PeopleOfOurs"
SOCIALACCOUNT_PROVIDERS = {
    "openid_connect": {
        "OAUTH_PKCE_ENABLED": True,
        "APPS": [
            {
                "provider_id": "oidc",
                "name": OIDC_NAME,
                "client_id": env.str("OIDC_CLIENT_ID", default=""),
                "secret": env.str("OIDC_CLIENT_SECRET", default=""),
                "settings": {"server_url": OIDC_SERVER_URL},
            }
        ]
        if OIDC_SERVER_URL
        else [],
    }
}
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
STATIC_ROOT = Path(env.str("JIGAI_STATIC", default=str(VAR_DIR / "static")))
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if IS_PRODUCTION
        else "django.contrib.staticfiles.storage.StaticFilesStorage",
        # Whoever collects them need not be who serves them; unlike uploads they are for everybody.
        "OPTIONS": {"file_permissions_mode": 0o644, "directory_permissions_mode": 0o755},
    },
}
WHITENOISE_USE_FINDERS = not IS_PRODUCTION
WHITENOISE_ALLOW_ALL_ORIGINS = False
MEDIA_ROOT = VAR_DIR / "media"
# A workbook of a county is well under this; what is larger is refused before it is read.
DATA_UPLOAD_MAX_MEMORY_SIZE = 12 * 1024 * 1024
FILE_UPLOAD_MAX_MEMORY_SIZE = 12 * 1024 * 1024
FILE_UPLOAD_PERMISSIONS = 0o600
# Where the day's backup goes, and how many days are kept; an empty folder's name turns the daily backup off.
BACKUP_DIR = env.str("BACKUP_DIR", default=str(VAR_DIR / "backups"))
BACKUP_KEEP = env.int("BACKUP_KEEP", default=14)
# Beyond what a form says in its own words, so that only a flood meets the bare refusal.
LARGEST_REQUEST = 16 * 1024 * 1024

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
# A half-month's work needs none of these of the device, whatever script might ask for them.
PERMISSIONS_POLICY = ", ".join(
    f"{feature}=()"
    for feature in (
        *("accelerometer", "autoplay", "browsing-topics", "camera", "display-capture"),
        *("encrypted-media", "geolocation", "gyroscope", "hid", "idle-detection", "magnetometer"),
        *("microphone", "midi", "payment", "screen-wake-lock", "serial", "usb", "xr-spatial-tracking"),
    )
)
SESSION_COOKIE_HTTPONLY = True
CSRF_COOKIE_HTTPONLY = True
# Otherwise what a page says to one person would travel in a cookie of its own.
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
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
    LANGUAGE_COOKIE_SECURE = True
    LANGUAGE_COOKIE_NAME = "__Host-language"

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
# Whom to tell of a weakness: a mail address or a page.
SECURITY_CONTACT = env.str("SECURITY_CONTACT", default="")

# The trail: an id for each request that its jobs keep, and for how many days entries stay.
DJANGO_STRUCTLOG_CELERY_ENABLED = True
DJANGO_STRUCTLOG_TRUST_UPSTREAM_REQUEST_ID = True  # after audit.middleware.request_id has looked at it
AUDIT_KEPT_DAYS = env.int("AUDIT_KEPT_DAYS", default=1096)
if AUDIT_KEPT_DAYS < KEPT_AT_LEAST_DAYS:
    raise ImproperlyConfigured(
        f"AUDIT_KEPT_DAYS is {AUDIT_KEPT_DAYS}: the law wants {KEPT_AT_LEAST_DAYS} or more."
    )


def kept_for_days(name: str, default: int, least: int) -> int:
    """A time of keeping, which is never shorter than the law or the product's own work needs."""
    days = env.int(name, default=default)
    if days < least:
        raise ImproperlyConfigured(f"{name} is {days}: use at least {least}.")
    return days


# For how many days personal data are kept; docs/personal-data.md says why.
RETENTION_DAYS = {
    "people": kept_for_days("KEEP_PEOPLE_DAYS", 3 * 365, least=365),
    "contacts": kept_for_days("KEEP_CONTACTS_DAYS", 3 * 365, least=365),
    "mail_texts": kept_for_days("KEEP_MAIL_TEXTS_DAYS", 365, least=30),
    "sign_in_attempts": kept_for_days("KEEP_SIGN_IN_ATTEMPTS_DAYS", 365, least=183),
    "import_files": kept_for_days("KEEP_IMPORT_FILES_DAYS", 365, least=30),
}

DJANGO_TABLES2_TEMPLATE = "parts/table.html"
DJANGO_TABLES2_TABLE_ATTRS = {"class": "table"}

deployment = Deployment(
    secret_key=SECRET_KEY,
    debug=DEBUG,
    allowed_hosts=ALLOWED_HOSTS,
    trusted_origins=CSRF_TRUSTED_ORIGINS,
    site_url=SITE_URL,
    database_engine=DATABASES["default"]["ENGINE"],
    redis_url=env.str("REDIS_URL", default=None),
    mail_backend=EMAIL_BACKEND if "EMAIL_URL" in env else None,
    mail_domain=env.str("MAIL_DOMAIN", default=None),
    from_email=env.str("DEFAULT_FROM_EMAIL", default=None),
)
if faults := env.faults(deployment if IS_PRODUCTION else None):
    raise ImproperlyConfigured(refusal(faults))

LOGGING = logs.logging_settings()
LOGGING_CONFIG = "config.logs.begin"

# Figures for Prometheus at /metrics: kept and shown only where whoever asks has this token.
METRICS_TOKEN = env.str("METRICS_TOKEN", default="")
if METRICS_TOKEN:
    MIDDLEWARE = [
        "tracker.operations.metrics.CountedBefore",
        *MIDDLEWARE,
        "tracker.operations.metrics.CountedAfter",
    ]
# Whoever asks whether the site lives asks it directly, by its address and without TLS.
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$", r"^metrics$"]
