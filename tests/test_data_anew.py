"""When built data is built anew: after an edit by hand, or where a compiler that rows depend on comes or goes."""

from made_project import TEST, TRAIN, built_rows, chats

from gretchen.projects.build import build, is_current


def test_files_changed_by_hand_are_built_anew(made_project, tmp_path, capsys):
    name = made_project("def chats():\n" + chats([*TRAIN[:4], *TEST[:4]]))
    build(name, "tiny")
    before = built_rows(tmp_path)
    file = tmp_path / "build/made/chats/test.jsonl"
    file.write_text(file.read_text("utf-8").replace("yes", "no", 1), encoding="utf-8")
    assert build(name, "tiny")
    assert built_rows(tmp_path) == before
    assert capsys.readouterr().err == "warning: files in build/made were changed by hand and are built anew\n"
    assert not build(name, "tiny")


def test_a_compiler_that_comes_or_goes_builds_the_data_anew(made_project, tmp_path):
    name = made_project("def chats():\n" + chats(TRAIN[:4]))
    card = tmp_path / "projects/made/project.yaml"
    card.write_text(card.read_text("utf-8") + "depends_on: [compiler/package.json]\n", encoding="utf-8")
    package = tmp_path / "build/made/compiler/package.json"
    assert build(name, "tiny")
    assert not build(name, "tiny") and is_current(name)
    package.parent.mkdir()
    package.write_text('{"version": "1"}', encoding="utf-8")
    assert not is_current(name)
    assert build(name, "tiny")
    assert not build(name, "tiny") and is_current(name)
    package.unlink()
    assert build(name, "tiny")
