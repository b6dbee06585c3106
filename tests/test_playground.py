"""`make playground` in Chromium: typing, running, tokens, keyboard, code, presets, blind votes, other sites."""

import json
import re
import sys
from math import exp

import httpx
import pytest
from browser import NARROW, fits, open_page
from conftest import clean_environment
from random_models import write_adapter
from run_records import write_run
from served_playground import run_prompt, served

from gretchen.feedback import votes

PROJECT, BASE = "genome-chatbot", "projects/genome-chatbot/base"
QUESTION = "Größe von ATG AAA?"


@pytest.fixture(scope="module")
def address(flagship, tmp_path_factory):
    """Return the address of a playground over the flagship's base and a run of random weights."""
    run = flagship / "runs" / PROJECT / "sft.zephyr" / "20260101-000000-aaaa"
    write_adapter(flagship / BASE, run / "adapter")
    write_run(run, base={"model": BASE, "weights": "w" * 16})
    command = [sys.executable, "-m", "gretchen", "playground", f"--project={PROJECT}"]
    threads = {"OMP_NUM_THREADS": "1", "GRETCHEN_ROOT": str(flagship)}
    with served(command, flagship, clean_environment(**threads)) as page:
        origin, token = page.rstrip("/").rsplit("/", 1)
        body = {"model": "sft.zephyr", "prompt": "x", "max_tokens": 1}  # loads the model before a page waits for it
        client = {"headers": {"Authorization": f"Bearer {token}"}, "timeout": 500}
        assert httpx.post(f"{origin}/v1/completions", json=body, **client).is_success
        yield page


@pytest.fixture(scope="module")
def api(address):
    """Return the address of the API, and its headers."""
    origin, token = re.fullmatch(r"(http://[^/]+)/([^/]+)/", address).groups()
    return origin, {"Authorization": f"Bearer {token}"}


def set_field(page, label, value):
    """Type a number into a field of the settings."""
    page.get_by_label(label, exact=True).first.fill(str(value))
    page.get_by_label(label, exact=True).first.press("Tab")


def test_a_prompt_is_answered_by_base_and_run_side_by_side(browser, address, api):
    origin, headers = api
    with open_page(browser, address) as page:
        set_field(page, "Maximum length", 6)
        run_prompt(page, QUESTION)
        assert page.locator(".model-name").all_inner_texts() == ["base", "sft.zephyr"]
        assert page.locator(".model .chip").all_inner_texts() == ["raw prompt", "chat template"]
        raw = {"model": "base", "prompt": QUESTION, "max_tokens": 6, "temperature": 0, "logprobs": 5}
        choice = httpx.post(f"{origin}/v1/completions", json=raw, headers=headers, timeout=60).json()["choices"][0]
        base = page.locator(".model").first
        spans = base.locator(".token:not(.special)").all_text_contents()
        assert "".join(spans) == choice["text"]
        assert re.fullmatch(r"[−\d.]+ log probability on \d+ tokens?, .+", base.locator(".status").inner_text())
        chat = {"model": "sft.zephyr", "messages": [{"role": "user", "content": QUESTION}]}
        chat |= {"max_tokens": 6, "temperature": 0}
        reply = httpx.post(f"{origin}/v1/chat/completions", json=chat, headers=headers, timeout=60).json()
        text = "".join(page.locator(".model").nth(1).locator(".token:not(.special)").all_text_contents())
        assert text == reply["choices"][0]["message"]["content"]


