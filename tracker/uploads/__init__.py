"""Files that somebody hands in: known by their content, limited before they are read, kept unnamed."""
