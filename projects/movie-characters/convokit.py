"""The Cornell Movie-Dialogs Corpus as ConvoKit gives it out: utterances.jsonl, speakers.json, conversations.json.

An utterance is {"id": "L1045", "conversation_id": "L1044", "text": …, "speaker": "u0", "reply-to": "L1044", "meta":
{"movie_id": "m0"}}. Older files call the speaker `user`, the conversation `root`, the reply `reply_to`, and their
people are in users.json, without `meta` around what is known of them. A character's gender and place in the credits may
be "?": they are not used. ConvoKit itself is not needed.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from gretchen.projects.json_lines import json_objects
from gretchen.projects.rows import Fault

from .public_rows import MOST_TURNS, reply_row

UTTERANCES = "utterances.jsonl"


def read(file: Path) -> Iterator[dict | Fault]:
    """Yield a row for each utterance that replies to another one, and the faults of the files."""
    speakers = yield from _known(file.parent, ("speakers.json", "users.json"))
    conversations = yield from _known(file.parent, ("conversations.json",))
    said: dict[str, tuple[int, dict[str, Any]]] = {}
    for item in json_objects(file):
        if isinstance(item, Fault):
            yield item
            continue
        number, entry = item
        if not isinstance(entry.get("id"), str) or not isinstance(entry.get("text"), str):
            yield Fault(str(file), number, "no `id` and `text`")
        elif not entry["text"].strip():
            yield Fault(str(file), number, f"utterance {entry['id']} says nothing")
        else:
            said[entry["id"]] = number, entry
    for name, (number, entry) in said.items():
        before = _reply_to(entry)
        if before is None:
            continue
        if before not in said:
            yield Fault(str(file), number, f"utterance {name} replies to {before}, which is not there or says nothing")
            continue
        yield _row(name, entry, said, speakers, conversations)


def _row(name: str, entry: dict, said: dict[str, tuple[int, dict]], speakers: dict, conversations: dict) -> dict:
    """Return the row of an utterance: the turns before it are followed back by what each replies to."""
    turns, last = [], entry
    while len(turns) < MOST_TURNS and (before := _reply_to(last)) in said:
        last = said[before][1]
        turns.insert(0, last["text"].strip())
    person = speakers.get(str(entry.get("speaker", entry.get("user"))), {})
    scene = conversations.get(str(entry.get("conversation_id", entry.get("root"))), {})
    meta = entry.get("meta") if isinstance(entry.get("meta"), dict) else {}
    movie = meta.get("movie_id") or scene.get("movie_idx") or person.get("movie_idx") or entry.get("root") or name
    title, year = scene.get("movie_name") or person.get("movie_name"), str(scene.get("release_year") or "")[:4]
    film = f" in the film {title}{f' ({year})' if year else ''}" if title else ""
    about = f"Play {person.get('character_name') or 'a character'}{film}."
    return reply_row(f"convokit-{name}", f"cornell:{movie}", about, turns, entry["text"].strip())


def _reply_to(entry: dict[str, Any]) -> str | None:
    """Return the id of the utterance that one replies to."""
    before = entry.get("reply-to", entry.get("reply_to"))
    return before if isinstance(before, str) and before != entry["id"] else None


def _known(folder: Path, names: tuple[str, ...]) -> Iterator[Fault]:
    """Yield the faults of the first of some files that is there; return {id: what is known}, without its `meta`."""
    file = next((folder / name for name in names if (folder / name).exists()), None)
    if file is None:
        yield Fault(str(folder / names[0]), 1, "missing: names and films of the utterances stay unknown")
        return {}
    try:
        entries = json.loads(file.read_text(encoding="utf-8-sig", errors="replace"))
    except (ValueError, RecursionError):
        entries = None
    if not isinstance(entries, dict):
        yield Fault(str(file), 1, "no JSON object")
        return {}
    plain = {key: entry for key, entry in entries.items() if isinstance(entry, dict)}
    return {key: entry["meta"] if isinstance(entry.get("meta"), dict) else entry for key, entry in plain.items()}
