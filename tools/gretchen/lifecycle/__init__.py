"""A project's life as a folder: fork it and make it a team's own."""
