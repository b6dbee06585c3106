"""`make data`: validated rows, splits by group, duplicates, the leakage check, the data card, files from outside."""

import json
import sys
import textwrap
from pathlib import Path

import pytest

from gretchen.errors import UserError
from gretchen.projects import corpus
from gretchen.projects.build import Outside, build, card_of, data_hash
from gretchen.projects.rows import Fault, row_fault
from gretchen.projects.splits import split_of

ROOT = Path(__file__).resolve().parents[1]
# Keys of each split, found by the split function itself.
TRAIN, TEST = (
    [key for key in (f"thing:{n}" for n in range(400)) if split_of(key) == split] for split in ("train", "test")
)
HEAD = """
def chat(name, group, question, answer="yes", **more):
    messages = [{"role": "user", "content": question}, {"role": "assistant", "content": answer}]
    return {"id": name, "form": "ask", "group": group, "messages": messages, **more}

def document(name, group, text):
    return {"id": name, "form": "tell", "group": group, "text": text}
"""


@pytest.fixture
def project(tmp_path, monkeypatch):
    """Return a function that writes the project `made` with a builder of the given body into a root of its own."""
    monkeypatch.setenv("GRETCHEN_ROOT", str(tmp_path))
    folder = tmp_path / "projects" / "made"
    folder.mkdir(parents=True)
    (tmp_path / "shared_recipes").symlink_to(ROOT / "shared_recipes")
    card = (ROOT / "projects/genome-chatbot/project.yaml").read_text(encoding="utf-8")
    (folder / "project.yaml").write_text(card.replace("closed: [codon-lookup, amino-acid-codons]", "closed: [table]"))
    (folder / "evaluation.py").write_text("def score(prediction, row):\n    return {}\n")
    written = iter(range(100))

    def write(body: str) -> str:
        # Python's cache of compiled files goes by time and size: another size for every version.
        text = HEAD + textwrap.dedent(body) + "#" * (next(written) + 1)
        (folder / "dataset.py").write_text(text, encoding="utf-8")
        for loaded in [name for name in sys.modules if name.startswith("gretchen_project_made")]:
            del sys.modules[loaded]
        return "made"

    return write


def built(tmp_path, name="chats"):
    """Return {split: rows} of a built format."""
    files = sorted((tmp_path / "build/made" / name).glob("*.jsonl"))
    return {file.stem: [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()] for file in files}


def chats(keys, question="What is {key} in this row of ours?"):
    return "".join(f'    yield chat("{key}", "{key}", "{question.format(key=key)}")\n' for key in keys)


def test_rows_go_where_their_group_says_and_meta_is_one_string(project, tmp_path):
    body = (
        "def chats():\n"
        + chats(TRAIN[:5] + TEST[:3])
        + f'    yield chat("h", "{TEST[9]}", "Hard?", meta={{"n": 1}}, hard=True)\n'
    )
    assert build(project(body), "tiny")
    rows = built(tmp_path)
    assert {split: len(found) for split, found in rows.items()} == {"train": 5, "validation": 0, "test": 3, "hard": 1}
    assert rows["hard"][0]["meta"] == '{"n": 1}'
    assert rows["hard"][0]["group"] == [TEST[9]]
    assert "hard" not in rows["hard"][0]


def test_a_row_whose_groups_disagree_and_a_hard_row_of_training_are_left_out(project, tmp_path):
    body = "def chats():\n" + chats(TRAIN[:2])
    body += f'    yield chat("both", ["{TRAIN[0]}", "{TEST[0]}"], "Both sides of the split?")\n'
    body += f'    yield chat("hard", "{TRAIN[1]}", "Hard but not held out?", hard=True)\n'
    build(project(body), "tiny")
    assert sum(map(len, built(tmp_path).values())) == 2
    told = card_of("made")["formats"]["chats"]["left_out"]
    assert told == {"groups in several splits": 1, "hard, but not held out": 1}


def test_nothing_is_built_twice_and_the_same_builder_gives_the_same_bytes(project, tmp_path):
    name = project("def chats():\n" + chats(TRAIN[:6]))
    assert build(name, "tiny")
    files = {file: file.read_bytes() for file in (tmp_path / "build/made").rglob("*") if file.is_file()}
    assert not build(name, "tiny")
    (tmp_path / "build/made/data-card.json").unlink()
    assert build(name, "tiny")
    assert {file: file.read_bytes() for file in files} == files
    before = data_hash(name)
    assert build(project("def chats():\n" + chats(TRAIN[:7])), "tiny")
    assert data_hash(name) != before


def test_exact_duplicates_go_whatever_their_case_and_blanks(project, tmp_path):
    body = f"""
    def chats():
        yield chat("one", "{TRAIN[0]}", "What  is it?")
        yield chat("two", "{TRAIN[1]}", "what is IT?", answer="no")
        yield chat("three", "{TRAIN[2]}", "What is that?")
    """
    build(project(body), "tiny")
    assert [row["id"] for row in built(tmp_path)["train"]] == ["one", "three"]
    assert card_of("made")["formats"]["chats"]["left_out"] == {"exact duplicate": 1}


