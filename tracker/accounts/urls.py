"""Pages about one's own account that allauth does not have."""

from django.urls import path

from tracker.accounts.account_views import AcceptInvitation, Sessions, SessionState, SignInAgain

urlpatterns = [
    path("sessions/", Sessions.as_view(), name="sessions"),
    path("session/", SessionState.as_view(), name="session_state"),
    path("session/again/", SignInAgain.as_view(), name="sign_in_again"),
    path("invitation/<slug:token>/", AcceptInvitation.as_view(), name="invitation"),
]
