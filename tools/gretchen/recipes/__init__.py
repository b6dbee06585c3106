"""Recipes: found, layered, resolved and checked."""
