"""What a model says in the playground is text: fifty hostile answers, also as alternatives and in models' names."""

import sys

import pytest
from browser import open_page
from conftest import ROOT, clean_environment
from hostile_text import TEXTS
from served_playground import run_prompt, served

from gretchen.feedback import votes
from gretchen.safe_text import visible

NUM_MODELS = 3


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("planted")


@pytest.fixture(scope="module")
def address(folder):
    """Return the address of a playground whose models answer with hostile texts."""
    command = [sys.executable, str(ROOT / "tests" / "planted_playground.py"), str(folder)]
    with served(command, folder, clean_environment(PYTHONPATH=str(ROOT / "tests"))) as page:
        yield page


def test_hostile_answers_tokens_and_names_are_shown_as_text(browser, address):
    with open_page(browser, address) as page:
        run_prompt(page, "say it")
        for number in range(NUM_MODELS):
            column = page.locator(".model").nth(number)
            shown = column.locator(".token").all_text_contents()
            assert shown[: len(TEXTS[number::NUM_MODELS])] == [visible(text) for text in TEXTS[number::NUM_MODELS]]
            for token in range(0, 12, 3):
                column.locator(".token").nth(token).focus()
                page.keyboard.press("Enter")
                column.locator(f".token.selected[data-n='{token}']").wait_for()
                assert column.locator(".token-table tr").count() == 5
        assert page.locator(".columns").locator("img, script, iframe, svg, form, input, object, math").count() == 0
        assert page.locator(".model-name").first.inner_text() == "<img src=x onerror='window.pwned=1'>"


def test_hostile_answers_stand_to_vote(browser, address, folder):
    with open_page(browser, address) as page:
        page.get_by_role("switch", name="Blind").click()
        run_prompt(page, "<script>window.pwned=1</script>")
        page.get_by_label("Your name, if you like").fill("<b>{{7*7}}</b>")
        page.get_by_role("button", name="None is good").click()
        page.get_by_text("your vote is kept").wait_for()
    (vote,) = votes.read(folder / "votes.jsonl")
    assert (vote.best, vote.tie, vote.rater) == (None, False, "<b>{{7*7}}</b>")
    assert {len(answer.text) > 10 for answer in vote.answers} == {True}
