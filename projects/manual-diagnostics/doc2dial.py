"""Dialogues of doc2dial 1.0.1 (Feng et al. 2020), read as chat rows: what the agent answers, as spans of the document.

doc2dial_dial_{train,validation}.json holds dial_data, by domain and document; doc2dial_doc.json beside it doc_data, by
domain and document, with the spans of each. A turn's `references` name spans; the agent's turn without any is one that
the document does not answer. The official split is kept, dialogue by dialogue; both parts share documents.

Not covered: the agent's own words, which are no spans; MultiDoc2Dial.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from gretchen.errors import UserError
from gretchen.projects.rows import Fault
from gretchen.projects.splits import Split, official_key

from .lookups import ABSENT
from .problems import cited
from .turns import CODE, NAME
from .wordings import SYSTEM

LONGEST, NEIGHBOURS = 1500, 1  # characters of an excerpt; sections before and behind the one that answers
ASKED = "{title}\n{excerpt}\n\n{history}\nAnswer with words of the document, and cite the section."


@dataclass(frozen=True)
class Source:
    """A file of dialogues: its text, for line numbers, and its split."""

    file: Path
    text: str
    split: Split

    def fault(self, name: str, reason: str) -> Fault:
        """Return a fault at the line where a dialogue's id stands."""
        position = self.text.find(f'"{name}"')
        return Fault(str(self.file), self.text.count("\n", 0, max(position, 0)) + 1, f"dialogue {name}: {reason}")


def read(file: Path) -> Iterator[dict | Fault]:
    """Yield the rows and faults of a file of dialogues. Raises UserError where the documents are missing."""
    documents_file = file.with_name("doc2dial_doc.json")
    if not documents_file.is_file():
        raise UserError(f"{documents_file.name} is missing beside {file.name}", "both are in doc2dial's archive")
    text = file.read_text(encoding="utf-8", errors="replace")
    source = Source(file, text, cast(Split, "train" if "train" in file.stem else "validation"))
    dialogues, documents = _data(file, text, "dial_data"), _data(documents_file, None, "doc_data")
    for part in (dialogues, documents):
        if isinstance(part, Fault):
            yield part
            return
    for domain, by_document in dialogues.items():
        for name, listed in by_document.items() if isinstance(by_document, dict) else ():
            document = documents.get(domain, {}).get(name)
            for dialogue in listed if isinstance(listed, list) else ():
                yield from _rows(source, dialogue, document)


def _data(file: Path, text: str | None, key: str) -> dict[str, Any] | Fault:
    """Return what a file holds under a key, or the fault."""
    try:
        values = json.loads(text or file.read_text(encoding="utf-8", errors="replace"))
    except (ValueError, RecursionError) as error:
        return Fault(str(file), getattr(error, "lineno", 1), "is no JSON")
    data = values.get(key) if isinstance(values, dict) else None
    return data if isinstance(data, dict) else Fault(str(file), 1, f"has no '{key}'")


def _rows(source: Source, dialogue: Any, document: Any) -> Iterator[dict | Fault]:
    """Yield a row for each of the agent's turns behind a user's."""
    name = str(dialogue.get("dial_id")) if isinstance(dialogue, dict) else "?"
    turns = dialogue.get("turns") if isinstance(dialogue, dict) else None
    if not isinstance(turns, list) or not all(isinstance(turn, dict) for turn in turns):
        yield source.fault(name, "has no turns")
        return
    if not isinstance(document, dict) or not isinstance(document.get("spans"), dict):
        yield source.fault(name, f"document {str(dialogue.get('doc_id'))[:60]!r} is not in doc2dial_doc.json")
        return
    for i in range(1, len(turns)):
        if (turns[i - 1].get("role"), turns[i].get("role")) == ("user", "agent"):
            yield _row(source, name, turns[max(0, i - 3) : i], turns[i], document)


def _row(source: Source, name: str, history: list[dict], turn: dict, document: dict) -> dict | Fault:
    """Return the row of an agent's turn, or its fault."""
    number = turn.get("turn_id")
    references = [str(i) for i in _references(turn)]
    spans = document["spans"]
    if missing := [reference for reference in references if reference not in spans]:
        return source.fault(name, f"turn {number} refers to span {missing[0]!r}, which the document does not have")
    sections = _sections(spans)
    keys = list(sections)
    answering = [keys.index(str(spans[reference].get("id_sec"))) for reference in references]
    first, last = (min(answering), max(answering)) if answering else (0, 0)
    shown = keys[max(0, first - NEIGHBOURS) : last + NEIGHBOURS + 1]
    excerpt = "\n".join(f"§{keys.index(key) + 1} {sections[key]}" for key in shown)
    if len(excerpt) > LONGEST:
        return source.fault(name, f"turn {number}: the sections have {len(excerpt)} characters, rows hold {LONGEST}")
    numbers = sorted({str(index + 1) for index in answering}, key=int)
    span = " ".join(" ".join(str(spans[reference].get("text_sp", "")).split()) for reference in references)
    if references and not span:
        return source.fault(name, f"turn {number} refers to spans without text")
    said = "\n".join(f"{t.get('role')}: {' '.join(str(t.get('utterance', '')).split())}" for t in history)
    question = ASKED.format(title=document.get("title", ""), excerpt=excerpt, history=said)
    return {
        "id": f"grounded-{name}-{number}",
        "form": "grounded",
        "group": official_key(f"doc2dial:{name}", source.split),
        "messages": [
            {"role": "system", "content": SYSTEM["en"]},
            {"role": "user", "content": question},
            {"role": "assistant", "content": cited(span, *numbers) if span else ABSENT["en"]},
        ],
        "meta": {
            "kind": "single", "language": "en", "span": span, "cites": numbers, "source": source.file.name,
            "sections": {key: str(keys.index(key) + 1) for key in shown},
            "names": sorted({*NAME.findall(question), *CODE.findall(question)}),
        } | ({} if span else {"check": "absent"}),
    }  # fmt: skip


def _references(turn: dict) -> list[str]:
    """Return the ids of a turn's spans: a list of {sp_id, label}, in version 0.9 a mapping of ids to labels."""
    references = turn.get("references") or []
    if isinstance(references, dict):
        return list(references)
    return [reference["sp_id"] for reference in references if isinstance(reference, dict) and "sp_id" in reference]


def _sections(spans: dict[str, Any]) -> dict[str, str]:
    """Return the document's sections by id, in order, each with its text."""
    sections = {}
    for span in spans.values():
        if isinstance(span, dict):
            sections.setdefault(str(span.get("id_sec")), " ".join(str(span.get("text_sec", "")).split()))
    return sections
