"""What counts as a right answer to a short question: whole words of the first sentence, and no list of guesses."""

import pytest

from gretchen.scoring.fixed_questions import KnowledgeQuestion, general_knowledge
from gretchen.scoring.short_answers import is_right


def question(text, *answers):
    return KnowledgeQuestion(id="q", field="f", question=text, answers=list(answers))


CAPITAL = question("What is the capital of France?", "Paris")
WEEK = question("How many days does a week have?", "7", "seven")
COLUMBUS = question("In which year did Columbus first reach the Americas?", "1492")
SUGAR = question("What is the process called by which plants make sugar?", "photosynthesis")
WATER = question("What is the chemical formula of water?", "H2O", "H₂O")
PLAY = question("Who wrote the play Romeo and Juliet?", "William Shakespeare", "Shakespeare")
ROME = question("In which city is the Colosseum?", "Rome")
MINUTES = question("How many minutes are there in two hours?", "120", "one hundred and twenty")
TOWN = question("Which Roman city was buried by Mount Vesuvius? Name one.", "Pompeii", "Herculaneum")
PEAK = question("What is the highest mountain on Earth?", "Everest")

RIGHT = [
    (CAPITAL, "The capital of France is Paris."),
    (CAPITAL, "Paris"),
    (CAPITAL, "**PARIS**, of course"),
    (CAPITAL, "The answer is:\n\nParis"),
    (CAPITAL, "Sure! The capital of France is Paris. London is that of the United Kingdom."),
    (CAPITAL, "Paris, France"),
    (CAPITAL, "I am not sure, but I think it is París"),
    (ROME, "The Colosseum is located in Rome, Italy."),
    (WEEK, "A week has 7 days: Monday, Tuesday, Wednesday"),
    (COLUMBUS, "On October 12, 1492, Columbus reached the Americas."),
    (SUGAR, "Photosynthesis is the process by which plants use sunlight, water, and carbon dioxide to make sugar."),
    (WATER, "H₂O, two atoms of hydrogen"),
    (PLAY, "William Shakespeare, an English playwright, wrote Romeo and Juliet between 1591 and 1595."),
    (PLAY, "Romeo and Juliet was written by Shakespeare"),
    (MINUTES, "Two hours are one hundred and twenty minutes."),
    (TOWN, "Pompeii and Herculaneum"),
    (PEAK, "Mt. Everest"),
    (question("What is 10 minus 3?", "7"), "10 - 3 = 7."),
    (question("What is 15 minus 5?", "10"), "5-10"),
    (question("At how many degrees does water freeze?", "0"), "0°C"),
]
WRONG = [
    (CAPITAL, ""),
    (CAPITAL, "I do not know."),
    (CAPITAL, "parisian"),
    (CAPITAL, "It is not Paris."),
    (CAPITAL, "The capital of France is London. Paris is a city."),
    (WEEK, "It has 7.5 days."),
    (WEEK, "-7"),
    (question("What is 20 plus 1?", "twenty", "one"), "twenty-one"),
]
# Each names the right answer among others.
GUESSES = [
    (CAPITAL, "Paris or London"),
    (CAPITAL, "London/Paris"),
    (CAPITAL, "Paris and London"),
    (CAPITAL, "It is either London, Paris or Rome."),
    (CAPITAL, "Paris, London, Rome"),
    (CAPITAL, "London, Rome, Paris"),
    (CAPITAL, "The capital is London; Paris; Rome; Madrid"),
    (CAPITAL, "- Paris\n- London\n- Rome"),
    (CAPITAL, "1. London\n2. Paris\n3. Rome"),
    (CAPITAL, "London. Paris. Rome."),
    (CAPITAL, "London! Paris! Rome!"),
    (CAPITAL, "Madrid Rome Paris London Berlin Vienna"),
    (CAPITAL, "possibly Paris, or maybe Rome"),
    (WEEK, "5, 6, 7, 8"),
    (WEEK, "6 or 7 days"),
    (WEEK, "six, seven, eight"),
    (COLUMBUS, "1490, 1491, 1492 or 1493"),
    (question("What is the chemical symbol for gold?", "Au"), "Ag. Au. Fe. Cu"),
    (PLAY, "Marlowe, Shakespeare, Jonson"),
]


@pytest.mark.parametrize(("asked", "response"), RIGHT)
def test_an_accepted_answer_as_whole_words_is_right(asked, response):
    assert is_right(response, asked)


@pytest.mark.parametrize(("asked", "response"), WRONG)
def test_another_answer_is_wrong(asked, response):
    assert not is_right(response, asked)


@pytest.mark.parametrize(("asked", "response"), GUESSES)
def test_a_list_of_guesses_is_wrong(asked, response):
    assert not is_right(response, asked)


def test_a_list_of_all_answers_is_right_for_no_question():
    """The same words for every question, however they are joined, must not score: at most the first one counts."""
    questions = general_knowledge()
    answers = list(dict.fromkeys(asked.answers[0] for asked in questions))
    for separator in (", ", " or ", " and ", "/", "\n", "; ", " ", ". "):
        guesses = separator.join(answers)
        assert sum(is_right(guesses, asked) for asked in questions) <= 2, separator