def test_a_click_on_a_token_shows_the_alternatives_with_their_probabilities(browser, address, api):
    origin, headers = api
    raw = {"model": "base", "prompt": QUESTION, "max_tokens": 6, "temperature": 0, "logprobs": 5}
    answer = httpx.post(f"{origin}/v1/completions", json=raw, headers=headers, timeout=60).json()["choices"][0]
    with open_page(browser, address) as page:
        set_field(page, "Maximum length", 6)
        run_prompt(page, QUESTION)
        column = page.locator(".model").first
        column.locator(".token").nth(1).click()
        column.locator(".token-table tr").nth(4).wait_for()
        shares = [float(text.split()[0]) for text in column.locator(".token-table .number").all_inner_texts()]
        expected = sorted((100 * exp(value) for value in answer["logprobs"]["top_logprobs"][1].values()), reverse=True)
        assert shares == pytest.approx(expected, abs=0.006)
        assert column.locator(".token-table .chosen").count() == 1
        panel = column.locator(".token-panel").inner_text()
        assert re.search(r"[−\d.]+ log probability \([\d.]+\s%\); the 5 likeliest cover [\d.]+\s%", panel)
        assert "Whole answer: " in panel
        column.locator(".token").first.focus()
        for key in ("ArrowRight", "ArrowRight", "Enter"):
            page.keyboard.press(key)
        column.locator(".token.selected[data-n='2']").wait_for()


def test_completion_mode_a_stop_sequence_and_best_of(browser, address):
    with open_page(browser, address) as page:
        page.get_by_role("button", name="Completion").click()
        assert not page.get_by_label("System message").is_visible()
        set_field(page, "Maximum length", 5)
        set_field(page, "Temperature", 1)
        set_field(page, "Best of", 3)
        run_prompt(page, "DNA: ATG")
        assert page.locator(".model .chip").all_inner_texts() == ["raw prompt", "raw prompt"]
        first = page.locator(".model .answer").all_text_contents()
        run_prompt(page)
        assert page.locator(".model .answer").all_text_contents() == first  # the same seed
        set_field(page, "Temperature", 9)
        page.get_by_role("button", name="Run").click()
        page.get_by_text("temperature: Input should be less than or equal to 2").wait_for()


def test_the_code_is_the_same_request_and_runs(browser, address):
    with open_page(browser, address) as page:
        set_field(page, "Maximum length", 6)
        page.get_by_label("System message").fill('Be "brief".')
        run_prompt(page, QUESTION)
        shown = page.locator(".model").nth(1).locator(".token:not(.special)").all_text_contents()
        page.get_by_role("button", name="View code").click()
        page.locator(".code", has_text="client.completions.create").wait_for()
        page.get_by_label("Model", exact=True).click()
        page.get_by_role("option", name="sft.zephyr").click()
        page.locator(".code", has_text="client.chat.completions.create").wait_for()
        code = page.locator(".code").inner_text()
        page.keyboard.press("Escape")
    printed = []
    exec(code, {"print": printed.append})
    assert printed == ["".join(shown)]


def test_a_preset_is_a_file_that_comes_back(browser, address, flagship):
    with open_page(browser, address) as page:
        page.get_by_label("Prompt", exact=True).fill("Complement of ATG")
        set_field(page, "Top-p", 0.5)
        page.get_by_label("Save as").fill("complement")
        page.get_by_role("button", name="Save").click()
        page.get_by_text("saved in projects/genome-chatbot/playground.json, without answers").wait_for()
        set_field(page, "Maximum length", 4)
        run_prompt(page)
        page.get_by_role("button", name="Save").click()
        page.get_by_text("saved in projects/genome-chatbot/playground.json, with 2 answers").wait_for()
        shown = [
            "".join(model.locator(".token:not(.special)").all_text_contents()) for model in page.locator(".model").all()
        ]
    stored = json.loads((flagship / "projects" / PROJECT / "playground.json").read_text(encoding="utf-8"))
    preset = stored["presets"]["complement"]
    assert preset["top_p"] == 0.5
    assert [answer["text"] for answer in preset["answers"]] == shown
    assert [(answer["model"], answer["prompting"]) for answer in preset["answers"]] == [
        ("base", "raw prompt"),
        ("sft.zephyr", "chat template"),
    ]
    with open_page(browser, address) as page:
        page.get_by_label("Preset").click()
        page.get_by_role("option", name="complement").click()
        page.wait_for_function("document.querySelector('.prompt textarea').value === 'Complement of ATG'")


