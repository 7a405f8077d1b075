"""The tables that the officials' pages show, one module a topic."""
