"""How often somebody may try to come in, and how they are told to wait."""
