"""Whom to tell of a weakness, where those who look for it look (RFC 9116)."""

from datetime import datetime, timedelta

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone

from tracker.accounts.access import Public

# The standard asks for less than a year, so that nobody trusts an address that was forgotten.
HOLDS_FOR = timedelta(days=180)


class SecurityContact(Public):
    """`/.well-known/security.txt`, where the deployment names a contact."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """Whom to write to, in which language, and until when that holds."""
        if not settings.SECURITY_CONTACT:
            raise Http404
        answer = HttpResponse(
            security_txt(
                settings.SECURITY_CONTACT, settings.SITE_URL + reverse("security_txt"), timezone.now()
            ),
            content_type="text/plain; charset=utf-8",
        )
        answer["Cache-Control"] = "public, max-age=86400"
        return answer


def security_txt(contact: str, address: str, now: datetime) -> str:
    """The lines of the file; a mail address is written as the standard wants it."""
    contact = f"mailto:{contact}" if "@" in contact and ":" not in contact else contact
    lines = {
        "Contact": contact,
        "Expires": (now + HOLDS_FOR).strftime("%Y-%m-%dT00:00:00Z"),
        "Preferred-Languages": "zh, en",
        "Canonical": address,
    }
    return "".join(f"{name}: {value}\n" for name, value in lines.items())
