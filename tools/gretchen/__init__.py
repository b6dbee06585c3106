"""Gretchen: fine-tuning recipes for a university course, and the commands that run them."""
