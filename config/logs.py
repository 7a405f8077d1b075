"""How every process writes its log: a line for each event, which nobody can forge and which tells no secret.

It is JSON for machines (LOG_FORMAT=json, in production) or words for people (LOG_FORMAT=console). Programs
log by the standard library or by structlog; both come through here.
"""

import json
import logging
import logging.config
import os
import re
from collections.abc import Callable, MutableMapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import structlog
from structlog.stdlib import ProcessorFormatter

Event = MutableMapping[str, Any]

TIME_ZONE = ZoneInfo("Asia/Shanghai")
HIDDEN = "[hidden]"
FIRST = ("time", "level", "logger", "event", "request_id", "user_id")

SECRET_NAME = re.compile(r"passw|secret|token|cookie|session|authorization|csrf|api_?key", re.IGNORECASE)
# What must not stand in a line wherever it comes from, and what stands there instead.
SECRETS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"\b(Bearer|Basic|Token)\s+[\w.~+/=-]{6,}", re.IGNORECASE), rf"\1 {HIDDEN}"),
    (
        re.compile(
            r"""((?:passw\w*|secret\w*|\w*token|sessionid|session_key|authorization|api_?key)["']?\s*[=:]\s*["']?)"""
            r"""(?!Bearer |Basic |Token )[^\s&;,"'}\]]+""",
            re.IGNORECASE,
        ),
        rf"\1{HIDDEN}",
    ),
    (re.compile(r"(\w+://[^\s/:@]*:)[^\s/@]+@"), rf"\1{HIDDEN}@"),
    # A link that lets somebody in: of a new password, of an invitation.
    (re.compile(r"(?<=[/=])(?=[\w:-]*\d)[\w:-]{20,}(?![\w.:-])", re.ASCII), HIDDEN),
    (re.compile(r"\beyJ[\w-]+\.[\w-]+\.[\w-]*"), HIDDEN),
    (re.compile(r"(?<!\d)(1[3-9]\d)[ -]?\d{4}[ -]?(\d{4})(?!\d)"), r"\1****\2"),
    (re.compile(r"(?<!\d)(0\d{2,3})-\d{3,4}(\d{4})(?!\d)"), r"\1-****\2"),
)
# Whatever a terminal or a reader of lines takes for more than a letter: ends of lines, escapes, turned text.
CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]")
CONTROL_BUT_LINES = re.compile(CONTROL.pattern.replace("\x00-\x1f", "\x00-\x09\x0b-\x1f"))


def style() -> str:
    """How lines are written; machines read them in production."""
    unless_set = "json" if os.environ.get("JIGAI_ENV") == "production" else "console"
    chosen = os.environ.get("LOG_FORMAT") or unless_set
    if chosen not in RENDERERS:
        raise ValueError(f"LOG_FORMAT is {chosen!r}: use json or console.")
    return chosen


def logging_settings() -> dict[str, Any]:
    """What the standard library is told, the same for the site, gunicorn, worker, beat and commands."""
    through_root = {"handlers": [], "level": "NOTSET", "propagate": True}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": {"()": formatter, "style_name": style()}},
        "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
        "root": {"handlers": ["console"], "level": os.environ.get("LOG_LEVEL") or "INFO"},
        "loggers": {
            "django": through_root,
            # At its finest it would write what a page holds, telephone numbers among it.
            "django.template": {**through_root, "level": "INFO"},
            # Two lines for each request say nothing that the proxy's log does not; what failed is told.
            "django_structlog": {**through_root, "level": "WARNING"},
            # The development server tells of each request, also of each file.
            "django.server": {**through_root, "level": "WARNING"},
            "gunicorn.error": {**through_root, "level": "WARNING"},
            # Otherwise it would tell of each file, and of each address with what is asked in it.
            "gunicorn.access": {"handlers": [], "level": "CRITICAL", "propagate": False},
        },
    }


def begin(config: dict[str, Any]) -> None:
    """Write lines in this way from now on."""
    logging.config.dictConfig(config)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.stdlib.filter_by_level,
            structlog.stdlib.add_log_level,
            structlog.stdlib.add_logger_name,
            structlog.stdlib.PositionalArgumentsFormatter(),
            ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )


