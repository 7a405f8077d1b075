"""What holds for the trail whoever runs it."""

# GB/T 22239 and the Cybersecurity Law (article 21) want six months.
KEPT_AT_LEAST_DAYS = 183
