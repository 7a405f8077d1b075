"""The local mailbox: what would have been sent, in development only."""

from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.http import content_disposition_header
from django.utils.translation import pgettext_lazy
from django.views.generic import TemplateView

from tracker.accounts.access import Public
from tracker.mailing import mailbox

# A mail carries its styles inline, which the product's own policy forbids: it is shown in a frame of its own
# that can do nothing but look as it looks, and whose links open elsewhere.
FRAME_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'; "
    "sandbox allow-popups allow-popups-to-escape-sandbox"
)
FILE_POLICY = "default-src 'none'; frame-ancestors 'none'; sandbox"

# The heads of a mail that its page shows beside the date.
HEADS = {
    "From": pgettext_lazy("of a mail", "From"),
    "To": pgettext_lazy("of a mail", "To"),
    "Message-ID": pgettext_lazy("of a mail", "Message-ID"),
}


class DevelopmentOnly(Public):
    """There is no such page where mails are really sent."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """404 unless mails go to the local mailbox."""
        if not settings.SHOWS_MAILBOX:
            raise Http404
        return super().dispatch(request, *args, **kwargs)


class Mailbox(DevelopmentOnly, TemplateView):
    """All mails, newest first."""

    template_name = "office/mailbox.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """The list."""
        return {**super().get_context_data(**kwargs), "entries": mailbox.newest()}


class MailboxMessage(DevelopmentOnly, TemplateView):
    """One mail; `?part=html` is its page alone, `?attachment=0` the first file that came with it."""

    template_name = "office/mailbox_message.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """The mail, or a part of it."""
        mail = mailbox.read(kwargs["name"])
        if mail is None:
            raise Http404
        if request.GET.get("part") == "html":
            return self._page(mailbox.page_of(mail))
        files = list(mail.iter_attachments())
        if asked := request.GET.get("attachment"):
            numbered = {str(number): file for number, file in enumerate(files)}
            if asked not in numbered:
                raise Http404
            return self._file(numbered[asked])
        context = self.get_context_data(
            name=kwargs["name"],
            heads=[(words, mail[head]) for head, words in HEADS.items() if mail[head]],
            written_at=mailbox.written_at(mail),
            subject=mail["Subject"],
            text=mailbox.text_of(mail),
            has_page=bool(mailbox.page_of(mail)),
            files=[file.get_filename() for file in files],
        )
        return self.render_to_response(context)

    def _page(self, html: str) -> HttpResponse:
        response = HttpResponse(html.replace("<head>", '<head><base target="_blank">', 1))
        response["Content-Security-Policy"] = FRAME_POLICY
        response["X-Frame-Options"] = "SAMEORIGIN"
        return response

    def _file(self, file: Any) -> HttpResponse:
        response = HttpResponse(file.get_payload(decode=True), content_type=file.get_content_type())
        response["Content-Disposition"] = content_disposition_header(True, file.get_filename() or "file")
        response["Content-Security-Policy"] = FILE_POLICY
        return response
