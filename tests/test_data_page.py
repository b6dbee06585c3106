"""`make data HTML=1`: what its page holds, and the page in Chromium, with hostile rows that stay text."""

import json

import pytest
from browser import NARROW, address_of, fits, open_page
from hostile_text import TEXTS
from made_project import TEST, TRAIN, MadeProject
from playwright.sync_api import expect

from gretchen.commands.data import data
from gretchen.files import write_text
from gretchen.projects.build import build
from gretchen.projects.datacard import ExternalSource
from gretchen.reporting.data_page import page as page_of
from gretchen.reporting.data_rows import MAX_TEXT, data_view, fair_limit

LONG = "Please state in one short sentence which of the two long rivers near the old town is the longer one"
OTHER = LONG.replace("Please state in", "Please state now in")
ROWS = [*TRAIN[:40], *TEST[:25]]
ASKED = [text[:100_000] for text in TEXTS]  # the line of 1 MB is among the faults: counting its tokens takes seconds
BODY = f"""
import json
ROWS, ASKED, TEXTS, LONG, OTHER = {ROWS!r}, {ASKED!r}, {TEXTS!r}, {LONG!r}, {OTHER!r}

def texts():
    yield document("doc", ROWS[0], "Ein Satz über Größe.")

def chats():
    for number, key in enumerate(ROWS):
        meta = {{"language": "de" if number % 2 else "en"}}
        text = ASKED[number % len(ASKED)]
        yield chat(key, key, f"Frage{{number:02}} " + text, answer=text, meta=meta)
    yield chat("again", ROWS[0], "frage01 " + ASKED[1])
    yield chat("both", [ROWS[0], ROWS[-1]], "Both sides of the split?")
    yield chat("near-train", ROWS[0], LONG)
    yield chat("near-test", ROWS[-1], OTHER)

def preferences():
    sides = {{side: [{{"role": "assistant", "content": side}}] for side in ("chosen", "rejected")}}
    for key in ROWS[:5]:
        yield {{"id": key, "form": "pair", "group": key, "prompt": [{{"role": "user", "content": key}}], **sides}}

def read(path):
    from gretchen.projects.rows import Fault
    yield chat("outside", "elsewhere", LONG.replace("Please state in", "Please do state in"))
    yield chat("far", "elsewhere", "Something else entirely, which is asked nowhere?")
    for line, text in enumerate(TEXTS, start=1):
        yield Fault(str(path), line, text)
"""


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """A root with a project whose rows hold the fifty hostile texts, repeat each other, or are faulty."""
    made = tmp_path_factory.mktemp("data")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRETCHEN_ROOT", str(made))
        MadeProject(made).write(BODY)
        (made / "rows.txt").touch()
        build("made", "tiny", ExternalSource(path=str(made / "rows.txt")))
        yield made


@pytest.fixture(scope="module")
def view(root):
    return data_view("made")


@pytest.fixture(scope="module")
def address(root, view):
    file = root / "build" / "made" / "data.html"
    write_text(file, page_of(view))
    return address_of(file)


def test_the_page_counts_what_the_data_card_counts(view):
    card = view.data_card
    assert [each.name for each in view.formats] == ["chats", "preferences", "texts"]
    assert {each.name for each in view.formats} == set(card.formats)
    for each in view.formats:
        summary = card.formats[each.name]
        assert sum(row.tokens for row in each.rows) == summary.tokens.total
        assert sum(row.trained for row in each.rows) / summary.tokens.total == pytest.approx(
            summary.trained_share, abs=1e-4
        )
        assert {split: sum(row.split == split for row in each.rows) for split in summary.rows} == summary.rows
    assert {(item.reason, item.row.id, item.repeats) for each in view.formats for item in each.left_out} == {
        ("exact duplicate", "again", ROWS[1]), ("groups in several splits", "both", ""),
        ("near-duplicate from outside", "outside", "near-train"),
    }  # fmt: skip


def test_the_loss_mask_is_the_answer(view):
    chats, preferences, texts = view.formats
    assert texts.rows[0].sides[0].texts[:2] == ("", "Ein Satz über Größe.<|im_end|>")
    masked, trained, _ = next(row for row in chats.rows if row.id == "near-train").sides[0].texts
    assert (LONG in masked, trained) == (True, "yes<|im_end|>")
    pair = preferences.rows[0].sides
    assert [(side.label, side.texts[1]) for side in pair] == [
        ("chosen", "chosen<|im_end|>"),
        ("rejected", "rejected<|im_end|>"),
    ]


def test_near_duplicates_between_splits_are_found(view):
    chats = view.formats[0]
    pairs = [(chats.rows[later].id, chats.rows[earlier].id) for later, earlier in chats.near_duplicates]
    assert ("near-train", "near-test") in pairs


