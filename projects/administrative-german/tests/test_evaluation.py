"""The metrics on cases worked by hand: what counts as a fact, what each loss costs, and what gaming gains."""

import random

import pytest

from gretchen.projects.rows import reference_of

SOURCE = (
    "Der Betrag in Höhe von 84,50 EUR ist bis zum 02.03.2026 unter Angabe des Kassenzeichens HST-2026-00417 zu "
    "entrichten."
)
ANSWER = "Bitte zahlen Sie 84,50 Euro bis Montag, 2. März 2026. Geben Sie dabei dieses Zeichen an: HST-2026-00417."
FACTS = [["amount", "8450"], ["date", "2026-03-02"], ["file", "HST-2026-00417"]]
STATEMENT = {"mode": "must", "stems": ["zahl", "entricht", "überweis"], "facts": FACTS}


def row(answer=ANSWER, **meta):
    base = {"style": "plain", "source": SOURCE, "statements": [STATEMENT], "optional": []}
    return {"id": "r", "messages": [{"role": "user", "content": SOURCE}, {"role": "assistant", "content": answer}],
            "meta": base | meta}  # fmt: skip


def test_the_reference_scores_one(evaluation, chats):
    for example in chats[:600]:
        scores = evaluation.score(reference_of(example), example)
        assert scores["fact_success"] == scores["fact_f1"] == scores["style"] == 1, example["id"]
        assert scores["result"] in (None, 1) and scores["invented_facts"] == 0, example["id"]
        assert evaluation.reward(reference_of(example), example) == pytest.approx(1), example["id"]


@pytest.mark.parametrize(
    ("answer", "f1"),
    [
        (ANSWER, 1),
        # Four facts with the mode. Another date: 3 of 4 found, 4 stated.
        (ANSWER.replace("2. März", "3. März"), 3 / 4),
        (ANSWER.replace("84,50", "85,40"), 3 / 4),
        (ANSWER.replace("00417", "00471"), 3 / 4),
        # A fact lost: 3 stated, 3 right, 4 expected.
        ("Bitte zahlen Sie 84,50 Euro bis Montag, 2. März 2026.", 2 * 3 / (3 + 4)),
        (
            "Sie können uns 84,50 Euro bis 2. März 2026 zahlen. Das Zeichen ist HST-2026-00417.",
            3 / 4,
        ),  # must became may
        ("Sie müssen die 84,50 Euro nicht zahlen, auch nicht bis 2. März 2026. Zeichen: HST-2026-00417.", 3 / 4),
        (ANSWER + " Rufen Sie bis 5. Mai 2026 an.", 2 * 4 / (5 + 4)),  # a fact invented
        ("Überweisen Sie 84,50 € bis 02.03.2026 mit dem Zeichen HST-2026-00417.", 1),  # by value, not by form
        ("", 0),
        ("Vielen Dank für Ihr Schreiben.", 0),
    ],
)
def test_facts_by_hand(evaluation, answer, f1):
    assert evaluation.score(answer, row())["fact_f1"] == pytest.approx(f1)


