"""SARI: the figures that its authors' script prints for its examples, cases worked by hand, and what it rewards."""

import pytest

from gretchen.scoring.metrics.sari import sari

SOURCE = "About 95 species are currently accepted ."
REFERENCES = [
    "About 95 species are currently known .",
    "About 95 species are now accepted .",
    "95 species are now accepted .",
]


@pytest.mark.parametrize(
    ("prediction", "score"),
    [
        ("About 95 you now get in .", 0.2682782411698074),
        ("About 95 species are now agreed .", 0.5889995423074248),
        ("About 95 species are currently agreed .", 0.5071608864657479),
    ],
)
def test_the_authors_examples(prediction, score):
    assert sari(SOURCE, prediction, REFERENCES) == pytest.approx(100 * score)


def test_one_word_by_hand():
    """Source "a b", prediction "a c", reference "a c": of single words 1 kept, 1 added, 1 deleted, all right.

    Pairs: "a b" deleted, "a c" added, both right, none to keep (0). Longer ones: there are none (0, 0, 0).
    """
    assert sari("a b", "a c", ["a c"]) == pytest.approx(100 * (1 + 2 / 3 + 0 + 0) / 4)


def test_the_variants_differ_in_deletion_alone():
    """Everything that must go is deleted, and one word too many: precision 1/2, recall 1, F1 2/3 for single words."""
    source, prediction, reference = "a b c", "a", "a b"
    difference = sari(source, prediction, [reference], "f1") - sari(source, prediction, [reference])
    # Words: 2/3 - 1/2. Pairs "a b", "b c" deleted, "b c" rightly: the same. Triple "a b c": 1 - 1.
    assert difference == pytest.approx(100 * 2 * (2 / 3 - 1 / 2) / 3 / 4)


def test_an_empty_answer_scores_and_a_perfect_one_is_not_at_100():
    assert 10 < sari(SOURCE, "", REFERENCES) < 35
    assert 70 < sari(SOURCE, REFERENCES[1], REFERENCES) < 80


@pytest.mark.parametrize("text", ["", "\ud800", "x" * 1_000_000, "a " * 100_000, "9" * 5000])
def test_nothing_raises(text):
    assert 0 <= sari(SOURCE, text, REFERENCES) <= 100
    assert 0 <= sari(text, SOURCE, [text]) <= 100