def test_long_rows_are_cut_before_short_ones(view):
    assert fair_limit([10, 10, 1000], 100) == 80
    assert fair_limit([10, 10], 100) == MAX_TEXT
    assert fair_limit([50, 50], 40) == 20
    row = max(view.formats[0].rows, key=lambda row: row.length)
    assert row.length > 200_000
    assert row.sides[0].length == MAX_TEXT


def test_make_data_says_where_the_page_is(root, capsys):
    data("made", "tiny", str(root / "rows.txt"), html=True)
    assert "wrote build/made/data.html (" in capsys.readouterr().out


def test_search_filters_sort_and_pages(browser, address):
    with open_page(browser, address) as page:
        page.select_option('select[aria-label="format"]', label="chats (68 rows)")
        status, rows = page.locator(".count"), page.locator("tr.data-row")
        assert status.inner_text() == "1 to 50 of 68"
        page.get_by_role("button", name="next →").click()
        assert (status.inner_text(), rows.count()) == ("51 to 68 of 68", 18)
        page.get_by_role("button", name="← previous").click()
        page.fill('input[type="search"]', "FRAGE07")
        expect(status).to_have_text("1 to 1 of 1 (of 68)")
        rows.click()
        assert page.locator("tr.opened .trained").inner_text().startswith("<body onload=")
        page.fill('input[type="search"]', "")
        expect(status).to_have_text("1 to 50 of 68")
        page.select_option('select[aria-label="split"]', "test")
        page.select_option('select[aria-label="language"]', "de")
        assert status.inner_text() == "1 to 12 of 12 (of 68)"
        page.select_option('select[aria-label="split"]', "")
        page.select_option('select[aria-label="language"]', "")
        page.get_by_role("button", name="characters").click()
        assert rows.first.locator("td").nth(5).inner_text().startswith("200,")
        assert page.locator("[aria-sort]").get_attribute("aria-sort") == "descending"


def test_the_keyboard_alone(browser, address):
    with open_page(browser, address) as page:
        page.select_option('select[aria-label="format"]', label="chats (68 rows)")
        page.locator("body").evaluate("document.activeElement.blur()")
        page.keyboard.press("n")
        assert page.inner_text(".count") == "51 to 68 of 68"
        page.keyboard.press("p")
        page.keyboard.press("j")
        page.keyboard.press("j")
        page.keyboard.press("Enter")
        opened = page.locator("tr.opened")
        assert "Frage01" in opened.inner_text()
        page.keyboard.press("Enter")
        assert opened.count() == 0
        page.keyboard.press("/")
        page.keyboard.type("frage64")
        expect(page.locator(".count")).to_have_text("1 to 1 of 1 (of 68)")


def test_what_repeats_stands_side_by_side(browser, address):
    with open_page(browser, address) as page:
        page.select_option('select[aria-label="format"]', label="chats (68 rows)")
        page.get_by_role("button", name="near-duplicates").click()
        box = page.locator("article", has_text="near-train")
        assert "between training and held-out rows" in box.inner_text()
        assert box.locator(".pair > div").count() == 2
        page.get_by_role("button", name="left out").click()
        assert page.locator("article").count() == 3
        assert page.locator("article", has_text="again").locator(".pair > div").count() == 2
        page.get_by_role("button", name="faults").click()
        assert page.locator(".list p").count() == 50
        assert page.get_by_role("button", name="faults").inner_text() == f"faults {len(TEXTS)}"


def test_hostile_rows_are_shown_as_text(browser, address):
    with open_page(browser, address) as page:
        page.select_option('select[aria-label="format"]', label="chats (68 rows)")
        for view in ("rows", "left out", "faults"):
            page.get_by_role("button", name=view).click()
            for row in page.locator("tr.data-row").all():
                row.dispatch_event("click")
            shown = page.evaluate("document.querySelector('.list').textContent")
            assert view == "left out" or "<script>window.pwned=1</script>" in shown
            assert "\u202e" not in shown
        assert "\\u202e" in json.dumps(page.content())
        assert page.evaluate("document.querySelectorAll('iframe, img, object, base, form, a').length") == 0


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (1280, "dark"), (NARROW, "light")])
def test_it_is_readable_in_light_dark_and_on_a_narrow_screen(browser, address, width, scheme):
    with open_page(browser, address, width, scheme) as page:
        page.select_option('select[aria-label="format"]', label="chats (68 rows)")
        page.locator("tr.data-row").nth(1).click()
        assert fits(page)
        page.get_by_role("button", name="near-duplicates").click()
        assert fits(page)
        inks = page.evaluate(
            "['trained', 'masked'].map((name) => getComputedStyle(document.querySelector('.' + name)).color)"
        )
        assert inks[0] != inks[1]