LONG = (
    "Please tell me in one short sentence which of the two long rivers near the old town is the longer one, number {n}"
)


def test_near_duplicates_go_from_outside_and_stay_in_rule_made_rows(project, tmp_path):
    body = "def chats():\n" + chats(TRAIN[:4], LONG.format(n="{key}"))
    body += "import json\ndef read(path):\n    yield from map(json.loads, open(path, encoding='utf-8'))\n"
    source = tmp_path / "rows.jsonl"
    row = {"form": "outside", "messages": [{"role": "user", "content": ""}, {"role": "assistant", "content": "a"}]}
    texts = [LONG.format(n=77), LONG.format(n=78), "Something else that nobody asked so far, at any length?"]
    with source.open("w", encoding="utf-8") as stream:
        for number, text in enumerate(texts):
            row["messages"][0]["content"] = text
            stream.write(json.dumps(row | {"id": f"o{number}", "group": TRAIN[50 + number]}) + "\n")
    build(project(body), "tiny", Outside(str(source)))
    rows = built(tmp_path)["train"]
    assert [row["id"] for row in rows] == [*TRAIN[:4], "o2"]
    told = card_of("made")["formats"]["chats"]
    assert told["left_out"] == {"near-duplicate from outside": 2}
    assert told["near_duplicates"] == {"rows": 3, "of": 4}
    assert told["from_outside"] == 1
    # Training goes on with the source; `make data` without it goes back.
    assert not build("made", "tiny")
    assert build("made", "tiny", None)
    assert len(built(tmp_path)["train"]) == 4
    build("made", "tiny", Outside(str(source), alone=True))
    assert [row["id"] for row in built(tmp_path)["train"]] == ["o0", "o2"]


def refused(name, *arguments):
    with pytest.raises(UserError) as raised:
        build(name, "tiny", *arguments)
    return raised.value.problem


QUESTION = "Which of the seven secrets does the thing hide?"


def test_a_test_groups_row_in_texts_never_reaches_training(project, tmp_path):
    body = f"""
    def chats():
        yield chat("c1", "{TRAIN[0]}", "An ordinary question?")
        yield chat("c2", "{TEST[0]}", "{QUESTION}")
    def texts():
        yield document("planted", "{TEST[0]}", "{QUESTION} yes")
        yield document("d1", "{TRAIN[3]}", "An ordinary document.")
    """
    name = project(body)
    build(name, "tiny")
    assert [row["id"] for row in built(tmp_path, "texts")["train"]] == ["d1"]
    folder = corpus.base_corpus(name)
    assert "planted" not in (folder / "train.jsonl").read_text(encoding="utf-8")


def test_a_test_question_planted_in_texts_fails_the_build_and_the_base(project, tmp_path):
    good = f"""
    def chats():
        yield chat("c1", "{TRAIN[0]}", "An ordinary question?")
        yield chat("c2", "{TEST[0]}", "{QUESTION}")
    def texts():
        yield document("d1", "{TRAIN[3]}", "An ordinary document.")
    """
    build(project(good), "tiny")
    before = built(tmp_path, "texts")
    planted = f'yield document("planted", "{TRAIN[4]}", "Note this: {QUESTION} The third.")'
    name = project(textwrap.dedent(good) + f"    {planted}\n")
    leak = "the text of train row 'planted' (texts) holds the question of test row 'c2' (chats)"
    assert refused(name) == f"leakage between training and held-out rows:\n{leak}"
    assert built(tmp_path, "texts") == before, "what stood there before still stands"
    with pytest.raises(UserError) as raised:
        corpus.base_corpus(name)
    assert raised.value.problem == f"leakage into the base's corpus: {leak}"


@pytest.mark.parametrize(
    ("planted", "leak"),
    [
        (
            f'chat("p", "{TRAIN[1]}", "{QUESTION.upper()}")',
            "train row 'p' (preferences) asks what test row 'c2' (chats) asks",
        ),
        (f'chat("p", ["{TEST[0]}"], "Other?", hard=True)', ""),
    ],
)
def test_the_same_question_in_another_format_is_a_leak(project, planted, leak):
    body = f"""
    def chats():
        yield chat("c1", "{TRAIN[0]}", "An ordinary question?")
        yield chat("c2", "{TEST[0]}", "{QUESTION}")
    def preferences():
        row = {planted}
        asked, yes = row.pop("messages")
        no = {{"role": "assistant", "content": "no"}}
        yield row | {{"prompt": [asked], "chosen": [yes], "rejected": [no]}}
    """
    name = project(body)
    if leak:
        assert refused(name).endswith(leak)
    else:
        assert build(name, "tiny")


