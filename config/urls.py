"""Where each address leads."""

from django.contrib import admin
from django.urls import include, path

import tracker.converters  # noqa: F401  registers the converters that the included addresses use
from tracker.accounts.contact import SecurityContact
from tracker.accounts.views import Help, Home, MailAddress, SetLanguage
from tracker.office.views.mailbox import Mailbox, MailboxMessage

urlpatterns = [
    path("", Home.as_view(), name="home"),
    path("help/", Help.as_view(), name="help"),
    path("account/email/", MailAddress.as_view(), name="account_email"),
    path("account/", include("allauth.account.urls")),
    path("language/", SetLanguage.as_view(), name="set_language"),
    path("office/", include("tracker.office.urls")),
    path("my/", include("tracker.portal.urls")),
    path("mailbox/", Mailbox.as_view(), name="mailbox"),
    path("mailbox/<slug:name>/", MailboxMessage.as_view(), name="mailbox_message"),
    path(".well-known/security.txt", SecurityContact.as_view(), name="security_txt"),
    path("admin/", admin.site.urls),
]
