"""What is said before a base is pretrained: how many different documents there are, how often each will be read.

    corpus_notes(corpus, values)     -> ("corpus: 1,040 different documents …", "warning: …")
    require_answers(corpus)          documents whose answer a model could never complete are refused

Tokens are counted in a sample of documents. No model is loaded.
"""

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from gretchen import paths
from gretchen.errors import UserError
from gretchen.models.files import read_json
from gretchen.projects.corpus import STAMP
from gretchen.projects.rows import Row
from gretchen.projects.summarize import TokenCounter
from gretchen.recipes.layers import Values

SAMPLE = 500
# Above this many readings a small model learns documents by heart instead of what they have in common.
MANY_READINGS = 20


def corpus_notes(corpus: Path, values: Values) -> tuple[str, ...]:
    """Return the lines on a corpus: different documents, tokens, readings; with a warning where there are many."""
    documents = list(read_documents(corpus / "train.jsonl"))
    if not documents:
        raise UserError(f"{paths.shown(corpus)} has no training document", "texts() in dataset.py yields them")
    asked = read_json(corpus / STAMP)["documents"]
    step = max(1, len(documents) // SAMPLE)
    counter = TokenCounter(paths.shared_recipes() / "tiny" / "architecture")
    lengths, _ = counter.lengths(documents[::step])
    tokens = sum(lengths) / len(lengths) * len(documents)
    batch = values["per_device_train_batch_size"] * values["gradient_accumulation_steps"] * values["max_length"]
    readings = values["max_steps"] * batch / tokens
    lines = [
        f"corpus: {len(documents):,} different documents to train on, about {tokens:,.0f} tokens ({asked:,} documents "
        "were asked for: `rows.base` of the card)",
        f"{values['max_steps']:,} steps of {batch:,} tokens read each document {times(readings)}",
    ]
    if readings > MANY_READINGS:
        lines.append(
            f"warning: after {MANY_READINGS} readings documents are learned by heart: more different ones in texts(), "
            f'or SET="max_steps={max(1, round(MANY_READINGS * tokens / batch))}"'
        )
    return tuple(lines)


def times(readings: float) -> str:
    """Return "1.7 times" or "about 378 times"."""
    return f"{readings:.1f} times" if readings < 10 else f"about {readings:,.0f} times"


def require_answers(corpus: Path) -> None:
    """Raise UserError for forms whose marked answer never ends the document: no model could pass their gate."""
    all_documents, ending = Counter[str](), Counter[str]()
    for row in read_documents(corpus / "test.jsonl"):
        answer = json.loads(row.get("meta") or "{}").get("answer")
        if answer:
            all_documents[row["form"]] += 1
            ending[row["form"]] += row["text"].rstrip().endswith(str(answer).rstrip())
    wrong = [form for form in all_documents if not ending[form]]
    if wrong:
        raise UserError(
            f'documents of {", ".join(wrong)}: `meta: {{"answer": …}}` is not what the text ends with',
            "texts() in dataset.py: let each of these documents end in its answer, or leave the answer out",
        )


def read_documents(file: Path) -> Iterator[Row]:
    """Yield the rows of a file of the corpus."""
    with file.open(encoding="utf-8") as stream:
        yield from map(json.loads, stream)
