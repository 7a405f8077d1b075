"""What is kept about people: shown to them, corrected, given out, and removed when its time has come."""
