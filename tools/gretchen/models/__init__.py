"""Models: where their files are, how they are loaded, what they generate."""
