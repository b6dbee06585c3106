"""The constitution of a project: its faults, each with its line, and what a project without one is shown."""

import pytest
from judged_project import constitution_file, write_project

from gretchen import cli


@pytest.fixture
def project(made_project):
    return write_project(made_project)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("assistant: x\nvalues: [a]\nrules: {right: r}\nrule: {}\n", "4: unknown key 'rule', did you mean 'rules'?"),
        ("assistant: x\nvalues: []\nrules: {right: r}\n", "2: values: list should have at least 1 item"),
        ("assistant: x\nvalues: [a]\nrules:\n  Is right: r\n", "4: rules: 'Is right' is no name of a rule: expected"),
        ("assistant: x\nvalues: [a]\nrules:\n  right: 3\n", "4: rules.right: input should be a valid string, not 3"),
        ("assistant: x\nvalues: [a]\n", "1: key 'rules' is missing"),
        ("assistant: x\nvalues: [a]\nassistant: y\nrules: {a: b}\n", "3: duplicate key 'assistant', first on line 1"),
    ],
)  # fmt: skip
def test_a_faulty_constitution_is_named_by_line(project, text, problem, capsys):
    constitution_file().write_text(text, encoding="utf-8")
    assert cli.run(["judge", "--project=made", "--judge=laptop"]) == 2
    assert f"projects/made/constitution.yaml:{problem}" in capsys.readouterr().err
    assert cli.run(["check", "--project=made"]) != 0
    assert f"projects/made/constitution.yaml:{problem}" in capsys.readouterr().out


def test_a_project_without_a_constitution_gets_the_fix(project, capsys):
    constitution_file().unlink()
    assert cli.run(["judge", "--project=made", "--judge=laptop"]) == 2
    error = capsys.readouterr().err
    assert "made has no constitution.yaml" in error and "docs/judge.md" in error
