"""Who is told what is due, and when."""
