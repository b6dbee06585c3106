"""What a chain of stages shows: a line after each stage, and one table of base and stages at the end.

Both are made from the dict that `make eval` prints and results.json holds; nothing is computed here.
"""

from typing import Any

from gretchen.scoring.table import NONE, aligned, cell, difference, notes, share

Told = dict[str, Any]
# Which of two answers is likelier, or for a reward model which one scores higher.
PAIRS = "pairs right [95 %]"


def line(told: Told, run: str) -> str:
    """Return what a run gets right, by its id: its main metric on the first set, or a reward model's pairs."""
    for judge in told["rewards"]:
        if judge["run"] == run:
            return f"{judge['name']}: {cell(judge['accuracy'])} of {judge['count']:,} held-out pairs right"
    model = next((one for one in told["models"] if one.get("run") == run), None)
    if model is None:
        return "no held-out pairs to judge"
    name, main = next(iter(told["sets"])), told["main"]
    measured = model["sets"][name]
    score = measured["scores"].get(main)
    rows = f"{score['count']:,} {name} rows" if score else f"no {name} row"
    return f"{model['name']}: {main} {cell(score)} on {rows}, against the base {difference(measured['against_base'])}"


def table(told: Told) -> str:
    """Return the chain as one table: a row for the base, for each stage, and for each reward model."""
    main, first = told["main"], next(iter(told["sets"]))
    header = ["model", *(f"{main}, {name} [95 %]" for name in told["sets"]), f"against base, {first}", "ended", PAIRS]
    rows = []
    for model in [one for one in told["models"] if one["kind"] != "baseline"]:
        scores = [cell(model["sets"][name]["scores"].get(main)) for name in told["sets"]]
        measured = model["sets"][first]
        pairs = cell((model.get("preferences") or {}).get("accuracy"))
        rows.append([model["name"], *scores, difference(measured["against_base"]), share(measured["ended"]), pairs])
    for judge in told["rewards"]:
        rows.append([judge["name"], *[NONE] * (len(header) - 2), cell(judge["accuracy"])])
    return "\n".join([heading(told), *aligned(header, in_order(rows, told), indent="  "), *notes(told)])


def in_order(rows: list[list[str]], told: Told) -> list[list[str]]:
    """Return the rows with reward models where their runs stand in time, among the other stages."""
    runs = {one["name"]: one["run"] or "" for one in [*told["models"], *told["rewards"]] if one.get("run")}
    return sorted(rows, key=lambda row: runs.get(row[0], ""))


def heading(told: Told) -> str:
    """Return what the table is about."""
    metric = told["metrics"][told["main"]]
    sets = ", ".join(f"{one['rows']:,} of {one['of']:,} {name} rows" for name, one in told["sets"].items())
    main = f"{told['main']} ({metric['unit']}, {metric['better']} is better)"
    return f"{told['project']}, profile {told['profile']}: {main} in {sets}"
