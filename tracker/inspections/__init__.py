"""Cycles, and what officials found in each."""
