"""What a training will need, worked out from recipe, config.json and rows: parameters, memory, tokens, steps, time.

    config.py, architecture.py -> parameters.py   what the model is, and what of it is trained: exact
    settings.py -> memory.py                      what the recipe asks of a device, and its peak by part: the formula
                   activations.py, head.py        what is kept for the way back; the logits, and each stage's loss
    rows.py -> writer.py -> lengths.py, answers.py -> steps.py    rows as tokens, cut and packed, and their steps
    plan.py -> advice.py                          all of it together, and what to change where it does not fit

Nothing here imports torch or transformers; no weights are read.
"""
