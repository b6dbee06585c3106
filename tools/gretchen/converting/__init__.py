"""Twins: a recipe of one engine rewritten for the other engine, for SFT, DPO, KTO and ORPO. The verb is convert.

    pairs.py       the table: each key of one engine with its equivalent, values and defaults
    lora.py        adapter and quantization        precision.py   bf16, fp16, dtype of the weights
    rows.py        data sets, templates, loss mask  schedule.py    warm-up, saving, evaluation, tracking
    lengths.py     length, packing, padding, order  twin.py        all of it on a recipe's values
    recipe.py      a recipe's layers and profiles   text.py        its text    write.py   its file

It reads the engines' exported schemas (recipes/schemas/) and imports neither engine. docs/twins.md says what a twin has
in common with the recipe that it comes from, and what not.
"""
