"""The checks of `make check` and of every training: what to look at before hardware is spent.

    runner.py       which checks there are, in their order; start here to add one
    report.py       what a check returns, and how a report prints
    modules.py      dataset.py and evaluation.py          recipes.py   recipe files, and whether they resolve
    data.py         data files and built rows             model.py     weights, special tokens, chat template
    mistakes/       values and rows that spoil a training, as problems (docs/mistakes.md is the catalogue)
    deep.py         with the training stack loaded: validators.py, the tokenizer, rows as tokens
    standalone.py   a recipe outside any project          collection.py   a folder of them

A check is a function that takes a project and its resolved recipes and returns an Outcome.
"""
