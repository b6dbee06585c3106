"""The review's pages in Chromium: search, filters, sorting, keyboard; light, dark and narrow."""

import json

import pytest
from browser import NARROW, address_of, fits, open_page
from hostile_text import TEXTS
from test_review import ROOT, SLUG, copy_project

from gretchen.reporting.checkouts import checkouts
from gretchen.reporting.entries import entries
from gretchen.reporting.review import review, write_review

NAMES = [f"team-{number:02}" for number in range(30)]


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    """The address of a review of thirty projects: three have no result, one a damaged one, one hostile notes."""
    root = tmp_path_factory.mktemp("course")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRETCHEN_ROOT", str(root))
        for number, name in enumerate(NAMES):
            folder = copy_project(root, name, date=f"2026-01-{1 + number:02}T00:00:00+00:00")
            if number < 3:
                (folder / "results.json").unlink()
        (root / "projects" / NAMES[5] / "results.json").write_text("{", encoding="utf-8")
        notes = "<script>window.pwned=1</script> Größe \u202e"
        (root / "projects" / NAMES[6] / "REVIEW.md").write_text(notes, encoding="utf-8")
        plant(root / "projects" / NAMES[7])
        yield address_of(write_review(review(entries(checkouts("")))))


def plant(folder):
    """Put the fifty hostile texts into a project: as models of its result, as its W&B address, and as notes."""
    results = json.loads((folder / "results.json").read_text(encoding="utf-8"))
    first = results["evaluations"][0]
    texts = [text[:100_000] for text in TEXTS]
    first["models"] += [first["models"][-1] | {"name": text} for text in texts]
    first |= {"wandb": "javascript:window.pwned=1", "git": texts[0]}
    (folder / "results.json").write_text(json.dumps(results), encoding="utf-8")
    (folder / "REVIEW.md").write_text("\n".join(TEXTS), encoding="utf-8")


def shown(page):
    """Return the names of the projects that the table shows, in its order."""
    rows = page.locator("#projects tbody tr:visible")
    return [rows.nth(number).locator("th").get_attribute("data-value") for number in range(rows.count())]


def test_search_filter_and_sort(browser, address):
    with open_page(browser, address) as page:
        assert shown(page) == NAMES
        page.fill("#search", "team-07")
        assert (shown(page), page.inner_text("#count")) == (["team-07"], "1 of 30 projects")
        page.fill("#search", "")
        page.select_option("#state", "none")
        assert shown(page) == [*NAMES[:3], NAMES[5]]
        page.select_option("#state", "problem")
        assert shown(page) == [NAMES[5]]
        page.select_option("#state", "")
        page.select_option("#stage", "none")
        assert len(shown(page)) == 4
        page.select_option("#stage", "")
        head = page.get_by_role("button", name="project")
        head.click()
        head.click()
        assert shown(page) == NAMES[::-1]
        page.get_by_role("button", name="base → SFT → aligned").click()
        assert set(shown(page)[-4:]) == {*NAMES[:3], NAMES[5]}, "rows without a value stay last"


def test_the_keyboard_alone(browser, address):
    with open_page(browser, address) as page:
        page.keyboard.press("/")
        page.keyboard.type("team-06")
        assert shown(page) == ["team-06"]
        page.locator("#projects a").first.focus()
        page.locator("#projects tr:visible a").first.focus()
        page.keyboard.press("Enter")
        page.wait_for_url("**/team-06.html")
        assert "<script>window.pwned=1</script> Größe \\u202e" in page.inner_text("main")


def test_the_fifty_hostile_texts_are_text(browser, address):
    for name in ("index", "team-07"):
        with open_page(browser, address.replace("index", name)) as page:
            elements = "iframe, img, object, base, form, plaintext, textarea, math, [href^=javascript]"
            assert page.locator(elements).count() == 0
            content = page.evaluate("document.querySelector('main').textContent")
            assert name == "index" or all(text in content for text in ("<plaintext>", "=1+1", "{{ 7 * 7 }}"))
            assert "\u202e" not in content
            assert fits(page)


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (1280, "dark"), (NARROW, "light")])
@pytest.mark.parametrize("name", ["index", "team-06"])
def test_it_is_readable_in_light_dark_and_on_a_narrow_screen(browser, address, name, width, scheme):
    with open_page(browser, address.replace("index", name), width, scheme) as page:
        assert fits(page)


def test_the_figures_are_those_of_results_json(browser, address):
    results = json.loads((ROOT / "projects" / SLUG / "results.json").read_text(encoding="utf-8"))
    evaluation = results["evaluations"][0]
    base = next(model for model in evaluation["models"] if model["kind"] == "base")
    first = next(iter(evaluation["sets"]))
    value = base["sets"][first]["scores"][evaluation["main_metric"]]["value"]
    with open_page(browser, address) as page:
        assert f"{value:.3f} →" in page.inner_text("#projects tbody tr:last-child td.ladder")
