"""Addresses of the enterprises' pages."""

from django.urls import path

from tracker.portal.views import home

app_name = "portal"
urlpatterns = [
    path("", home.Home.as_view(), name="home"),
    path("projects/<id:pk>/", home.ProjectPage.as_view(), name="project"),
]
