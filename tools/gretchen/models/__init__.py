"""Models: where they lie, what they answer."""
