"""A problem as a document of the base's corpus: the input, the task's name, the answer.

The document names its task, so that the answer (its label included) is determined by the text before it. Five layouts
in each language, one skill per document. `document_prompt` writes a chat's question in the first of them, so that the
base can be asked it in its own form.
"""

import random

from .problems import Problem

TASKS = {
    "complement": ("complement", "Komplement"),
    "reverse-complement": ("reverse complement", "reverses Komplement"),
    "transcription": ("transcription", "Transkription"),
    "translation": ("translation", "Translation"),
    "translation-worked": ("translation step by step", "Translation Schritt für Schritt"),
    "gc-count": ("GC count", "GC-Anzahl"),
    "orf": ("open reading frame", "offener Leserahmen"),
    "codon-effect": ("effect of the change", "Wirkung der Änderung"),
    "hgvs-write": ("protein HGVS name", "Protein-HGVS-Name"),
    "hgvs-read": ("meaning", "Bedeutung"),
    "coordinates": ("convert to {to}", "umrechnen in {to}"),
    "record-facts": ("field {field}", "Feld {field}"),
    "codon-lookup": ("amino acid", "Aminosäure"),
    "amino-acid-codons": ("codons", "Codons"),
}
_WORD = {"en": "Task", "de": "Aufgabe"}


def document(rng: random.Random, problem: Problem, language: str) -> tuple[str, str]:
    """Return a document's text and its answer, which ends the text."""
    text = _before_answer(problem, language, layout=rng.randrange(4))
    if (
        problem.form != "follow-up"
        and rng.random() < 0.2
        and not problem.meta.get("abstain")
        and "\n" not in problem.answer
    ):
        # The label is the task: 'DNA: ATG AAA' and then 'Complement: TAC TTT'.
        label, answer = problem.answer.split(": ", 1)
        return f"{problem.given}\n{label}: {answer}", answer
    return text + problem.answer, problem.answer


def table_document(rng: random.Random, problems: list[Problem], language: str) -> tuple[str, str]:
    """Return one to three entries of a closed table, and the answer of the last."""
    chosen = problems[: rng.randint(1, len(problems))]
    blocks = [_before_answer(p, language, layout=rng.randrange(4)) + p.answer for p in chosen]
    return "\n\n".join(blocks), chosen[-1].answer


def document_prompt(problem: Problem, language: str) -> str | None:
    """Return a document up to its answer, None where documents have no such task (two steps at once)."""
    return _before_answer(problem, language, layout=0) if problem.task in TASKS else None


def _before_answer(problem: Problem, language: str, layout: int) -> str:
    """Return a document up to its answer; a follow-up's holds the first answer and the second task."""
    text = f"{_head(problem.given, _name(problem.task, problem, language), language, layout)}\n"
    if problem.form == "follow-up":
        second = _name(problem.meta["second"], problem, language)
        text += f"{problem.meta['first']}\n{_WORD[language]}: {second}\n"
    return text


def _name(task: str, problem: Problem, language: str) -> str:
    """Return the task's name in a document."""
    return TASKS[task][language == "de"].format(**problem.slots)


def _head(given: str, name: str, language: str, layout: int) -> str:
    """Return the input and the task's name, in one of four layouts."""
    capital = name[0].upper() + name[1:]
    if layout == 0:
        return f"{given}\n{_WORD[language]}: {name}"
    if layout == 1:
        return f"{_WORD[language]}: {name}\n{given}"
    return f"{given}\n{capital}?" if layout == 2 else f"{capital}\n{given}"