def test_a_fact_counts_only_near_its_statement(evaluation):
    remedy = {"mode": "may", "stems": ["widerspr"], "facts": [["date", "2026-04-10"]]}
    two = row(statements=[STATEMENT, remedy])
    gap = " Das ist so. Sie wissen das. Wir sagen es noch einmal. Es gilt."
    right = f"{ANSWER}{gap} Sie können bis 10. April 2026 Widerspruch einlegen."
    exchanged = right.replace("2. März", "X").replace("10. April", "2. März").replace("X", "10. April")
    assert evaluation.score(right, two)["fact_f1"] == 1
    assert evaluation.score(exchanged, two)["fact_f1"] < 0.85


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("2. März 2026 und 02.03.2026 und 2026-03-02", {("date", "2026-03-02")}),
        ("am 31. Februar 2026", {("date", "31. Februar 2026")}),
        ("1.204,50 EUR", {("amount", "120450")}),
        ("120 Euro", {("amount", "12000")}),
        ("€ 84,50", {("amount", "8450")}),
        ("§ 24 Abs. 1 WoGG", {("ref", "24|1|WoGG")}),
        ("§ 24 Absatz 1 Satz 2 des Wohngeldgesetzes", {("ref", "24|1|WoGG")}),
        ("Paragraf 24 Absatz 1 Wohngeldgesetz", {("ref", "24|1|WoGG")}),
        ("§ 3 Abs. 1 der Hundesteuersatzung", {("ref", "3|1|Hundesteuersatzung")}),
        ("§ 45 Absatz 1b der Straßenverkehrs-Ordnung", {("ref", "45|1b|StVO")}),
        ("§ 222 AO", {("ref", "222||AO")}),
        ("innerhalb eines Monats", {("period", "1 month")}),
        ("zwei Wochen", {("period", "14 day")}),
        ("14 Tage", {("period", "14 day")}),
        ("um 09:30 Uhr", {("time", "9:30")}),
        ("1 v. H.", {("percent", "1")}),
        ("1 Prozent", {("percent", "1")}),
        ("beim Steueramt", {("office", "steueramt")}),
        ("beim Steuer-Amt", {("office", "steueramt")}),
        ("32.1-WOG 0417/26", {("file", "32.1-WOG 0417/26")}),
        ("im Monat, jeden Tag, 2026", set()),
    ],
)
def test_what_is_read_as_a_fact(part, text, keys):
    assert {mention.key for mention in part("facts").facts_in(text)} == keys


@pytest.mark.parametrize(
    ("sentence", "modes"),
    [
        ("Sie müssen zahlen.", {"must"}),
        ("Bitte zahlen Sie.", {"must"}),
        ("Zahlen Sie bis Montag.", {"must"}),
        ("Der Betrag ist zu entrichten.", {"must"}),
        ("Sie können Widerspruch einlegen.", {"may"}),
        ("Wenn Sie nicht einverstanden sind, können Sie klagen.", {"may"}),
        ("Die Nutzung ist unzulässig.", {"not"}),
        ("Sie dürfen dort nicht parken.", {"not"}),
        ("Sie müssen nicht zahlen.", {"not"}),
        ("Können Sie nicht zahlen?", {"not"}),
        ("Die Sonne scheint.", set()),
    ],
)
def test_modes(part, sentence, modes):
    assert part("grounding").modes_of(sentence) == modes


# Each would gain from facts or readability alone. Style or grounding must refuse it.
GAMES = {
    "copied text": SOURCE,
    "facts alone": "84,50 Euro. 2. März 2026. HST-2026-00417.",
    "facts with the verb": "Zahlen: 84,50 Euro, 2. März 2026, HST-2026-00417.",
    "empty": "",
    "blank": " \n ",
    "short and friendly": "Bitte zahlen Sie das Geld. Danke.",
    "padded": ANSWER + " Wir danken Ihnen sehr. Wir wünschen Ihnen einen schönen Tag. Es geht uns gut. "
    "Bleiben Sie bitte gesund und munter. Wir sind immer für Sie da.",
    "repeated": " ".join([ANSWER] * 6),
    "official": "Die Entrichtung des Betrages in Höhe von 84,50 EUR hat gemäß Kassenzeichen HST-2026-00417 bis zum "
    "02.03.2026 zu erfolgen.",
}  # fmt: skip


@pytest.mark.parametrize("name", GAMES)
def test_gaming_gains_nothing(evaluation, name):
    scores = evaluation.score(GAMES[name], row())
    assert scores["fact_success"] <= 0.55, (name, scores)
    assert evaluation.reward(GAMES[name], row()) < 0.91


def test_listing_every_date_costs_precision(evaluation):
    listed = "Bitte zahlen Sie 84,50 Euro. " + " ".join(f"Oder bis {n}. März 2026." for n in range(1, 20))
    assert evaluation.score(listed, row())["fact_success"] < 0.3


def test_copying_the_question_scores_little_on_real_rows(evaluation, chats):
    shares = [evaluation.score(example["messages"][-2]["content"], example)["fact_success"] for example in chats[:400]]
    assert sum(shares) / len(shares) < 0.05


