"""Addresses of the officials' pages."""

from django.urls import path

from tracker.office.views import (
    audit,
    cycles,
    enterprises,
    imports,
    inclusion,
    inspect,
    more,
    projects,
    summaries,
    today,
)

app_name = "office"
urlpatterns = [
    path("", today.Today.as_view(), name="today"),
    path("projects/", projects.Projects.as_view(), name="projects"),
    path("projects/<id:pk>/", projects.ProjectPage.as_view(), name="project"),
    path("projects/add/", projects.AddProject.as_view(), name="add_project"),
    path("projects/<id:pk>/edit/", projects.EditProject.as_view(), name="edit_project"),
    path("projects/<id:pk>/plan/", projects.PlanProject.as_view(), name="plan_project"),
    path("enterprises/", enterprises.Enterprises.as_view(), name="enterprises"),
    path("enterprises/<id:pk>/", enterprises.EnterprisePage.as_view(), name="enterprise"),
    path("enterprises/add/", enterprises.AddEnterprise.as_view(), name="add_enterprise"),
    path("enterprises/<id:pk>/edit/", enterprises.EditEnterprise.as_view(), name="edit_enterprise"),
    path("inclusion/", inclusion.InclusionList.as_view(), name="inclusion"),
    path("inclusion/<id:pk>/", inclusion.SetInclusion.as_view(), name="set_inclusion"),
    path("cycle/", cycles.CurrentCycle.as_view(), name="current_cycle"),
    path("cycle/<cycle:cycle>/", cycles.CycleBoard.as_view(), name="cycle"),
    path("cycle/<cycle:cycle>/close/", cycles.CloseCycle.as_view(), name="close_cycle"),
    path("cycle/<cycle:cycle>/skip/", cycles.SkipCycle.as_view(), name="skip_cycle"),
    path("cycle/<cycle:cycle>/confirm/", cycles.ConfirmBadges.as_view(), name="confirm_badges"),
    path("inspect/<id:pk>/", inspect.Inspect.as_view(), name="inspect"),
    path("inspections/<id:pk>/accept/", inspect.Accept.as_view(), name="accept_inspection"),
    path("inspections/<id:pk>/return/", inspect.Return.as_view(), name="return_inspection"),
    path("overview/", summaries.Overview.as_view(), name="overview"),
    path("overview/<month:month>/", summaries.Month.as_view(), name="month"),
    path("more/", more.More.as_view(), name="more"),
    path("more/rules/", more.Rules.as_view(), name="rules"),
    path("audit/", audit.AuditTrail.as_view(), name="audit"),
    path("audit/export/", audit.AuditExport.as_view(), name="audit_export"),
    path("more/imports/", imports.Imports.as_view(), name="imports"),
    path("more/imports/<id:pk>/", imports.ImportPreview.as_view(), name="import"),
]
