"""Where each address leads."""

from allauth.socialaccount.providers.openid_connect import views as single_sign_on
from django.contrib import admin
from django.urls import include, path

import tracker.converters  # noqa: F401  registers the converters that the included addresses use
from tracker.accounts.second_factors.views import RecoveryCodes, RemoveKey, SecondFactors
from tracker.accounts.single_sign_on import StartSingleSignOn
from tracker.accounts.views import Help, Home, MailAddress, SetLanguage
from tracker.office.views.mailbox import Mailbox, MailboxMessage
from tracker.personal.views import AskForRemoval, MyData, MyDataFile

urlpatterns = [
    path("", Home.as_view(), name="home"),
    path("help/", Help.as_view(), name="help"),
    path("account/email/", MailAddress.as_view(), name="account_email"),
    path("account/my-data/", MyData.as_view(), name="my_data"),
    path("account/my-data/file/", MyDataFile.as_view(), name="my_data_file"),
    path("account/my-data/removal/", AskForRemoval.as_view(), name="ask_for_removal"),
    path("account/", include("tracker.accounts.urls")),
    path("account/", include("allauth.account.urls")),
    path("account/second-factors/", SecondFactors.as_view(), name="mfa_index"),
    path("account/second-factors/recovery-codes/", RecoveryCodes.as_view(), name="recovery_codes"),
    path(
        "account/second-factors/webauthn/keys/<id:pk>/remove/",
        RemoveKey.as_view(),
        name="mfa_remove_webauthn",
    ),
    path("account/second-factors/", include("allauth.mfa.urls")),
    path("account/sign-on/", StartSingleSignOn.as_view(), name="single_sign_on"),
    path("account/sign-on/<slug:provider_id>/", single_sign_on.callback, name="openid_connect_callback"),
    path("language/", SetLanguage.as_view(), name="set_language"),
    path("office/", include("tracker.office.urls")),
    path("my/", include("tracker.portal.urls")),
    path("mailbox/", Mailbox.as_view(), name="mailbox"),
    path("mailbox/<slug:name>/", MailboxMessage.as_view(), name="mailbox_message"),
    path("admin/", admin.site.urls),
]
