"""`make label` in Chromium: two raters at once, keyboard and clicks, two languages, hostile answers, kill -9."""

import re
import sys

import httpx
import pytest
from browser import NARROW, fits, go_to, open_page
from conftest import ROOT, clean_environment
from hostile_text import TEXTS
from made_project import MadeProject
from planted_label import ANSWERS, NUM_TASKS, tasks
from served_playground import served, serving

from gretchen import feedback
from gretchen.feedback.export import label_store
from gretchen.feedback.labels import labels_file, read_labels
from gretchen.safe_text import visible

# Keys that rank three answers, as on the page from left to right.
RANKS = {text: str(rank) for rank, text in enumerate(ANSWERS, start=1)}


@pytest.fixture
def root(tmp_path, monkeypatch):
    """Return a root of the test's own with the project `made`."""
    MadeProject(tmp_path)
    monkeypatch.setenv("GRETCHEN_ROOT", str(tmp_path))
    return tmp_path


@pytest.fixture
def page_of(root):
    """Return a function that serves the label page."""

    def serve(*words):
        command = [sys.executable, str(ROOT / "tests" / "planted_label.py"), *words]
        return serving(command, root, clean_environment(PYTHONPATH=str(ROOT / "tests"), GRETCHEN_ROOT=str(root)))

    return serve


@pytest.fixture(scope="module")
def hostile(tmp_path_factory):
    """Return the address of a label page whose questions and answers are hostile."""
    folder = tmp_path_factory.mktemp("hostile")
    MadeProject(folder)
    command = [sys.executable, str(ROOT / "tests" / "planted_label.py"), "hostile"]
    with served(command, folder, clean_environment(PYTHONPATH=str(ROOT / "tests"), GRETCHEN_ROOT=str(folder))) as page:
        yield page


def begin(page, name):
    """Type a name and begin."""
    page.get_by_label(re.compile("Your name|Dein Name")).fill(name)
    page.keyboard.press("Enter")
    page.locator(".judged").first.wait_for()


def rank_by_keys(page):
    """Rank the answers as RANKS says, by digits from left to right, and submit; return the question."""
    question = page.locator(".question .answer").inner_text()
    for text in page.locator(".judged .answer").all_inner_texts():
        page.keyboard.press(RANKS[text])
    pressed = "document.querySelectorAll('.judged [aria-pressed=true]').length === 3"
    page.wait_for_function(pressed)
    page.keyboard.press("Control+Enter")
    return question


def wait_for_next(page, judged, left):
    """Wait until a label is kept."""
    page.get_by_text(re.compile(f"^{judged} (judged|bewertet), {left} ")).wait_for()


def test_two_raters_at_once_label_by_keys_and_clicks_and_export(browser, root, page_of):
    with (
        page_of() as running,
        open_page(browser, f"{running.address}?language=en") as first,
        open_page(browser, f"{running.address}?language=de") as second,
    ):
        begin(first, "Käthe")
        begin(second, "Jörg")
        assert second.get_by_role("button", name="Absenden").is_visible()
        for number in range(NUM_TASKS):
            asked = rank_by_keys(first), rank_by_keys(second)
            assert asked[0] == asked[1]  # the second rater judges what the first has judged
            for page in (first, second):
                wait_for_next(page, number + 1, NUM_TASKS - number - 1)
        first.get_by_text("Thank you, nothing is left for you.").wait_for()
        first.get_by_role("button", name="Agreement").click()
        first.locator("tr", has_text="Ranking, in pairs").get_by_text("1.00").wait_for()
        first.get_by_role("button", name="Close").click()
        second.get_by_role("button", name="Exportieren").click()
        second.get_by_text("8 Bewertungen stehen in projects/made/data/labels.jsonl").wait_for()
    labels = read_labels(labels_file("made"))
    assert len({label.rater for label in labels}) == 2
    text = labels_file("made").read_text(encoding="utf-8").casefold()
    assert "käthe" not in text and "jörg" not in text
    pairs = [row for row in feedback.preferences(str(root / "projects/made/dataset.py")) if "row-0" in str(row)]
    chosen = [(row["chosen"][0]["content"], row["rejected"][0]["content"]) for row in pairs]
    assert sorted(chosen) == sorted([ANSWERS[:2], ANSWERS[1:], ANSWERS[::2]])


