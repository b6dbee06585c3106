"""report.html in Chromium, opened from the disk: search, filters, keyboard, and hostile answers that stay text."""

import json

import pytest
from browser import NARROW, address_of, fits, open_page
from hostile_text import TEXTS
from made_project import HEAD, TEST, TRAIN, MadeProject, chats
from stored_results import store_result

from gretchen import paths
from gretchen.files import write_text
from gretchen.projects.build import build
from gretchen.reporting.files import report_file
from gretchen.reporting.report import make_report, page

ROWS = TEST[:30]
SCORE = 'def score(prediction, row):\n    return {"exact": float(prediction == row["messages"][-1]["content"])}\n'


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    """The address of a report with thirty rows in two languages: SFT fixes ten, hostile texts are in all answers."""
    root = tmp_path_factory.mktemp("report")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRETCHEN_ROOT", str(root))
        yield_rows = "".join(
            f"    yield chat({row!r}, {row!r}, {json.dumps(f'Frage{number:02} ' + TEXTS[number])}, "
            f"meta={{'language': {'de' if number % 2 else 'en'!r}}})\n"
            for number, row in enumerate(ROWS)
        )
        MadeProject(root).write("def chats():\n" + chats(TRAIN[:5]) + yield_rows)
        write_text(paths.projects() / "made" / "evaluation.py", SCORE)
        assert HEAD in (paths.projects() / "made" / "dataset.py").read_text(encoding="utf-8")
        build("made", "tiny")
        hostile = dict(zip(ROWS, TEXTS, strict=False))
        fixed = {row: "yes" if number < 10 else TEXTS[20 + number] for number, row in enumerate(ROWS)}
        broken = fixed | {row: "yes" for row in ROWS[:20]}
        store_result("made", {"base": hostile, "sft.zephyr": fixed, "dpo.zephyr": broken})
        write_text(report_file("made"), page(make_report("made")))
        yield address_of(report_file("made"))


def test_search_filters_and_verdicts(browser, address):
    with open_page(browser, address) as opened:
        status, rows = opened.locator(".count"), opened.locator(".shown-row[tabindex]")
        assert status.inner_text() == "30 of 30 rows, 20 shown"
        opened.get_by_role("button", name="show 20 more").click()
        assert rows.count() == 30
        opened.fill('input[type="search"]', "frage07")
        assert (status.inner_text(), rows.count()) == ("1 of 30 rows, 1 shown", 1)
        opened.fill('input[type="search"]', "")
        opened.get_by_role("button", name="still wrong").click()
        assert status.inner_text() == "10 of 30 rows, 10 shown"
        assert opened.get_by_role("button", name="still wrong").get_attribute("aria-pressed") == "true"
        opened.select_option('select[aria-label="language"]', "de")
        assert status.inner_text() == "5 of 30 rows, 5 shown"
        opened.select_option('select[aria-label="language"]', "")
        opened.get_by_role("button", name="still wrong").click()
        opened.select_option('select[aria-label="compare to"]', label="sft.zephyr")
        assert opened.get_by_role("button", name="fixed").inner_text() == "fixed 10"


def test_the_keyboard_alone(browser, address):
    with open_page(browser, address) as opened:
        opened.keyboard.press("/")
        opened.keyboard.type("Frage12")
        assert opened.locator(".shown-row[tabindex]").count() == 1
        opened.keyboard.press("Tab")
        opened.locator("body").evaluate("document.activeElement.blur()")
        opened.keyboard.press("j")
        assert "Frage12" in opened.evaluate("document.activeElement.textContent")


def test_hostile_answers_are_shown_as_text(browser, address):
    with open_page(browser, address) as opened:
        while opened.get_by_role("button", name="show 20 more").is_visible():
            opened.get_by_role("button", name="show 20 more").click()
        shown = "\n".join(opened.locator(".answer").all_text_contents())
        assert "<script>window.pwned=1</script>" in shown
        assert "\u202e" not in shown
        assert "\\u202e" in shown
        assert opened.locator(".answer *").count() == 0
        assert opened.evaluate("document.querySelectorAll('iframe, img, object, base, form').length") == 0


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (1280, "dark"), (NARROW, "light")])
def test_it_is_readable_in_light_dark_and_on_a_narrow_screen(browser, address, width, scheme):
    with open_page(browser, address, width, scheme) as opened:
        assert fits(opened)
        page_colour, ink = opened.evaluate(
            "[getComputedStyle(document.body).backgroundColor, getComputedStyle(document.body).color]"
        )
        assert (page_colour == "rgb(255, 255, 255)") == (scheme == "light")
        assert page_colour != ink