def test_a_closed_table_is_exempt_by_its_name_on_the_card(project):
    body = f"""
    def chats():
        yield chat("c1", "{TRAIN[0]}", "{QUESTION}") | {{"form": "table"}}
    def prompts():
        row = chat("c2", "{TEST[0]}", "{QUESTION}") | {{"form": "table"}}
        yield row | {{"prompt": row.pop("messages")[:1]}}
    """
    assert build(project(body), "tiny")


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ('{"id": "x"}', "'form' is missing or no text"),
        ('chat("x", "", "A?")', "'group' is neither a key nor a list of keys"),
        ('chat("x", "g", "A?", answer=" ")', "messages[1] is empty"),
        ('chat("x", "g", "A?", topic=1)', "unknown column 'topic': what scoring needs goes into 'meta'"),
        ('chat("x", "g", "A?")["messages"]', "a row is a dict, not list"),
        ('chat("ok", "g", "A?")', "id 'ok' stood already in an earlier row"),
    ],
)
def test_a_faulty_row_of_the_builder_names_file_line_and_reason(project, row, reason):
    name = project(f'def chats():\n    yield chat("ok", "{TRAIN[0]}", "Good?")\n    yield {row}\n')
    place = "projects/made/dataset.py:8: chats() yields a faulty row, number 2: "
    assert refused(name) == place + reason


def test_no_generator_and_no_reader_are_told(project, tmp_path):
    assert refused(project("x = 1\n")) == "projects/made/dataset.py defines no generator of rows"
    name = project("def chats():\n" + chats(TRAIN[:2]))
    assert refused(name, Outside(str(tmp_path))) == "projects/made/dataset.py defines no read(path)"


def test_a_source_that_is_not_there_is_told(project):
    name = project("def chats():\n" + chats(TRAIN[:2]) + "def read(path):\n    yield\n")
    assert refused(name, Outside("/nowhere/rows.csv")) == "SOURCE: there is no file or folder /nowhere/rows.csv"


def test_faulty_rows_from_outside_are_left_out_and_named_with_file_and_line(project, tmp_path):
    (tmp_path / "in").touch()
    body = "def chats():\n" + chats(TRAIN[:2])
    body += "def read(path):\n    from gretchen.projects.rows import Fault\n"
    body += '    yield Fault(str(path), 3, "no answer")\n    yield chat("good", "g1", "From outside?")\n'
    body += '    yield {"a": 1}\n'
    build(project(body), "tiny", Outside(str(tmp_path / "in")))
    assert card_of("made")["faults"] == [
        f"{tmp_path}/in:3: no answer",
        f"{tmp_path}/in: row 3 has the columns of no format (a)",
    ]
    only_faults = body.replace('yield chat("good", "g1", "From outside?")', "pass").replace('yield {"a": 1}', "pass")
    assert refused(project(only_faults), Outside(str(tmp_path / "in"))) == f"{tmp_path}/in:3: no answer"


def test_a_broken_builder_is_named_with_its_line(project):
    assert refused(project("def chats(:\n")).startswith("projects/made/dataset.py:8: ")


def test_the_data_card_counts_and_shows(project, tmp_path):
    build(project("def chats():\n" + chats(TRAIN[:5] + TEST[:3])), "tiny")
    told = card_of("made")["formats"]["chats"]
    assert told["forms"] == {"ask": {"train": 5, "validation": 0, "test": 3, "hard": 0}}
    assert told["distinct_prompts"] == 8
    assert told["distinct_answers"] == 1
    # "yes" and the end token are trained, the question is not.
    assert 0 < told["trained_share"] < 0.5
    assert told["tokens"]["median"] >= told["tokens"]["total"] / 8 - 2
    text = (tmp_path / "build/made/data-card.md").read_text(encoding="utf-8")
    assert "8 distinct prompts, 1 distinct answers" in text
    assert "| ask | 5 | 0 | 3 | 0 |" in text
    assert "| GeneTuring (Winnie09/GeneTuring) | none stated |" in text
    assert data_hash("made") in text


def test_the_verb_tells_what_it_built(gretchen):
    done = gretchen("data", "--project=genome-chatbot", "--profile=tinny")
    assert done.returncode == 2
    assert done.stderr == "error: unknown profile 'tinny'\nhint: did you mean 'tiny'?\n"
    done = gretchen("data", "--project=genome-chatbot", "--alone")
    assert done.stderr.startswith("error: ALONE=1 without SOURCE")


def test_formats_are_those_of_trl(project):
    asked = [{"role": "user", "content": "A?"}]
    yes, no = ([{"role": "assistant", "content": text}] for text in ("yes", "no"))
    common = {"id": "x", "form": "f", "group": "g"}
    assert row_fault(common | {"prompt": asked, "chosen": yes, "rejected": no}, "preferences") is None
    same = common | {"prompt": asked, "chosen": yes, "rejected": yes}
    assert row_fault(same, "preferences") == "'chosen' and 'rejected' are identical"
    assert row_fault(common | {"prompt": asked, "completion": yes, "label": True}, "feedback") is None
    assert (
        row_fault(common | {"prompt": asked, "completion": yes, "label": 1}, "feedback")
        == "'label' is neither true nor false"
    )
    assert (
        row_fault(common | {"prompt": yes}, "prompts")
        == "prompt ends with a turn of 'assistant', expected user or tool or system"
    )
    assert str(Fault("a.csv", 3, "no answer")) == "a.csv:3: no answer"
