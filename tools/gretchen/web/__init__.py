"""Pages that act, served on 127.0.0.1 for one person: the playground. Pages that are files are `reporting`."""
