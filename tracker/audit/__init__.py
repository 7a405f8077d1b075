"""What was changed or done, by whom, and why: written once, chained, never altered."""
