"""People, their role and the division or enterprise they answer for."""
