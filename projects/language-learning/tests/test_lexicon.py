"""The lexicon's forms against lemminflect, simplemma and wordfreq; the tagger against the grammar's analysis."""

import random

import pytest
import simplemma
from lemminflect import getInflection
from wordfreq import zipf_frequency


def test_english_verbs_and_nouns_are_inflected_as_lemminflect_does(part):
    english, lexicon = part("english"), part("lexicon")
    for verb in lexicon.all_verbs("en"):
        forms = {"VBZ": english.third(verb.lemma), "VBG": english.ing(verb.lemma)}
        for tag, form in (forms | {"VBD": english.past(verb), "VBN": english.participle(verb)}).items():
            assert form in british(getInflection(verb.lemma, tag)), (verb.lemma, tag, form)
    for noun in lexicon.all_nouns("en"):
        assert not noun.plural or noun.plural in getInflection(noun.lemma, "NNS"), noun.plural


def british(forms):
    """Return the forms, and those with a doubled l."""
    return {*forms, *(form.replace("veled", "velled").replace("veling", "velling") for form in forms)}


def test_german_forms_have_our_lemmas_in_simplemma(part):
    german, lexicon = part("german"), part("lexicon")
    different = []
    for noun in lexicon.all_nouns("de"):
        forms = {german.declined(noun, case, number) for case in ("nom", "acc", "dat") for number in ("sg", "pl")
                 if number == "sg" or noun.plural}  # fmt: skip
        different += [
            (noun.lemma, form) for form in forms if simplemma.lemmatize(form, lang="de") not in (noun.lemma, form)
        ]
    for verb in lexicon.all_verbs("de"):
        lemma = verb.prefix + verb.lemma
        forms = {german.participle(verb), *(() if verb.prefix else german.conjugated(verb))}
        different += [(lemma, form) for form in forms if simplemma.lemmatize(form, lang="de") not in (lemma, form)]
    assert len(different) <= 12, different


@pytest.mark.parametrize("language", ["en", "de"])
def test_every_word_is_in_use_and_no_spelling_error_is(part, language):
    lexicon = part("lexicon")
    words = {noun.lemma for noun in lexicon.all_nouns(language)} | {
        verb.prefix + verb.lemma for verb in lexicon.all_verbs(language)
    }
    assert [word for word in words if zipf_frequency(word, language) < 2.2] == []
    readings = part("tagging").readings(language)
    for right, wrongs in lexicon.data(language)["spellings"].items():
        for wrong in wrongs:
            assert wrong != right and wrong.lower() not in readings, wrong
            assert zipf_frequency(wrong, language) < zipf_frequency(right, language), wrong


def test_errant_tags_agree_with_the_grammar(part):
    """The tagger never sees the grammar's analysis: it looks words up, and decides by their neighbours."""
    grammars, draws, tagging = part("grammars"), part("draws"), part("tagging")
    rng, wrong, total = random.Random(2), [], 0
    same = {"SCONJ": "ADP", "AUX": "VERB", "DET": "PRON", "PART": "ADV", "PROPN": "NOUN"}
    for _ in range(400):
        try:
            made = grammars.sentence(draws.Draw(rng, "en", rng.choice(("train", "validation", "test"))))
        except draws.Mismatch:
            continue
        for token, reading in zip(made.tokens, tagging.tag_english(made.words), strict=True):
            found = "VERB" if reading.tag[:2] in ("VB", "MD") else tagging.POS.get(reading.tag, "X")
            total += 1
            if same.get(found, found) != same.get(token.pos, token.pos):
                wrong.append((token.text, token.pos, found))
    assert len(wrong) < 0.02 * total, wrong[:40]


def test_tables_that_save_reading_dictionaries_agree_with_them(part):
    for form, lemma in part("tagging").FRAME_LEMMAS.items():
        assert simplemma.lemmatize(form, lang="en") == lemma
    for language in ("en", "de"):
        for word, level in part("lexicon").data(language)["tutor_levels"].items():
            frequency = zipf_frequency(word, language)
            assert level == next((name for least, name in part("scoring").ZIPF if frequency >= least), "B2"), word
