"""Half-months, months and working days."""