def formatter(style_name: str) -> ProcessorFormatter:
    """Turns an event of either kind into its line."""
    return ProcessorFormatter(
        foreign_pre_chain=[
            structlog.contextvars.merge_contextvars,
            structlog.stdlib.add_log_level,
            structlog.stdlib.add_logger_name,
        ],
        processors=[
            say_when,
            without_traces_of_refusals,
            ProcessorFormatter.remove_processors_meta,
            structlog.processors.StackInfoRenderer(),
            structlog.processors.format_exc_info,
            hide_secrets,
            escape_controls,
            in_order,
            RENDERERS[style_name],
        ],
    )


def say_when(logger: Any, name: str, event: Event) -> Event:
    """With the time in Shanghai and how far that is from UTC."""
    at = datetime.fromtimestamp(event["_record"].created, tz=TIME_ZONE)
    event["time"] = at.isoformat(timespec="milliseconds")
    return event


def without_traces_of_refusals(logger: Any, name: str, event: Event) -> Event:
    """A page that was refused is one line: where in the code that was says nothing to whoever watches."""
    if event["_record"].name == "django.request" and event["_record"].levelno < logging.ERROR:
        event.pop("exc_info", None)
    return event


def hide_secrets(logger: Any, name: str, event: Event) -> Event:
    """Without passwords, tokens, session ids, and full phone numbers."""
    return {key: value if key == "time" else _hidden(key, value) for key, value in event.items()}


def _hidden(key: str, value: Any) -> Any:
    if key not in FIRST and SECRET_NAME.search(key):
        return HIDDEN
    if key in {"request_id", "task_id"} and isinstance(value, str) and len(value) <= 64:
        return value
    return _each_text(value, without_secrets, _hidden)


def without_secrets(text: str) -> str:
    """The text with what is secret in it put out of sight."""
    for pattern, instead in SECRETS:
        text = pattern.sub(instead, text)
    return text


def escape_controls(logger: Any, name: str, event: Event) -> Event:
    """With every control character written out, so that one event stays one line."""

    def escaped(key: str, value: Any) -> Any:
        pattern = CONTROL_BUT_LINES if key in {"exception", "stack"} else CONTROL
        return _each_text(value, lambda text: pattern.sub(_written_out, text), escaped)

    return {_escape(key): escaped(key, value) for key, value in event.items()}


def _escape(text: str) -> str:
    return CONTROL.sub(_written_out, text)


def _written_out(found: re.Match[str]) -> str:
    return {"\n": "\\n", "\r": "\\r", "\t": "\\t"}.get(found[0]) or (
        f"\\x{ord(found[0]):02x}" if ord(found[0]) < 256 else f"\\u{ord(found[0]):04x}"
    )


def _each_text(value: Any, change: Callable[[str], str], within: Callable[[str, Any], Any]) -> Any:
    """The value with every text in it changed; what is neither number nor collection becomes its text."""
    if value is None or isinstance(value, bool | int | float):
        # A phone number kept as a number is one all the same.
        text = change(str(value))
        return value if text == str(value) else text
    if isinstance(value, dict):
        return {_escape(str(key)): within(str(key), one) for key, one in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [within("", one) for one in value]
    return change(value if isinstance(value, str) else str(value))


def in_order(logger: Any, name: str, event: Event) -> Event:
    """What is asked first stands first."""
    return {key: event[key] for key in FIRST if key in event} | dict(event)


def as_json(logger: Any, name: str, event: Event) -> str:
    """A line for machines."""
    return json.dumps(event, ensure_ascii=False)


def as_words(logger: Any, name: str, event: Event) -> str:
    """A line for people; only a trace has lines below it, each set in."""
    rest = {key: value for key, value in event.items() if key not in {"time", "level", "logger", "event"}}
    below = "".join(
        f"\n    | {line}" for key in ("exception", "stack") for line in str(rest.pop(key, "")).splitlines()
    )
    facts = "".join(f" {key}={value}" for key, value in rest.items())
    return f"{event['time']} {event['level'].upper()} {event['logger']}: {event['event']}{facts}{below}"


RENDERERS = {"json": as_json, "console": as_words}
