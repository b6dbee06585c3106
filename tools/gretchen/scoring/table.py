"""Text and Markdown of an Evaluation: tables for the terminal, and for a README.

Every value has its interval and its count beside it. Nothing is computed here.
"""

from gretchen.safe_text import markdown_cell, visible
from gretchen.scoring.cells import CI, Table, aligned, difference, estimate, markdown, number, share
from gretchen.scoring.evaluation import Difference, Estimate, Evaluation
from gretchen.scoring.forgetting_table import forgetting_tables
from gretchen.scoring.score_errors import FILE

CLOSED = "closed forms (only wordings are held out; not in the mean)"
PARENTS = "what a stage gains and loses against the run that it started from ({}; p by form: Holm over the forms)"
PREFERENCES = "preference accuracy: share of {} pairs whose chosen answer is likelier than the rejected one"
REWARD_MODELS = "preference accuracy of reward models: share of {} pairs whose chosen answer scores higher"
PAIRS = {"test": "held-out", "validation": "validation"}
VALIDATION = "validation rows, to choose settings by; the result is that on the test rows, read once"
PROMPTINGS = {
    "few-shot": "{}: the question after three answered ones of the train rows, as turns of the chat.",
    "few-shot-document": (
        "{}: the question after up to three answered ones of the train rows, all as documents, as many as fit the "
        "window of the base's pretraining."
    ),
    "document": "{}: the questions that have the form of a document, as beginnings of documents, which the base was "
    "pretrained on; what it knows before it learns to chat.",
}
METHODS = {
    "wilson": "Wilson at the effective number of rows",
    "bootstrap": "bootstrap over groups, 2,000 resamples",
    "mcnemar": "McNemar's exact test",
}


def model_table(evaluation: Evaluation, name: str) -> Table:
    """Return a set's table: a row per model, a column per metric."""
    main = evaluation.main_metric
    results = {model.name: model.sets[name] for model in evaluation.models if name in model.sets}
    counts: dict[str, int] = {}
    for metric in evaluation.metrics:
        estimates = [result.scores[metric] for result in results.values() if metric in result.scores]
        if estimates and metric != main:
            counts[metric] = max(score.count for score in estimates)
    metrics = [f"{metric} (n = {count:,})" for metric, count in counts.items()]
    tests = {"against base": [result.against_base for result in results.values()]}
    if any(few_shot := [result.against_few_shot for result in results.values()]):
        tests["against few-shot"] = few_shot
    header = ["model", "n", f"{main} {CI}", *tests, "finished (EOS)", *metrics]
    rows = []
    for (model, result), *differences in zip(results.items(), *tests.values(), strict=True):
        score = result.scores.get(main)
        others = [estimate(result.scores.get(metric)) for metric in counts]
        count = f"{score.count:,}" if score else "0"
        rows.append([model, count, estimate(score), *map(difference, differences), share(result.ended), *others])
    return Table(header, rows)


def form_table(evaluation: Evaluation, name: str, closed: bool = False) -> Table:
    """Return a set's table of the main metric per form, open or closed forms, with a column per model."""
    models = [model for model in evaluation.models if name in model.sets]
    by_model = [model.sets[name].closed if closed else model.sets[name].forms for model in models]
    rows = []
    for form in dict.fromkeys(form for forms in by_model for form in forms):
        estimates = [forms.get(form) for forms in by_model]
        count = max(score.count for score in estimates if score)
        rows.append([form, f"{count:,}", *(estimate(score, digits=2, seeds=False) for score in estimates)])
    return Table(["form", "n", *(model.name for model in models)], rows)


def parent_table(evaluation: Evaluation, name: str) -> Table:
    """Return a set's table of the runs that started from another run: the difference to it, in total and per form."""
    results = {model.name: model.sets[name].against_parent for model in evaluation.models if name in model.sets}
    compared = {model: result for model, result in results.items() if result}
    if not compared:
        return Table([], [])
    header = ["form", "n", *(f"{model} against {result.parent}" for model, result in compared.items())]
    rows = [["all forms", "", *(difference(result.difference) for result in compared.values())]]
    forms = [result.forms for result in compared.values()]
    for form in dict.fromkeys(form for of_model in forms for form in of_model):
        count = max(of_model[form].count for of_model in forms if form in of_model)
        rows.append([form, f"{count:,}", *(difference(of_model.get(form)) for of_model in forms)])
    return Table(header, rows)