def test_a_blind_vote_hides_the_names_and_is_kept(browser, address, flagship):
    file = flagship / "runs" / PROJECT / "labels" / "votes.jsonl"
    with open_page(browser, address) as page:
        set_field(page, "Maximum length", 4)
        page.get_by_role("switch", name="Blind").click()
        run_prompt(page, QUESTION)
        assert page.locator(".model-name").all_inner_texts() == ["A", "B"]
        columns = page.locator(".columns").inner_html()
        assert "base" not in columns and "sft.zephyr" not in columns and "raw prompt" not in columns
        page.get_by_label("Your name, if you like").fill("Grete")
        page.get_by_role("button", name="B is best").click()
        page.get_by_text("your vote is kept in runs/genome-chatbot/labels/votes.jsonl").wait_for()
        names = [name.split(": ")[1] for name in page.locator(".model-name").all_inner_texts()]
        assert sorted(names) == ["base", "sft.zephyr"]
        assert page.get_by_role("button", name="B is best").count() == 0
    (vote,) = votes.read(file)
    assert ([answer.model for answer in vote.answers], vote.best, vote.rater) == (names, 1, "Grete")
    assert vote.settings.prompt == QUESTION
    assert {answer.source for answer in vote.answers} == {
        BASE,
        f"runs/{PROJECT}/sft.zephyr/20260101-000000-aaaa/adapter",
    }


def test_a_long_answer_can_be_stopped(browser, address):
    with open_page(browser, address) as page:
        set_field(page, "Maximum length", 900)
        set_field(page, "Frequency penalty", -2)  # it repeats itself, and does not end
        page.get_by_label("Prompt", exact=True).fill(QUESTION)
        page.get_by_role("button", name="Run").click()
        page.locator(".token").nth(2).wait_for(timeout=60_000)
        page.get_by_role("button", name="Stop").click()
        page.get_by_role("button", name="Run").wait_for()
        assert page.locator(".model .status").nth(1).inner_text() == "stopped"


def test_no_prompt_is_a_sentence(browser, address):
    with open_page(browser, address) as page:
        page.get_by_role("button", name="Run").click()
        page.get_by_text("the prompt is empty").wait_for()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_a_narrow_screen(browser, address, scheme):
    with open_page(browser, address, width=NARROW, scheme=scheme) as page:
        page.get_by_label("Prompt", exact=True).wait_for()
        assert fits(page)


def test_another_site_a_rebound_name_and_a_wrong_token_reach_nothing(browser, address):
    origin = "/".join(address.split("/")[:3])
    port = origin.rpartition(":")[2]
    assert httpx.get(address).status_code == 200
    assert httpx.get(f"{origin}/").status_code == 404
    assert httpx.get(f"{origin}/{'x' * 32}/").status_code == 404
    for refused in ({"Host": f"evil.example:{port}"}, {"Origin": "http://evil.example"}):
        assert httpx.get(address, headers=refused).status_code == 403
    socket = f"{address}_nicegui_ws/socket.io/?EIO=4&transport=polling"
    assert httpx.get(socket, headers={"Origin": "http://evil.example"}).status_code == 403
    # A page of another site in the same browser can neither read the page nor open its web socket.
    page = browser.new_context().new_page()
    page.goto("data:text/html,<p>another site")
    program = """async ([address, socket]) => {
        const read = await fetch(address).then(() => 'read', () => 'refused');
        const opened = await new Promise(done => { const web = new WebSocket(socket);
            web.onopen = () => done('opened'); web.onerror = () => done('refused'); });
        return [read, opened];
    }"""
    web = address.replace("http", "ws") + "_nicegui_ws/socket.io/?EIO=4&transport=websocket"
    assert page.evaluate(program, [address, web]) == ["refused", "refused"]
    page.context.close()