def test_every_control_by_click_and_by_key(browser, page_of):
    with page_of() as running, open_page(browser, f"{running.address}?language=en") as page:
        page.get_by_role("button", name="Start").click()
        page.get_by_text("Please type your name").wait_for()
        begin(page, "Ada")
        page.get_by_role("button", name="Submit").click()
        page.get_by_text("Give every answer a rank").wait_for()
        cards = [page.get_by_role("region", name=f"Answer {letter}") for letter in "ABC"]
        texts = page.locator(".judged .answer").all_inner_texts()
        cards[1].get_by_role("group", name="Rank").get_by_role("button", name="1").click()
        cards[1].get_by_role("button", name="yes").click()
        cards[1].get_by_role("group", name="Helpful").get_by_role("button", name="5").click()
        for key in ("c", "2", "-", "s", "n", "n", "q", "1"):  # n twice: taken back
            page.keyboard.press(key)
        page.keyboard.press("a")
        page.keyboard.press("2")
        pressed = (
            "[...document.querySelectorAll('.judged')].map(card => card.querySelectorAll('[aria-pressed=true]').length)"
        )
        page.wait_for_function(f"JSON.stringify({pressed}) === '[1,3,4]'")
        page.get_by_role("button", name="Deutsch").click()
        page.get_by_role("region", name="Antwort A").wait_for()
        page.wait_for_function(f"JSON.stringify({pressed}) === '[1,3,4]'")  # what is said stays
        page.get_by_role("button", name="Absenden").click()
        page.get_by_text("gespeichert").wait_for()
        (label,) = label_store("made").labels()
        judged = dict(zip([answer.text for answer in label.task.answers], label.judgements, strict=True))
        a, b, c = (judged[text] for text in texts)
        assert (a.rank, b.rank, c.rank) == (2, 1, 2)
        assert (b.good, b.scales, b.flags) == (True, {"helpful": 5}, ())
        assert (c.good, c.scales, c.flags) == (False, {"quality": 1}, ("spam",))
        page.keyboard.press("r")
        page.wait_for_function(f"JSON.stringify({pressed}) === '[1,3,4]'")
        page.keyboard.press("a")
        page.keyboard.press("3")
        page.keyboard.press("Control+Enter")
        wait_for_next(page, 1, 3)
        page.reload()
        wait_for_next(page, 1, 3)
    (label,) = label_store("made").labels()
    assert sorted(judgement.rank for judgement in label.judgements) == [1, 2, 3]


def test_kill_9_after_a_submit_loses_nothing(browser, page_of):
    for number, name in enumerate(("Ada", "Emmy"), start=1):
        with page_of() as running:
            context = browser.new_context()
            page = context.new_page()
            go_to(page, f"{running.address}?language=en")
            begin(page, name)
            rank_by_keys(page)
            page.get_by_text("saved").wait_for()
            running.process.kill()
            running.process.wait()
            context.close()
        assert len(label_store("made").labels()) == number


def test_hostile_answers_and_questions_are_text(browser, hostile):
    with open_page(browser, f"{hostile}?language=en") as page:
        begin(page, "<img src=x onerror='window.pwned=1'>")
        shown = set()
        for number in range(len(tasks(hostile=True))):
            shown |= set(page.locator(".judged .answer").all_text_contents())
            inside = page.locator(".content").locator("img, script, iframe, svg, form, input, object, math")
            assert inside.count() == 0
            count = page.locator(".judged").count()
            for _ in range(count):
                page.keyboard.press("1")
            page.wait_for_function(f"document.querySelectorAll('.judged [aria-pressed=true]').length === {count}")
            page.keyboard.press("Control+Enter")
            page.get_by_text(re.compile(f"^{number + 1} judged")).wait_for()
        assert shown == {visible(text) for text in TEXTS}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_a_narrow_screen(browser, hostile, scheme):
    with open_page(browser, hostile, width=NARROW, scheme=scheme) as page:
        begin(page, f"Ada {scheme}")
        assert fits(page)


def test_another_site_a_rebound_name_and_a_wrong_token_reach_nothing(hostile):
    origin, _, _ = hostile.rstrip("/").rpartition("/")
    assert httpx.get(hostile).status_code == 200
    assert httpx.get(f"{origin}/").status_code == 404
    assert httpx.get(f"{origin}/{'x' * 32}/").status_code == 404
    for refused in ({"Host": "evil.example"}, {"Origin": "http://evil.example"}):
        assert httpx.get(hostile, headers=refused).status_code == 403
