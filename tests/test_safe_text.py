"""Text of models, data and files is safe on a terminal, on a page and in a Markdown table."""

import html
import json

import pytest
from made_project import TRAIN

from gretchen import cli
from gretchen.checks.report import CheckResult, Report, outcome
from gretchen.commands.answers import row_lines
from gretchen.inspecting.page import page
from gretchen.inspecting.preview import Preview, PreviewRow
from gretchen.inspecting.spans import Span
from gretchen.safe_text import UNSAFE, html_text, markdown_cell, spreadsheet_cell, visible
from gretchen.scoring.cells import Table, aligned, markdown
from gretchen.scoring.samples import wrapped
from gretchen.scoring.side_by_side import ComparedRow, ModelAnswer

HOSTILE = "a\x1b]0;title\x07\x9b31m\u202egnp.exe\u2066\u200b\ud800\U000e0041|<script>a(1)</script>[x](js:1)`\r"
KEPT = "Größe 👩\u200d🔬 العربية\u200cفا\tx\n−±≥"


def test_control_and_direction_marks_are_shown_as_escapes():
    assert visible("\x1b[2J\u202e\x7f\U000e0041") == "\\u001b[2J\\u202e\\u007f\\udb40\\udc41"
    assert not UNSAFE.search(visible(HOSTILE))
    visible(HOSTILE).encode()
    assert visible(KEPT) == KEPT


def test_a_spreadsheet_takes_no_text_for_a_formula():
    for text in ("=1+1", " =1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(1)", "\t=1"):
        assert spreadsheet_cell(text).startswith("'")
    for text in ("-2", "+3.5", "- 1", "a=b", "", "yes"):
        assert spreadsheet_cell(text) == text


def test_json_stays_the_same_json():
    text = json.dumps({"answer": HOSTILE}, ensure_ascii=False)
    assert json.loads(visible(text)) == {"answer": HOSTILE}


def test_a_page_shows_markup_as_text():
    text = html_text(HOSTILE)
    assert "<" not in text and not UNSAFE.search(text)
    assert html.unescape(text) == visible(HOSTILE)
    shown = page(Preview("n", HOSTILE, (HOSTILE,), (PreviewRow(HOSTILE, (Span(HOSTILE, True),)),)))
    assert "<script" not in shown and not UNSAFE.search(shown)


def test_a_markdown_cell_stays_one_cell_without_html_and_links():
    cell = markdown_cell(HOSTILE + "\nnext line")
    assert not UNSAFE.search(cell)
    assert cell.count("|") == cell.count("\\|") == 1
    assert not {"\n", "`"} & set(cell) and "<script" not in cell and "](" not in cell
    assert markdown_cell("+0.913 [0.876, 0.941], p < 0.001") == "+0.913 [0.876, 0.941], p < 0.001"


def test_tables_reports_and_samples_are_safe():
    table = Table(["model", HOSTILE], [[HOSTILE, "1"]])
    report = Report(HOSTILE, (CheckResult("rows", outcome([HOSTILE], scope=HOSTILE)),))
    for text in ("\n".join(aligned(table)), "\n".join(markdown(table)), report.text(), "\n".join(wrapped(HOSTILE, 40))):
        assert not UNSAFE.search(text)
    widths = {len(line) for line in aligned(table)}
    assert len(widths) == 1


def test_stored_answers_on_a_terminal_are_safe():
    row = ComparedRow("a", HOSTILE, HOSTILE, HOSTILE, (ModelAnswer("base", HOSTILE, 0.5, False),))
    assert not UNSAFE.search("".join(row_lines(row, 72)))


def test_the_data_card_and_messages_are_safe(made_project, tmp_path, capsys):
    form = "ask | <b>x</b>"
    body = f"""
    def chats():
        yield chat("1", "{TRAIN[0]}", "Which one of them is it?", answer="no\\u202e") | {{"form": "{form}"}}
        yield chat("2", "{TRAIN[1]}", "And which one is the other?") | {{"form": "{form}"}}
    """
    project = made_project(body)
    assert cli.run(["data", f"--project={project}"]) == 0
    card = (tmp_path / "build/made/data-card.md").read_text(encoding="utf-8")
    assert "| ask \\| &lt;b>x&lt;/b> |" in card and "no\\u202e" in card
    assert not UNSAFE.search(card)
    capsys.readouterr()
    assert cli.run(["data", "--project=\x1b[2J"]) == 2
    assert capsys.readouterr().err.startswith("error: unknown project '\\u001b[2J'")


@pytest.mark.parametrize("verb", ["show", "check"])
def test_a_projects_files_do_not_steer_the_terminal(copied, capsys, verb):
    recipe = copied / "projects/genome-chatbot/recipes/sft.zephyr.yaml"
    recipe.write_text(recipe.read_text("utf-8") + '"x\\e[2Jy": "\\u202ez"\n', encoding="utf-8")
    assert cli.run([verb, "--project=genome-chatbot"]) == 2
    printed = capsys.readouterr()
    assert "x\\u001b[2Jy" in printed.out + printed.err
    assert not UNSAFE.search(printed.out + printed.err)
