"""What the officials' pages take in, one module a topic."""