def test_a_computed_result_must_be_right(evaluation, chats):
    """A right reason with a wrong result is worth nothing, and naming both dates does not help."""
    example = next(r for r in chats if r["form"] == "payment")
    right = reference_of(example)
    cents = int(example["meta"]["result"][1])
    wrong = right.rpartition("Ergebnis")[0] + f"Ergebnis: {cents // 100 + 7},00 Euro."
    assert evaluation.score(right, example)["fact_success"] == 1
    assert evaluation.score(wrong, example) | {"fact_success": 0, "result": 0} == evaluation.score(wrong, example)
    assert evaluation.score(f"{right} Oder {cents // 100 + 7},00 Euro.", example)["fact_success"] == 0


def test_leichte_sprache_needs_its_lines(evaluation, chats):
    example = next(r for r in chats if r["form"] == "leichte-sprache")
    one_line = reference_of(example).replace("\n", " ")
    assert evaluation.score(one_line, example)["style"] == 0


def test_official_style_is_asked_for_where_it_is(evaluation, chats):
    example = next(r for r in chats if r["form"] == "formalise")
    assert evaluation.score(example["meta"]["source"], example)["style"] == 0


def test_json_fields_by_value(evaluation):
    fields = {"betrag": ["amount", "8450"], "zahlbar_bis": ["date", "2026-03-02"], "zeichen": None}
    example = row('{"betrag": 84.5}', style="json", statements=[], fields=fields)

    def f1(text):
        return evaluation.score(text, example)["fact_success"]

    assert f1('{"betrag": 84.50, "zahlbar_bis": "2026-03-02", "zeichen": null}') == 1
    assert f1('{"betrag": "84,50 EUR", "zahlbar_bis": "2. März 2026", "zeichen": null}') == 1
    assert f1('{"betrag": 84.5, "zahlbar_bis": "2026-02-03", "zeichen": null}') == pytest.approx(2 / 3)
    assert f1('{"betrag": 84.5}') == pytest.approx(2 / 4)
    assert f1('{"betrag": true, "zahlbar_bis": [], "zeichen": ""}') == 0
    assert f1('Hier: {"betrag": 84.5, "zahlbar_bis": "2026-03-02", "zeichen": null}') == 0  # JSON alone was asked for
    assert f1("{}") == f1("") == f1("null") == 0
    assert f1('{"betrag": 84.5, "zahlbar_bis": "2026-03-02", "zeichen": null, "amt": "x"}') == pytest.approx(2 * 3 / 7)


def test_texts_are_compared_and_measured(evaluation):
    scores = evaluation.score(ANSWER, row())
    assert scores["bleu"] == pytest.approx(100) and scores["copy_rate"] == 0
    assert scores["amstad"] > 60 and scores["wstf1"] < 5 and 6 < scores["sentence_length"] < 10
    copied = evaluation.score(SOURCE, row())
    assert copied["copy_rate"] == 1 and copied["sari"] < scores["sari"] and copied["amstad"] < scores["amstad"]


def test_rewards_are_graded(evaluation):
    texts = [
        "",
        "Bitte zahlen Sie das Geld.",
        "Bitte zahlen Sie 84,50 Euro.",
        ANSWER.replace("2. März", "3. März"),
        ANSWER,
    ]
    rewards = [evaluation.reward(text, row()) for text in texts]
    assert rewards == sorted(rewards) and len(set(rewards)) == len(rewards)
    assert rewards[0] == 0 and rewards[-1] == pytest.approx(1)


@pytest.mark.parametrize(
    "answer",
    ["9" * 5000, "\ud800", "x" * 1_000_000, "§ " * 50_000, "1. " * 20_000, "{" * 5000, "\x00", "€" * 5000,
     "1.000.000.000.000.000 Euro", "99. Mai 9999", "0000-00-00", "§ 1 Abs. 1 " * 3000, "25:99 Uhr", "٣ Euro",
     "ist " * 20_000 + "zu zahlen", "Zahlen Sie bitte. " * 20_000],
)  # fmt: skip
def test_nothing_raises_and_nothing_odd_counts(evaluation, chats, answer):
    shown = random.Random(5).sample(chats, 4)
    for example in [row(), *shown]:
        scores = evaluation.score(answer, example)
        assert scores["fact_success"] <= 0.2, (example["id"], scores)
        assert 0 <= evaluation.reward(answer, example) < 0.6
