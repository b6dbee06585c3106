"""Pages that are files: the report of a project, and the review of the course. They load no model and train nothing."""
