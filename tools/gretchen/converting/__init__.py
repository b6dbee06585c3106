"""Twins: a recipe of one engine in the other engine's words, for SFT, DPO, KTO and ORPO. The verb is convert.py.

    pairs.py       the table: each key of one engine with its twin, values and defaults
    lora.py        adapter and quantization        precision.py   bf16, fp16, weights
    rows.py        data sets, templates, loss mask  schedule.py    warm-up, saving, evaluation, tracking
    twin.py        all of it on a recipe's values  recipe.py      a recipe's file: layers, profiles, text

It reads the engines' exported schemas (recipes/schemas/) and imports neither engine. docs/twins.md says what a twin
has in common with the recipe that it comes from, and what not.
"""
