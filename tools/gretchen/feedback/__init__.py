"""People's labels on the project's own answers, and what a builder makes of them: preference and feedback rows.

    from gretchen import feedback as labels

    def preferences():
        yield from labels.preferences(__file__)

Importing it loads nothing heavy: dataset.py does so in every check.
"""

from gretchen.feedback.rows import feedback, preferences

__all__ = ["feedback", "preferences"]
