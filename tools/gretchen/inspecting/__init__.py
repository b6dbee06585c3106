"""Training rows as the model sees them: made by the engine's own trainer and collator, shown on a terminal or a page."""
