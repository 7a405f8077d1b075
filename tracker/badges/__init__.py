"""Red, yellow, blue, gold: how a project stands against its plan."""
