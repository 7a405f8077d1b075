"""What the product costs, measured beside what the same work costs at least, in one run on one machine."""