def preference_table(evaluation: Evaluation) -> Table:
    """Return the table of preference pairs; no rows where the project has none."""
    results = {model.name: model.preferences for model in evaluation.models if model.preferences}
    header = ["model", "pairs", f"accuracy {CI}", "against base", "against parent", "margin (nats)"]
    language = [result.language.count for result in results.values() if result.language]
    header += [f"other language (n = {max(language):,})"] if language else []
    rows = []
    for model, result in results.items():
        tests = [difference(result.against_base), difference(result.against_parent)]
        cells = [f"{result.num_pairs:,}", estimate(result.accuracy), *tests, estimate(result.margin, 2)]
        rows.append([model, *cells, *([estimate(result.language)] if language else [])])
    return Table(header, rows)


def reward_model_table(evaluation: Evaluation) -> Table:
    """Return the table of the reward models; no rows where there are none."""
    rows = []
    for model in evaluation.reward_models:
        result = model.preferences
        rows.append([model.name, f"{result.num_pairs:,}", estimate(result.accuracy), estimate(result.margin, 2)])
    return Table(["reward model", "pairs", f"accuracy {CI}", "score margin"], rows)


def title(evaluation: Evaluation, name: str) -> str:
    """Return the title of a set's table."""
    rows, metric = evaluation.sets[name], evaluation.metrics[evaluation.main_metric]
    which = f"all {rows.num_rows:,} rows"
    if rows.num_rows != rows.num_available:
        seed = evaluation.settings.seed
        which = f"{rows.num_rows:,} of {rows.num_available:,} rows, evenly over forms, seed {seed}"
    unit = f"{metric.unit}, {metric.better} is better"
    return f"{name} set ({which}): {evaluation.main_metric} ({unit}), mean over forms"


def error_lines(evaluation: Evaluation, with_files: bool = False) -> list[str]:
    """Return a line for each model on whose answers score() raised; `with_files` names the file of the first trace."""
    lines = []
    for model in evaluation.models:
        if count := sum(result.errors for result in model.sets.values()):
            line = f"score() raised on {count:,} answers of {model.name}: they got the worst scores"
            folder = f"runs/{evaluation.project}/evaluations/{model.evaluation}"
            lines.append(f"{line}; the first trace: {folder}/{FILE}" if with_files and model.evaluation else f"{line}.")
    return lines


def notes(evaluation: Evaluation, with_few_shot: bool = True) -> list[str]:
    """Return the lines below the tables: intervals and tests, training seeds, prompts, truncation, sampling.

    `with_few_shot` False leaves out how the base is asked few-shot, where the legend says it.
    """
    results = [result for model in evaluation.models for result in model.sets.values()]
    scores, differences = estimates_of(evaluation)
    methods = {score.method for score in scores}
    tests = {difference.test for difference in differences}
    lines = []
    if named := [METHODS[method] for method in sorted(methods) if method in METHODS]:
        lines.append(f"95 % intervals: {'; '.join(named)}.")
    if tests:
        lines[-1:] = [f"{lines[-1]} p: {'; '.join(METHODS[test] for test in sorted(tests))}, on the same rows."]
    lines += seed_notes(evaluation)
    if any(model.preferences and model.preferences.language for model in evaluation.models):
        lines.append("Preference pairs whose sides differ in the language alone count apart (other language).")
    prompted = [model for model in evaluation.models if model.kind != "few-shot" or with_few_shot]
    lines += [PROMPTINGS[model.prompting].format(model.name) for model in prompted if model.prompting in PROMPTINGS]
    settings = evaluation.settings
    if any(result.ended is not None and result.ended < 1 for result in results):
        limit = f"{settings.max_new_tokens:,} tokens"
        lines.append(f"0/1 metrics: an answer that did not finish (EOS) within {limit} counts as wrong.")
    if settings.samples > 1:
        lines.append(f"{settings.samples} samples per row at temperature {settings.temperature:g}.")
    return lines


def estimates_of(evaluation: Evaluation) -> tuple[list[Estimate], list[Difference]]:
    """Return the estimates and differences of the sets, and of what was forgotten."""
    results = [result for model in evaluation.models for result in model.sets.values()]
    forgotten = evaluation.forgetting.models if evaluation.forgetting else []
    scores = [score for result in results for score in result.scores.values()]
    parents = [result.against_parent.difference for result in results if result.against_parent]
    tests = [*parents, *(test for result in results for test in (result.against_base, result.against_few_shot))]
    tests += [test for model in forgotten for test in (model.against_base, model.against_parent)]
    return scores + [model.score for model in forgotten], [test for test in tests if test]


