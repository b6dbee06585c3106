"""Training rows as the model sees them: tokenized and collated by the engine's own trainer, on a terminal or a page.

rows.py         the first rows as tokens, uncut; the first sequences that would be trained, cut and packed
zephyr.py, axolotl.py    how each engine's trainer is asked for them       sequences.py   what a batch contains
preview.py      `make inspect`: a recipe's rows with headings      spans.py, terminal.py, page.py   how they look
"""
