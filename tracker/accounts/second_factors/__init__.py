"""What is asked of somebody beside the password: a code of an app, a key, or a recovery code."""
