"""The readers, on small files in the upstream formats: rows, and every fault by file, line and reason."""

import json

import pytest

from gretchen.errors import UserError
from gretchen.projects.rows import Fault, row_fault

S = " +++$+++ "
LINES = "\n".join([
    f"L1045{S}u0{S}m0{S}BIANCA{S}They do not!",
    f"L1044{S}u2{S}m0{S}CAMERON{S}They do to! Caf\xe9\x85 and so on.",
    f"L985{S}u0{S}m0{S}BIANCA{S}I hope so.",
    f"L984{S}u2{S}m0{S}CAMERON{S}",
    "L900 no fields",
    f"L870{S}u0{S}m0{S}BIANCA{S}I'm kidding.",
])  # fmt: skip
CONVERSATIONS = "\n".join([
    f"u0{S}u2{S}m0{S}['L1044', 'L1045', 'L985']",
    f"u0{S}u2{S}m0{S}['L870', 'L984', 'L985']",
    f"u0{S}u2{S}m0{S}['L1', 'L2']",
    f"u0{S}u2{S}m0{S}L1044",
])  # fmt: skip
TITLES = f"m0{S}10 bad things{S}1999/I{S}6.90{S}62847{S}['comedy']\nm1\n"


@pytest.fixture
def read(dataset, tmp_path):
    """Write files and return (rows, faults as (file name, line, reason))."""

    def read_files(files):
        for name, content in files.items():
            file = tmp_path / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content if isinstance(content, bytes) else content.encode())
        items = list(dataset.read(tmp_path))
        found = [(one.file.rpartition("/")[2], one.line, one.reason) for one in items if isinstance(one, Fault)]
        rows = [item for item in items if not isinstance(item, Fault)]
        assert [row_fault(row, "chats") for row in rows] == [None] * len(rows)
        return rows, found

    return read_files


def contents(row):
    """Return (role, content) of a row's turns."""
    return [(turn["role"], turn["content"]) for turn in row["messages"]]


def test_the_original_files(read, evaluation):
    files = {"movie_lines.txt": LINES.encode("iso-8859-1"), "movie_conversations.txt": CONVERSATIONS,
             "movie_titles_metadata.txt": TITLES}  # fmt: skip
    rows, faults = read(files)
    assert contents(rows[0]) == [
        ("system", "Play BIANCA in the film 10 bad things (1999)."),
        ("user", "They do to! Caf\xe9\x85 and so on."),
        ("assistant", "They do not!"),
    ]
    assert [role for role, _ in contents(rows[1])] == ["system", "assistant", "user", "assistant"]
    assert len(rows) == 2 and {row["group"][0] for row in rows} == {"cornell:m0"}
    assert faults == [
        ("movie_lines.txt", 5, "1 fields, expected 5: line, user, movie, name, text"),
        ("movie_titles_metadata.txt", 2, "1 fields, expected 6: movie, title, year, …"),
        ("movie_conversations.txt", 2, "line L984 says nothing; the conversation ends before it"),
        ("movie_conversations.txt", 3, "line L1 is not in movie_lines.txt"),
        ("movie_conversations.txt", 4, "no two users, movie and list of lines"),
    ]
    scores = evaluation.score("They do not!", rows[0])
    assert scores["consistent"] is None and scores["manner"] is None and scores["assistant"] == 0


def test_lines_without_conversations(read):
    rows, faults = read({"movie_lines.txt": f"L1{S}u0{S}m0{S}A{S}Hello."})
    assert rows == [] and faults == [("movie_lines.txt", 1, "there is no movie_conversations.txt beside it")]


def utterance(name, before, **more):
    """Return an utterance as ConvoKit writes it."""
    plain = {"id": name, "conversation_id": "L1", "text": f"Line {name}.", "speaker": "u0", "reply-to": before,
             "meta": {"movie_id": "m0", "parsed": []}, "timestamp": None, "vectors": []}  # fmt: skip
    return json.dumps(plain | more)


def test_convokit(read):
    lines = [utterance("L3", "L2"), utterance("L2", "L1", speaker="u1"), utterance("L1", None), "{",
             utterance("L5", "L4"), json.dumps({"id": 7}), utterance("L6", "L1", text=" ")]  # fmt: skip
    speakers = {"u0": {"meta": {"character_name": "BIANCA", "movie_idx": "m0", "gender": "?", "credit_pos": "?"}}}
    scenes = {"L1": {"meta": {"movie_idx": "m0", "movie_name": "10 bad things", "release_year": "1999"}}}
    rows, faults = read({"utterances.jsonl": "\n".join(lines), "speakers.json": json.dumps(speakers),
                         "conversations.json": json.dumps(scenes), "corpus.json": "{}"})  # fmt: skip
    assert contents(rows[0]) == [
        ("system", "Play BIANCA in the film 10 bad things (1999)."),
        ("assistant", "Line L1."), ("user", "Line L2."), ("assistant", "Line L3."),
    ]  # fmt: skip
    assert contents(rows[1])[0] == ("system", "Play a character in the film 10 bad things (1999).")
    assert faults == [
        ("utterances.jsonl", 4, "no JSON object: Expecting property name enclosed in double quotes at character 2"),
        ("utterances.jsonl", 6, "no `id` and `text`"),
        ("utterances.jsonl", 7, "utterance L6 says nothing"),
        ("utterances.jsonl", 5, "utterance L5 replies to L4, which is not there or says nothing"),
    ]


def test_older_convokit_files(read):
    plain = {"text": "Hi.", "user": "u0", "root": "L1"}
    lines = [json.dumps(plain | {"id": "L1", "reply_to": None}), json.dumps(plain | {"id": "L2", "reply_to": "L1"})]
    users = {"u0": {"character_name": "BIANCA", "movie_idx": "m0", "movie_name": "10 bad things"}}
    rows, faults = read({"utterances.jsonl": "\n".join(lines), "users.json": json.dumps(users)})
    assert contents(rows[0])[0] == ("system", "Play BIANCA in the film 10 bad things.") and rows[0]["group"] == [
        "cornell:m0"
    ]
    assert [(name, line) for name, line, _ in faults] == [("conversations.json", 1)]


def test_a_chain_of_replies_that_goes_round_ends(read):
    rows, _ = read({"utterances.jsonl": "\n".join([utterance("L1", "L2"), utterance("L2", "L1")])})
    assert len(rows) == 2 and all(len(row["messages"]) == 6 for row in rows)


def test_rolebench(read, dataset):
    good = {"role": "Ada Stone", "question": "Who are you?", "generated": ["Ada, at your service."], "type": "general"}
    lines = [json.dumps(good), "[]", json.dumps(good | {"generated": []}), json.dumps(good | {"question": "你是谁？"})]
    rows, faults = read({
        "profiles-eng/desc.json": json.dumps({"Ada Stone": "A butler of the moon."}),
        "rolebench-eng/instruction-generalization/general/test.jsonl": "\n".join(lines),
        "rolebench-eng/instruction-generalization/general/train.jsonl": json.dumps(good | {"question": "And you?"}),
    })  # fmt: skip
    assert contents(rows[0]) == [
        ("system", "Play Ada Stone. A butler of the moon."), ("user", "Who are you?"),
        ("assistant", "Ada, at your service."),
    ]  # fmt: skip
    assert [row["group"][0].rpartition("=")[2] for row in rows] == ["test", "train"]
    assert [line for _, line, _ in faults] == [2, 3, 4] and "Chinese" in faults[2][2]


def test_what_cannot_be_read_is_said(dataset, tmp_path):
    for path in (tmp_path, tmp_path / "missing"):
        with pytest.raises(UserError):
            list(dataset.read(path))
