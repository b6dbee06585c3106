"""Values from make's command line arrive unharmed and run nothing; unknown ones are refused."""

import itertools
import re
import subprocess

import pytest

from gretchen import cli, commands, from_make
from gretchen.errors import UserError

# Everything that a shell or make would interpret, in one value.
STRANGE = (
    """a $(shell touch made1) `touch made2` $(touch made3) "double" 'single' $HOME $$ %s Größe # ; touch made4 && \\"""
)
VALUES = [
    STRANGE,
    'Größe "x" `touch made5`',
    "sag', wie hast du's mit der Religion?",
    "--json",
    "$(error stopped)",
    "a=b=c",
    "tab\there",
    "line one\nline two",
]


def last_errors(done: subprocess.CompletedProcess) -> str:
    """Return what the command itself wrote to stderr, without make's own last line."""
    return "\n".join(line for line in done.stderr.splitlines() if not line.startswith("make: ***"))


@pytest.mark.parametrize("value", VALUES)
def test_a_strange_value_arrives_unharmed_and_runs_nothing(make, root, value):
    done = make("doctor", f"JSON={value}")
    assert done.returncode == 2
    assert last_errors(done) == f"error: JSON={value} is neither on nor off\nhint: say JSON=1 or JSON=0"
    assert not list(root.glob("made*"))


@pytest.mark.parametrize("value", ["genôme`touch made6`", "$(shell touch made7)", "a\"b'c"])
def test_a_strange_value_reaches_the_verb(make, root, value):
    done = make("show", f"PROJECT={value}")
    assert done.returncode == 2
    assert last_errors(done).startswith(f"error: unknown project '{value}'\nhint: ")
    assert not list(root.glob("made*"))


def test_a_source_with_quotes_backticks_and_umlauts_is_named_as_it_was_typed(make, root):
    source = 'Größe "x" `touch made8`.csv'
    done = make("data", "PROJECT=genome-chatbot", f"SOURCE={source}")
    assert done.returncode == 2
    assert source in last_errors(done).splitlines()[0]
    assert not list(root.glob("made*"))


def test_an_unknown_variable_is_refused_with_the_nearest_name(make):
    done = make("train", "PROFIL=x", "PROJECT=genome-chatbot")
    assert done.returncode == 2
    assert last_errors(done) == "error: unknown variable 'PROFIL' for make train\nhint: did you mean 'PROFILE'?"


def test_a_lower_case_variable_is_refused_with_its_name(make):
    done = make("check", "project=genome-chatbot")
    assert last_errors(done) == "error: unknown variable 'project' for make check\nhint: did you mean 'PROJECT'?"


@pytest.mark.parametrize("target", ["help", "setup", "test-all", "clean"])
def test_a_target_without_variables_refuses_one(make, target):
    done = make(target, "PROFIL=x")
    assert done.returncode == 2
    assert f"unknown variable 'PROFIL': make {target} takes none" in done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize(
    ("target", "name"),
    [
        ("show", "GRETCHEN"),
        ("show", "SHELL"),
        ("help", "REFUSE"),
        ("help", "READY"),
        ("help", "ALONE"),
        ("help", "GIVEN"),
    ],
)
def test_the_makefiles_own_variables_are_refused_and_run_nothing(make, root, target, name):
    done = make(target, f"{name}=@touch made9; ")
    assert done.returncode == 2
    assert f"unknown variable '{name}'" in done.stderr
    assert not list(root.glob("made*"))


def test_the_environment_is_no_command_line(make):
    done = make("show", PROJECT="from-outside", GRETCHEN_MAKE_PROJECT="from-outside", GRETCHEN_MAKE="PROJECT")
    assert done.returncode == 2
    assert last_errors(done).startswith("error: make show needs PROJECT\nhint: make show PROJECT=… (projects: ")


def test_lint_and_test_take_a_project_and_nothing_else(make):
    for target in ("lint", "test"):
        done = make(target, "PROJECT=genome-chatbo")
        assert last_errors(done).startswith("error: unknown project 'genome-chatbo'\nhint: did you mean"), done.stderr
        assert "unknown variable 'RECIPE' for make" in make(target, "RECIPE=sft").stderr


def test_help_lists_every_target_with_a_line(make, root):
    text = (root / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):", text, re.MULTILINE))
    done = make()
    assert done.returncode == 0
    head, _, listed = done.stdout.partition("\n\n")
    assert {line.split()[1] for line in listed.splitlines()} == targets
    first = [line.split("    ")[0].strip() for line in head.splitlines()[1:4]]
    assert first == ["make doctor", "make train PROJECT=genome-chatbot", "make eval PROJECT=genome-chatbot"]
    assert make("help").stdout == done.stdout


