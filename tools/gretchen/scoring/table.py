"""The table of an evaluation, from the dict that results.json holds: plain text, and Markdown for a README.

Every figure has its interval, its count and its baselines beside it. Nothing is computed here.
"""

from typing import Any

Told = dict[str, Any]
Cells = list[list[str]]
NONE = "–"


def aligned(header: list[str], rows: Cells, indent: str = "") -> list[str]:
    """Return a table as lines of aligned columns, the first to the left, the others to the right."""
    widths = [max(len(row[i]) for row in [header, *rows]) for i in range(len(header))]
    lines = []
    for row in [header, *rows]:
        cells = [row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))]
        lines.append((indent + "  ".join(cells)).rstrip())
    return lines


def markdown(header: list[str], rows: Cells) -> list[str]:
    """Return a table as Markdown lines."""
    return [f"| {' | '.join(row)} |" for row in [header, ["---", *["--:"] * (len(header) - 1)], *rows]]


def number(value: float | None, digits: int = 3) -> str:
    """Return a score for reading: `digits` decimals below 10, one above."""
    if value is None:
        return NONE
    return f"{value:.{digits}f}" if abs(value) < 10 else f"{value:,.1f}"


def cell(estimate: Told | None, digits: int = 3) -> str:
    """Return a score with its interval: 0.913 [0.876, 0.941]."""
    if not estimate or estimate["value"] is None:
        return NONE
    value = number(estimate["value"], digits)
    if estimate["low"] is None:
        return value
    return f"{value} [{number(estimate['low'], digits)}, {number(estimate['high'], digits)}]"


def difference(told: Told | None) -> str:
    """Return the difference to the base with its p-value: +0.913, p < 0.001."""
    if not told:
        return NONE
    sign = "+" if told["difference"] >= 0 else "−"
    p = "p < 0.001" if told["p"] < 0.001 else f"p = {told['p']:.3f}"
    return f"{sign}{number(abs(told['difference']))}, {p}"


def share(value: float | None) -> str:
    """Return a share in per cent."""
    return NONE if value is None else f"{value:.0%}"


def model_table(told: Told, name: str) -> tuple[list[str], Cells]:
    """Return header and rows of a set's table: a row per model."""
    main = told["main"]
    others = [metric for metric in told["metrics"] if metric != main]
    others = [m for m in others if any(m in model["sets"][name]["scores"] for model in told["models"])]
    counts = {metric: [m["sets"][name]["scores"].get(metric) for m in told["models"]] for metric in others}
    named = [f"{metric} (n = {max(one['count'] for one in counts[metric] if one):,})" for metric in others]
    header = ["model", "n", f"{main} [95 %]", "against base", "ended by itself", *named]
    rows = []
    for model in told["models"]:
        measured = model["sets"][name]
        score = measured["scores"].get(main)
        rows.append(
            [
                model["name"],
                f"{score['count']:,}" if score else "0",
                cell(score),
                difference(measured["against_base"]),
                share(measured["ended"]),
                *(cell(measured["scores"].get(metric)) for metric in others),
            ]
        )
    return header, rows


def form_table(told: Told, name: str, part: str = "forms") -> tuple[list[str], Cells]:
    """Return header and rows of the main metric per form, a column per model; `part` "closed": the closed tables."""
    models = told["models"]
    forms = list(dict.fromkeys(form for model in models for form in model["sets"][name][part]))
    rows = []
    for form in forms:
        estimates = [model["sets"][name][part].get(form) for model in models]
        count = max(estimate["count"] for estimate in estimates if estimate)
        rows.append([form, f"{count:,}", *(cell(estimate, digits=2) for estimate in estimates)])
    return ["form", "n", *(model["name"] for model in models)], rows


def preference_table(told: Told) -> tuple[list[str], Cells]:
    """Return header and rows of the held-out preference pairs; no rows where the project has none."""
    rows = []
    for model in told["models"]:
        one = model.get("preferences")
        if one:
            tests = [difference(one["against_base"]), difference(one["against_parent"])]
            rows.append([model["name"], f"{one['count']:,}", cell(one["accuracy"]), *tests, cell(one["margin"], 2)])
    return ["model", "pairs", "accuracy [95 %]", "against base", "against its start", "margin in nats"], rows


def reward_table(told: Told) -> tuple[list[str], Cells]:
    """Return header and rows of the reward models; no rows where there are none."""
    rows = [
        [one["name"], f"{one['count']:,}", cell(one["accuracy"]), cell(one["margin"], 2)]
        for one in told.get("rewards", [])
    ]
    return ["reward model", "pairs", "accuracy [95 %]", "margin of scores"], rows


