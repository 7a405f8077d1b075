"""Divisions, industries, enterprises, projects, their plans and their inclusion in statistics."""
