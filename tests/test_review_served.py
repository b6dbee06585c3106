"""`make review SERVE=1`: notes edited in the page, by two reviewers at once; other sites change nothing."""

import json
import re
import subprocess
import sys
import threading
import urllib.error
import urllib.request

import pytest
from browser import NARROW, fits, go_to, open_page
from hostile_text import TEXTS
from playwright.sync_api import expect
from test_review import SLUG, copy_project

from gretchen.errors import WorkError
from gretchen.reporting.checkouts import checkouts
from gretchen.reporting.entries import entries
from gretchen.reporting.notes import Notes, NotesChanged, notes_file, read_notes, write_notes
from gretchen.reporting.review import review
from gretchen.reporting.review_server import review_app
from gretchen.serving.local_server import HOST, listening, server

TOKEN = "token"


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """A clone with two projects, and another checkout with a project and a REVIEW.md that ticks a point."""
    folder = tmp_path_factory.mktemp("served")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRETCHEN_ROOT", str(folder / "clone"))
        for name in (SLUG, "plant-genomics"):
            copy_project(folder / "clone", name)
        team = copy_project(folder / "team", "moss-genomics")
        (team / "REVIEW.md").write_text("- [x] samples read: <b>all</b> of them\n", encoding="utf-8")
        (folder / "clone" / "teams.yaml").write_text("team-a: ../team\n", encoding="utf-8")
        yield folder / "clone"


@pytest.fixture(scope="module")
def address(root):
    """The address of the review, served."""
    bound = listening(0)
    serving = server(review_app(review(entries(checkouts("teams.yaml"))), TOKEN), bound)
    thread = threading.Thread(target=serving.run, kwargs={"sockets": [bound]}, daemon=True)
    thread.start()
    yield f"http://{HOST}:{bound.getsockname()[1]}/{TOKEN}/"
    serving.should_exit = True
    thread.join(20)


@pytest.fixture
def notes(root):
    """The file of the notes on the flagship, which does not exist yet."""
    file = notes_file("", SLUG)
    file.unlink(missing_ok=True)
    return file


def answer_to(address, method="GET", body=None, **headers):
    """Return the status and the body of a request."""
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    request = urllib.request.Request(address, data=body, method=method, headers=names)
    try:
        with urllib.request.urlopen(request, timeout=20) as response:
            return response.status, response.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def edit_of(address, page, notes):
    """Return the body of a request that replaces the present notes."""
    version = json.loads(answer_to(f"{address}notes/{page}")[1])["version"]
    return json.dumps({"notes": notes, "version": version}).encode()


def write(page, text):
    """Type notes into a project's page, as a reviewer does."""
    field = page.get_by_label("notes")
    expect(field).to_be_enabled()
    field.fill(text)
    field.press("Control+Enter")


def test_notes_are_written_in_the_page_and_answer_points(browser, address, notes):
    with open_page(browser, address) as page:
        page.get_by_role("link", name="Genome chatbot").first.click()
        expect(page.locator("ul.checks")).to_contain_text("only a person can say so")
        write(page, "Größe gut\n\n- [x] samples read: 20 of each form\n")
        expect(page.locator(".notes [role=status]")).to_have_text(f"saved in projects/{SLUG}/REVIEW.md")
        expect(page.locator("ul.checks li").nth(4)).to_contain_text("20 of each form")
        assert notes.read_text(encoding="utf-8") == "Größe gut\n\n- [x] samples read: 20 of each form\n"
        page.reload()
        expect(page.get_by_label("notes")).to_have_value("Größe gut\n\n- [x] samples read: 20 of each form\n")


def test_an_edit_that_began_with_other_notes_is_refused_with_the_present_ones(address, notes):
    notes.write_text("in an editor", encoding="utf-8")
    stale = json.dumps({"notes": "x", "version": Notes("").version}).encode()
    status, body = answer_to(f"{address}notes/{SLUG}.html", "PUT", stale)
    assert (status, json.loads(body)["notes"]) == (409, "in an editor")
    assert notes.read_text(encoding="utf-8") == "in an editor"


def test_a_conflict_is_shown_and_the_reviewer_decides(browser, address, notes):
    context = browser.new_context()
    page = context.new_page()
    go_to(page, f"{address}{SLUG}.html")
    expect(page.get_by_label("notes")).to_be_enabled()
    notes.write_text("<img src=x onerror='window.pwned=1'> theirs", encoding="utf-8")
    write(page, "mine")
    expect(page.locator(".notes [role=status]")).to_contain_text("Not saved: somebody else has changed the notes")
    expect(page.locator(".theirs .answer")).to_have_text("<img src=x onerror='window.pwned=1'> theirs")
    assert page.get_by_label("notes").input_value() == "mine"
    assert notes.read_text(encoding="utf-8").endswith("theirs")
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".notes [role=status]")).to_contain_text("saved in")
    assert (notes.read_text(encoding="utf-8"), page.evaluate("window.pwned")) == ("mine", None)
    context.close()


