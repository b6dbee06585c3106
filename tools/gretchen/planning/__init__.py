"""What a training will need, from recipe, config.json and rows: parameters, memory, tokens, steps, time.

    config.py, architecture.py -> parameters.py     what the model is, and how much of it is trained: exact
    read_settings.py -> settings.py -> memory.py    the recipe in one vocabulary, and its peak memory by part
                activations.py, logits.py           what autograd keeps; the output head, and each stage's loss
    rows.py -> renderer.py -> lengths.py, completions.py -> steps.py    rows as tokens, cut and packed, and their steps
    plan.py -> advice.py -> request.py -> text.py   all of it together, what to change where it does not fit, as text

Nothing here imports torch or transformers; no weights are read.
"""
