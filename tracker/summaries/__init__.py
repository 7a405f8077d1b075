"""The monthly figures of a county and the mail that carries them."""
