"""Training rows as the model sees them: made by the engines' own trainers and collators, on a terminal or a page."""
