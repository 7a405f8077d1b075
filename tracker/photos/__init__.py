"""Photos of projects: looked at by content, drawn anew without anything that the camera wrote beside them."""
