"""What is written down because something was signalled: people who sign in and out, and jobs that begin."""

from contextvars import Token
from typing import Any

from celery.signals import task_postrun, task_prerun
from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.dispatch import receiver
from django_structlog.celery.signals import bind_extra_task_metadata
from structlog.contextvars import bind_contextvars

from tracker.audit import context
from tracker.audit.actions import record
from tracker.audit.models import AuditEntry
from tracker.audit.values import masked_address, plain

Act = AuditEntry.Act
# What a form may call the name under which somebody signs in.
NAMED_BY = ("email", "username", "login")


@receiver(user_logged_in, dispatch_uid="audit.signed_in")
def signed_in(sender: Any, request: Any, user: Any, **kwargs: Any) -> None:
    """Somebody has come in."""
    record(Act.SIGNED_IN, user, after=_from(request), actor=user)


@receiver(user_logged_out, dispatch_uid="audit.signed_out")
def signed_out(sender: Any, request: Any, user: Any, **kwargs: Any) -> None:
    """Somebody has gone; a sign-out of nobody is none."""
    if user is not None:
        record(Act.SIGNED_OUT, user, after=_from(request), actor=user)


@receiver(user_login_failed, dispatch_uid="audit.sign_in_failed")
def sign_in_failed(sender: Any, credentials: dict[str, Any], request: Any = None, **kwargs: Any) -> None:
    """Somebody was not let in; under which name, whoever it was, and whether there is such a person."""
    name = plain(next((str(credentials[word]) for word in NAMED_BY if credentials.get(word)), ""))
    # Asked for every name alike, so that the answer takes as long for an unknown one.
    person = get_user_model()._default_manager.filter(email=name.strip().lower()[:254]).first()
    record(Act.SIGN_IN_FAILED, person, after={"email": masked_address(name), **_from(request)})


def _from(request: Any) -> dict[str, str]:
    return {"client_address": client_address(request)} if request is not None else {}


def client_address(request: Any) -> str:
    """Where a request comes from; behind a trusted proxy, what that one has added last."""
    direct: str = request.META.get("REMOTE_ADDR", "")
    behind_a_proxy = bool(settings.SECURE_PROXY_SSL_HEADER)
    forwarded: str = request.META.get("HTTP_X_FORWARDED_FOR", "") if behind_a_proxy else ""
    return forwarded.rpartition(",")[2].strip()[:45] or direct


# --- jobs: done by the system, under the id of the request that has set them off ---

_running: dict[str, Token[str]] = {}


@receiver(bind_extra_task_metadata, dispatch_uid="audit.task_id")
def name_what_nobody_asked_for(sender: Any, task: Any, **kwargs: Any) -> None:
    """A job that beat rings for answers no request: its own id ties together what it does."""
    if not context.request_id():
        bind_contextvars(request_id=task.request.id)


@task_prerun.connect(dispatch_uid="audit.task_begins")
def task_begins(task_id: str, task: Any, **kwargs: Any) -> None:
    """From here the job acts."""
    _running[task_id] = context.enter_system(f"task {task.name}")


@task_postrun.connect(dispatch_uid="audit.task_ends")
def task_ends(task_id: str, **kwargs: Any) -> None:
    """To here."""
    if token := _running.pop(task_id, None):
        context.leave_system(token)