def seed_notes(evaluation: Evaluation) -> list[str]:
    """Return what the values of runs are: of one training seed, or the mean of several."""
    models = [model for model in evaluation.models if model.kind == "run"]
    several = [model for model in models if len(model.trained) > 1]
    if not several:
        once = "Each model was trained once (1 training seed): intervals do not cover the variance between seeds."
        return [once] if models else []
    by_seeds: dict[tuple[int, ...], list[str]] = {}
    for model in several:
        by_seeds.setdefault(tuple(trained.seed for trained in model.trained), []).append(model.name)
    lines = [
        f"{', '.join(names)}: mean of {len(seeds)} training seeds ({', '.join(map(str, seeds))}), "
        "the least and the most in parentheses."
        for seeds, names in by_seeds.items()
    ]
    if once := [model.name for model in models if len(model.trained) <= 1]:
        lines.append(f"{', '.join(once)}: trained once (1 training seed).")
    return [*lines, "Intervals do not cover the variance between seeds."]


def document_lines(evaluation: Evaluation) -> list[str]:
    """Return what the base knows in document form, overall and per form; [] where it was not asked."""
    if not evaluation.documents:
        return []
    overall = evaluation.documents.scores["exact_match"]
    forms = ", ".join(f"{form} {number(score.value, 2)}" for form, score in evaluation.documents.forms.items())
    return [
        f"what the base knows in document form: {estimate(overall)} exact match in {overall.count:,} documents",
        f"  ({forms})",
    ]


def pair_tables(evaluation: Evaluation) -> list[tuple[str, Table]]:
    """Return title and table of models and of reward models on preference pairs, where they have rows."""
    tables = [(PREFERENCES, preference_table(evaluation)), (REWARD_MODELS, reward_model_table(evaluation))]
    return [(heading.format(PAIRS[evaluation.split]), table) for heading, table in tables if table.rows]


def text_table(evaluation: Evaluation) -> str:
    """Return the whole evaluation as plain text."""
    base = evaluation.base
    lines = [f"{evaluation.project}, profile {evaluation.profile}, base {base.model} ({base.weights[:8]})"]
    lines += [VALIDATION] if evaluation.split == "validation" else []
    for name in evaluation.sets:
        lines += ["", title(evaluation, name), *aligned(model_table(evaluation, name), indent="  ")]
        lines += ["", f"{name} set per form", *aligned(form_table(evaluation, name), indent="  ")]
        closed = form_table(evaluation, name, closed=True)
        if closed.rows:
            lines += ["", f"{name} set, {CLOSED}", *aligned(closed, indent="  ")]
        parents = parent_table(evaluation, name)
        if parents.rows:
            lines += ["", f"{name} set, {PARENTS.format(evaluation.main_metric)}", *aligned(parents, indent="  ")]
    for heading, table in [*pair_tables(evaluation), *forgetting_tables(evaluation)]:
        lines += ["", heading, *aligned(table, indent="  ")]
    below = [*document_lines(evaluation), *notes(evaluation, with_few_shot=False)]
    lines += ["", *below, *error_lines(evaluation, with_files=True)]
    return visible("\n".join(lines))


def markdown_table(evaluation: Evaluation) -> str:
    """Return the evaluation for a README: each set's models, then the first set's forms, then preference pairs."""
    lines = []
    for name in evaluation.sets:
        lines += [f"{sentence(title(evaluation, name))}.", "", *markdown(model_table(evaluation, name)), ""]
    first = next(iter(evaluation.sets))
    lines += [f"The {first} set per form:", "", *markdown(form_table(evaluation, first)), ""]
    closed = form_table(evaluation, first, closed=True)
    if closed.rows:
        lines += [f"{sentence(CLOSED)}:", "", *markdown(closed), ""]
    parents = parent_table(evaluation, first)
    if parents.rows:
        lines += [f"The {first} set, {PARENTS.format(evaluation.main_metric)}:", "", *markdown(parents), ""]
    for heading, table in [*pair_tables(evaluation), *forgetting_tables(evaluation)]:
        lines += [f"{sentence(heading)}.", "", *markdown(table), ""]
    documents = markdown_cell(" ".join(document_lines(evaluation)))
    lines += [f"{sentence(documents)}.\n"] if documents else []
    lines += [text for text in (" ".join([*notes(evaluation), *error_lines(evaluation)]),) if text]
    base, data, date = evaluation.base.weights[:8], evaluation.data[:8], evaluation.date[:10]
    return "\n".join([*lines, f"Profile {evaluation.profile}, base `{base}`, data `{data}`, {date}."])


def sentence(text: str) -> str:
    """Return a text with a capital first letter."""
    return text[:1].upper() + text[1:]
