"""Inclusion in statistics (纳统): where a project stands, its papers, and the figures of the survey."""
