"""The mistakes that spoil most trainings, found before them: docs/mistakes.md is the catalogue.

`recipe` looks at a resolved recipe, `rows` at built rows, `rendered` at rows as the engine's tokens. What is told by
them as an error stops a training; a warning is told, and the training goes on. What only checks keys, files and special
tokens stands in gretchen.recipes.
"""
