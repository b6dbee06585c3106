"""Readability of German on cases worked by hand: sentences, syllables, Amstad, the four Wiener Sachtextformeln."""

import pytest

from gretchen.scoring.metrics.readability import amstad, counts_of, sentences_of, syllables_of, wiener


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("Gemäß § 37 Abs. 1 VwVfG gilt das. Danke.", ["Gemäß § 37 Abs. 1 VwVfG gilt das.", "Danke."]),
        ("Kommen Sie z. B. am 3. März 2026. Um 10 Uhr.", ["Kommen Sie z. B. am 3. März 2026.", "Um 10 Uhr."]),
        ("Zahlen Sie bis 03.03.2026. Sonst wird es teurer!", ["Zahlen Sie bis 03.03.2026.", "Sonst wird es teurer!"]),
        ("Das kostet 1 v. H. der Summe.", ["Das kostet 1 v. H. der Summe."]),
        ("Wir brauchen:\n- den Ausweis\n- ein Foto", ["Wir brauchen:", "- den Ausweis", "- ein Foto"]),
        ("Sie zahlen zu spät? Dann wird es teurer.", ["Sie zahlen zu spät?", "Dann wird es teurer."]),
        ("Er sagte 12. Sie sagte 13.", ["Er sagte 12.", "Sie sagte 13."]),
        ("...", []),
        ("", []),
    ],
)  # fmt: skip
def test_sentences(text, sentences):
    assert sentences_of(text) == sentences


@pytest.mark.parametrize(
    ("word", "syllables"),
    [("Amt", 1), ("Steuer", 2), ("beantragen", 4), ("Bescheid", 2), ("Säumniszuschlag", 4), ("quer", 1), ("Haus", 1),
     ("Miete", 2), ("Verwaltungsverfahrensgesetz", 8), ("Az", 1), ("hm", 1), ("2026", 1), ("84,50", 1), ("§", 1)],
)  # fmt: skip
def test_syllables(word, syllables):
    assert syllables_of(word) == syllables


def test_formulas_by_hand():
    """Ten words in two sentences, 15 syllables; one word of three or more, two of more than six letters, six of one."""
    text = "Der Antrag ist da. Sie müssen uns das Formular schicken."
    counts = counts_of(text)
    assert (counts.sentences, counts.words, counts.syllables) == (2, 10, 15)
    assert (counts.three_syllables, counts.long_words, counts.one_syllable) == (1, 2, 6)
    assert amstad(text) == pytest.approx(180 - 5 - 58.5 * 1.5)  # 87.25
    # MS 10, SL 5, IW 20, ES 60
    assert wiener(text, 1) == pytest.approx(1.935 + 0.836 + 2.594 - 1.962 - 0.875)
    assert wiener(text, 2) == pytest.approx(2.007 + 0.841 + 2.746 - 2.779)
    assert wiener(text, 3) == pytest.approx(2.963 + 0.9525 - 1.1144)
    assert wiener(text, 4) == pytest.approx(2.744 + 1.328 - 1.693)


def test_a_long_official_sentence_is_harder_than_short_ones():
    official = "Die Entrichtung der Verwaltungsgebühr ist unter Angabe des Kassenzeichens fristgerecht zu veranlassen."
    plain = "Bitte zahlen Sie die Gebühr. Geben Sie dabei das Zeichen an."
    assert amstad(official) < 30 and amstad(plain) > 60
    assert all(wiener(official, number) > wiener(plain, number) + 5 for number in (1, 2, 3, 4))


def test_a_hyphen_parts_the_words_of_a_compound():
    assert counts_of("Wohn-Geld").words == 2 and counts_of("Wohngeld").words == 1


@pytest.mark.parametrize("text", ["", " \n", "\ud800", "!?", "x" * 1_000_000, "a. " * 100_000, "9" * 5000, "٣ § …"])
def test_nothing_raises(text):
    assert amstad(text) is None or amstad(text) <= 120.5
    assert wiener(text, 4) is None or wiener(text, 4) > -2
    assert isinstance(sentences_of(text), list)


def test_there_are_four_formulas():
    with pytest.raises(ValueError, match="the Wiener Sachtextformeln are 1 to 4"):
        wiener("Ein Satz.", 5)
