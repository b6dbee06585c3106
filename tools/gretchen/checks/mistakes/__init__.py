"""The mistakes that spoil most trainings, caught before them: docs/mistakes.md is the catalogue.

`recipe` reads resolved values, `model` a model's files, `rows` built rows, `tokens` rows as the engine tokenizes them.
Each yields problems (`problems`): an error stops a training, a warning is printed. Checks of keys, files and special
tokens stand one level up.
"""
