"""Addresses of the enterprises' pages."""

from django.urls import path, register_converter

from tracker.converters import RowId
from tracker.portal.views import home

register_converter(RowId, "id")

app_name = "portal"
urlpatterns = [
    path("", home.Home.as_view(), name="home"),
    path("projects/<id:pk>/", home.ProjectPage.as_view(), name="project"),
]
