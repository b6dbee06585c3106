"""Labels on the project's own answers, people's and judge models', as a builder's preference and feedback rows.

    from gretchen import feedback as labels

    def preferences():
        yield from labels.preferences(__file__)             # by people
        yield from labels.judged_preferences(__file__)      # by judge models

Importing it loads nothing heavy: dataset.py does so in every check.
"""

from gretchen.feedback.rows import feedback, judged_feedback, judged_preferences, preferences

__all__ = ["feedback", "judged_feedback", "judged_preferences", "preferences"]