PREFERENCES = "held-out preference pairs: the right answer is likelier than the faulty one"

REWARDS = "reward models on held-out preference pairs: the right answer scores higher"


def title(told: Told, name: str) -> str:
    """Return what a set's table is about."""
    rows, of = told["sets"][name]["rows"], told["sets"][name]["of"]
    metric = told["metrics"][told["main"]]
    which = f"all {rows:,} rows" if rows == of else f"{rows:,} of {of:,} rows, evenly over forms, seed {told['seed']}"
    return f"{name} set ({which}): {told['main']} ({metric['unit']}, {metric['better']} is better), mean over forms"


def notes(told: Told) -> list[str]:
    """Return the lines below the tables: how sure the figures are, and what was left out."""
    methods = {e["method"] for m in told["models"] for s in m["sets"].values() for e in s["scores"].values()}
    tests = {s["against_base"]["test"] for m in told["models"] for s in m["sets"].values() if s["against_base"]}
    words = {
        "wilson": "Wilson",
        "bootstrap": "bootstrap over groups, 2,000 resamples",
        "mcnemar": "McNemar's exact test",
    }
    lines = []
    named = [words[method] for method in sorted(methods) if method in words]
    if named:
        lines.append(f"95 % intervals: {'; '.join(named)}.")
    if tests:
        lines[-1:] = [f"{lines[-1]} p: {'; '.join(words[test] for test in sorted(tests))}, on the same rows."]
    if any(model["kind"] == "run" for model in told["models"]):
        lines.append("Each model was trained once (1 training seed): another seed's scatter is not in the intervals.")
    if any(s["ended"] is not None and s["ended"] < 1 for m in told["models"] for s in m["sets"].values()):
        most = f"{told['max_new_tokens']:,} tokens"
        lines.append(f"0/1 metrics: only an answer that ended by itself within {most} can be right.")
    if told["samples"] > 1:
        lines.append(f"{told['samples']} samples a row at temperature {told['temperature']:g}.")
    return lines


def document_lines(told: Told) -> list[str]:
    """Return what the base knows in document form: overall, and per form; [] where it was not asked."""
    known = told.get("documents")
    if not known:
        return []
    overall = known["scores"]["exact_match"]
    forms = ", ".join(f"{form} {number(one['value'], 2)}" for form, one in known["forms"].items())
    return [
        f"what the base knows in document form: {cell(overall)} exact match in {overall['count']:,} documents",
        f"  ({forms})",
    ]


def text_table(told: Told) -> str:
    """Return the whole evaluation as plain text."""
    base = told["base"]
    lines = [f"{told['project']}, profile {told['profile']}, base {base['model']} ({base['weights'][:8]})"]
    for name in told["sets"]:
        lines += ["", title(told, name), *aligned(*model_table(told, name), indent="  ")]
        lines += ["", f"{name} set per form", *aligned(*form_table(told, name), indent="  ")]
        closed = form_table(told, name, "closed")
        if closed[1]:
            heading = f"{name} set, closed tables (only wordings are held out; not in the mean)"
            lines += ["", heading, *aligned(*closed, indent="  ")]
    if preference_table(told)[1]:
        lines += ["", PREFERENCES, *aligned(*preference_table(told), indent="  ")]
    if reward_table(told)[1]:
        lines += ["", REWARDS, *aligned(*reward_table(told), indent="  ")]
    lines += ["", *document_lines(told), *notes(told)]
    return "\n".join(lines)


def markdown_table(told: Told) -> str:
    """Return the evaluation for a README: each set's models, then the test set's forms."""
    lines = []
    for name in told["sets"]:
        lines += [f"{title(told, name).capitalize()}.", "", *markdown(*model_table(told, name)), ""]
    first = next(iter(told["sets"]))
    lines += [f"The {first} set per form:", "", *markdown(*form_table(told, first)), ""]
    closed = form_table(told, first, "closed")
    if closed[1]:
        lines += ["Closed tables (only wordings are held out; not in the mean):", "", *markdown(*closed), ""]
    if preference_table(told)[1]:
        lines += [f"{PREFERENCES.capitalize()}:", "", *markdown(*preference_table(told)), ""]
    if reward_table(told)[1]:
        lines += [f"{REWARDS.capitalize()}:", "", *markdown(*reward_table(told)), ""]
    below = [line.strip() for line in document_lines(told)]
    lines += [line[:1].upper() + line[1:] for line in (" ".join(below), " ".join(notes(told))) if line]
    base, data = told["base"]["weights"][:8], told["data"][:8]
    return "\n".join([*lines, f"Profile {told['profile']}, base `{base}`, data `{data}`, {told['date'][:10]}."])