def test_every_verb_is_a_target_and_every_target_of_a_verb_calls_it(root):
    text = (root / "Makefile").read_text(encoding="utf-8")
    calling = dict(re.findall(r"^([a-z-]+): \$\(READY\).*\n\t\$\(GRETCHEN\) (\S+)$", text, re.MULTILINE))
    assert all(target == verb for target, verb in calling.items())
    assert set(calling) | {"setup"} == set(cli.verbs())


def test_help_names_only_variables_that_the_verb_knows(root):
    text = (root / "Makefile").read_text(encoding="utf-8")
    lines = re.findall(r"^([a-z-]+):.*## (.*)$", text, re.MULTILINE)
    for target, comment in lines:
        named = set(re.findall(r"\b([A-Z]{3,})=", comment))
        assert named <= set(from_make.options(target)), target
    assert len(lines) >= 15


def test_the_makefile_keeps_to_what_the_make_of_macos_knows(root):
    text = (root / "Makefile").read_text(encoding="utf-8")
    for newer in (".ONESHELL", "$(file ", ".RECIPEPREFIX", "!=", "::=", "$(guile", "$(intcmp", "$(let ", "undefine"):
        assert newer not in text


def test_a_verb_may_hold_a_dash(tmp_path, monkeypatch):
    head = '"""`make dash-ed`: a verb of two words."""'
    text = f"{head}\n\n\ndef dash_ed(limit: int = 3) -> None:\n    print(limit)\n"
    (tmp_path / "dash_ed.py").write_text(text, encoding="utf-8")
    monkeypatch.setattr(commands, "__path__", [*commands.__path__, str(tmp_path)])
    assert cli.verbs()["dash-ed"] == "`make dash-ed`: a verb of two words."
    assert set(from_make.options("dash-ed")) == {"LIMIT"}
    assert cli.run(["dash-ed", "--limit=4"]) == 0
    assert cli.run(["dash_ed"]) == 2


def given(**values):
    names = " ".join(values)
    return {"GRETCHEN_MAKE": names} | {f"GRETCHEN_MAKE_{name}": value for name, value in values.items()}


def test_variables_are_only_those_that_make_was_given():
    environment = given(A="1", B="") | {"GRETCHEN_MAKE_C": "stray", "PROJECT": "stray"}
    assert from_make.variables(environment) == {"A": "1"}


@pytest.mark.parametrize(
    ("value", "words"), [("1", ["--record"]), ("yes", ["--record"]), ("0", ["--no-record"]), ("off", ["--no-record"])]
)
def test_switches_are_on_and_off(value, words):
    words_of_make = from_make.arguments("eval", {"PROJECT": "p", "RECORD": value})
    assert words_of_make == ["--project=p", *words]


def test_an_empty_value_is_none():
    assert from_make.arguments("train", from_make.variables(given(PROJECT="p", PROFILE="", SET=""))) == ["--project=p"]


def test_several_files_are_words_and_a_verb_may_need_them():
    assert from_make.arguments("upgrade", {"FILES": "a.yaml 'b c.yaml'"}) == ["--", "a.yaml", "b c.yaml"]
    assert from_make.arguments("check", {}) == []
    with pytest.raises(UserError, match="make upgrade needs FILES"):
        from_make.arguments("upgrade", {})


def test_a_value_stays_one_word():
    words_of_make = from_make.arguments("train", {"PROJECT": "p", "SET": "a=1 b='x y'", "RECIPE": "--help"})
    assert words_of_make == ["--project=p", "--recipe=--help", "--set=a=1 b='x y'"]


def test_a_variable_known_to_one_of_several_goals_is_known():
    from_make.require_known({"RECIPE": "sft"}, "eval", ["train", "eval"])
    with pytest.raises(UserError, match="unknown variable 'RECIPE' for make eval"):
        from_make.require_known({"RECIPE": "sft"}, "eval", ["eval"])


def test_every_option_of_every_verb_can_be_said_with_make():
    for verb in cli.verbs():
        names = [*from_make.options(verb)]
        assert all(re.fullmatch(r"[A-Z]+(_[A-Z]+)*", name) for name in names), (verb, names)
    pairs = itertools.chain.from_iterable(from_make.options(verb) for verb in cli.verbs())
    assert {"PROJECT", "RECIPE", "PROFILE", "SET", "SOURCE", "LIMIT", "RECORD"} <= set(pairs)


def test_the_command_is_kept_as_a_person_could_type_it():
    assert from_make.typed("train", {"PROJECT": "p", "SET": "a=1 b"}) == "make train PROJECT=p SET='a=1 b'"