def test_twenty_writers_at_once_one_wins(notes):
    outcomes = []

    def save(number):
        try:
            write_notes(notes, f"writer {number}", Notes("").version)
            outcomes.append(number)
        except NotesChanged:
            pass

    threads = [threading.Thread(target=save, args=(number,)) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (winner,) = outcomes
    assert read_notes(notes).text == f"writer {winner}"


def test_notes_on_another_checkout_stay_in_this_clone(browser, address, root):
    team = root.parent / "team" / "projects" / "moss-genomics"
    before = {file: file.read_bytes() for file in team.rglob("*")}
    with open_page(browser, f"{address}team-a--moss-genomics.html") as page:
        expect(page.locator("ul.checks li").nth(4)).to_contain_text("not run")
        page.get_by_text("REVIEW.md of the team's own checkout").click()
        expect(page.locator("details .answer")).to_have_text("- [x] samples read: <b>all</b> of them\n")
        write(page, "- [ ] licence: the forum's terms\n")
        expect(page.locator(".notes [role=status]")).to_have_text("saved in reviews/team-a/moss-genomics.md")
    assert {file: file.read_bytes() for file in team.rglob("*")} == before
    entry = entries(checkouts("teams.yaml"))[-1]
    assert (entry.slug, entry.notes) == ("moss-genomics", "- [ ] licence: the forum's terms\n")


def test_other_sites_rebound_names_and_wrong_tokens_change_nothing(address, notes):
    target, body = f"{address}notes/{SLUG}.html", edit_of(address, f"{SLUG}.html", "pwned")
    origin = address.removesuffix(f"/{TOKEN}/")
    assert answer_to(target, "PUT", body, Origin="https://evil.example")[0] == 403
    assert answer_to(target, "PUT", body, Host="evil.example")[0] == 403
    assert answer_to(target, Host=f"evil.example:{origin.rpartition(':')[2]}")[0] == 403
    for wrong in ("", "wrong", "%2e%2e"):
        assert answer_to(target.replace(f"/{TOKEN}/", f"/{wrong}/"), "PUT", body, Origin=origin)[0] == 404
    for method in ("POST", "DELETE", "PATCH"):
        assert answer_to(target, method, body)[0] == 405
    for page in ("..%2f..%2fMakefile", "nothing.html", f"../notes/{SLUG}.html/x"):
        assert answer_to(f"{address}notes/{page}", "PUT", body)[0] in (404, 405)
    assert not notes.exists()
    assert answer_to(target, "PUT", body, Origin=origin)[0] == 200
    assert notes.read_text(encoding="utf-8") == "pwned"


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"{", 400),
        (b'{"notes": 1, "version": ""}', 400),
        (b'{"notes": "\\ud800", "version": ""}', 400),
        (b"\xff", 400),
        (b"[" * 100_000, 400),
        (b'{"notes": "' + b"x" * 1_000_000 + b'", "version": ""}', 413),
    ],
)
def test_a_faulty_edit_is_refused(address, notes, body, status):
    assert answer_to(f"{address}notes/{SLUG}.html", "PUT", body)[0] == status
    assert not notes.exists()


def test_a_link_or_a_binary_file_is_left_as_it_is(address, notes, tmp_path):
    outside = tmp_path / "outside.md"
    outside.write_text("outside", encoding="utf-8")
    notes.symlink_to(outside)
    status, problem = answer_to(f"{address}notes/{SLUG}.html", "PUT", edit_of(address, f"{SLUG}.html", "new"))
    assert (status, problem) == (
        507, f"projects/{SLUG}/REVIEW.md is a link, no text, or larger than a few MB: it is left as it is"
    )  # fmt: skip
    assert (outside.read_text(encoding="utf-8"), notes.is_symlink()) == ("outside", True)
    notes.unlink()
    notes.write_bytes(b"\xff")
    with pytest.raises(WorkError):
        write_notes(notes, "new", Notes("").version)


def test_hostile_notes_are_shown_as_text(browser, address, notes):
    hostile = "\n".join(text for text in TEXTS if len(text) < 1000)
    notes.write_text(hostile, encoding="utf-8")
    with open_page(browser, f"{address}{SLUG}.html") as page:
        expect(page.get_by_label("notes")).to_be_enabled()
        assert "<script>window.pwned=1</script>" in page.get_by_label("notes").input_value()
        assert page.evaluate("document.querySelectorAll('iframe, img, object, base, plaintext').length") == 0


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (1280, "dark"), (NARROW, "light")])
def test_it_is_readable_in_light_dark_and_on_a_narrow_screen(browser, address, width, scheme):
    with open_page(browser, f"{address}{SLUG}.html", width, scheme) as page:
        expect(page.get_by_label("notes")).to_be_enabled()
        assert fits(page)


def test_the_command_prints_the_address(root, environment):
    command = [sys.executable, "-m", "gretchen", "review", "--serve"]
    options = {"env": environment(GRETCHEN_ROOT=str(root)), "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, **options) as process:
        try:
            found = re.fullmatch(r"review  (http://127\.0\.0\.1:\d+/[\w-]{32}/)\n", process.stdout.readline())
            assert answer_to(found[1])[0] == 200
        finally:
            process.send_signal(2)
        process.wait(30)
