"""The builder: facts that were executed, questions that are guided, held-out functions, stories and wordings."""

import ast
import random
import re
from collections import Counter
from fractions import Fraction
from pathlib import Path

import pytest
import yaml

from gretchen.projects.splits import split_of


def test_every_reference_is_guided_and_the_plan_can_be_played(evaluation, chats):
    for row in chats:
        turns, policy = [], evaluation.oracle(row)
        while True:
            turns.append({"role": "assistant", "content": policy(turns)})
            answer = evaluation.reply(row, turns)
            if answer is None:
                break
            turns.append({"role": "user", "content": answer})
        scores = evaluation.score(turns, row)
        assert (scores["guided"], scores["success"], scores["telling"]) == (1, 1, 0), row["id"]
        assert turns[0]["content"] == row["messages"][-1]["content"]


def test_forms_languages_and_splits(dataset, chats):
    forms = Counter(row["form"] for row in chats if not row["hard"])
    assert set(forms) == set(dataset.FORMS)
    shares = [count / dataset.WEIGHTS[form] for form, count in forms.items()]
    assert max(shares) < 1.6 * min(shares), forms
    languages = Counter(row["meta"]["language"] for row in chats)
    assert 0.45 < languages["en"] / languages.total() < 0.55
    assert 0.04 < sum(row["hard"] for row in chats) / len(chats) < 0.10
    for split, missing in (("train", 0), ("validation", 9), ("test", 4)):  # of 900 rows some 45 are for validation
        seen = {row["form"] for row in chats if split_of(row["group"]) == split}
        assert len(seen) >= len(dataset.FORMS) - missing, (split, set(dataset.FORMS) - seen)


def test_hard_rows_have_held_out_mutators_or_two_mistakes(part, chats):
    programs, mutators = part("programs"), part("mutators")
    for row in (row for row in chats if row["hard"] and row["meta"]["subject"] == "code"):
        name = row["group"][0].removeprefix("bug:")
        assert name in programs.functions_in("test")
    seen = {
        mutator
        for name in programs.functions_in("train")[:8]
        for bug in programs.bugs(name)
        for mutator in bug.mutators
    }
    assert seen and not seen & set(mutators.HELD_OUT)
    hard = {bug.mutators for name in programs.functions_in("test") for bug in programs.hard_bugs(name)}
    assert any(len(names) == 2 for names in hard) and any(set(names) & set(mutators.HELD_OUT) for names in hard)


def test_of_two_mistakes_the_one_that_shows_is_asked_about_and_none_is_called_the_last(part):
    programs, code_moves, rng = part("programs"), part("code_moves"), random.Random(7)
    two = [bug for name in programs.functions_in("test") for bug in programs.hard_bugs(name) if len(bug.mutators) > 1]
    second = 0
    for bug in two:
        right, wrong = bug.function.code.split("\n"), bug.code.split("\n")
        differing = [number for number, lines in enumerate(zip(right, wrong, strict=True), 1) if lines[0] != lines[1]]
        assert bug.line in differing and len(differing) == 2
        second += bug.line == differing[1]
        plan = code_moves.code_plan(bug, "locate", "en", rng) or []
        assert all(move.form != "recap" for move in plan) and code_moves.code_plan(bug, "recap", "en", rng) is None
    assert second > 10


def test_a_test_is_asked_for_by_what_no_passing_call_has(part):
    programs, code_moves = part("programs"), part("code_moves")
    (bug,) = [bug for bug in programs.bugs("count_sentences") if bug.mutators == ("connective",)][:1]
    assert "capital" not in code_moves.slots_of(bug, "en").get("property", "")


def test_results_are_those_of_python(part):
    programs = part("programs")
    for name in programs.functions_in("validation"):
        for bug in programs.bugs(name):
            right, wrong = {}, {}
            exec(bug.function.code, right)
            assert repr(eval(f"{name}({bug.call})", right)) == bug.expected != bug.actual
            if bug.actual != "endless":
                exec(bug.code, wrong)
                assert repr(eval(f"{name}({bug.call})", wrong)) == bug.actual
            lines = bug.code.split("\n"), bug.function.code.split("\n")
            assert lines[0][bug.line - 1] != lines[1][bug.line - 1] and bug.fixed == lines[1][bug.line - 1].strip()


def test_the_value_after_a_pass_is_what_a_line_at_the_pass_end_notes(part):
    programs, checked = part("programs"), 0
    for bug in [bug for name in list(programs.functions())[::2] for bug in programs.bugs(name)]:
        tree = ast.parse(bug.code)
        loops = [node for node in tree.body[0].body if isinstance(node, ast.For | ast.While)]
        is_recursive = bug.code.count(f"{bug.function.name}(") > 1  # then inner calls would note, too
        if bug.kind == "variable" and bug.at_pass and len(loops) == 1 and bug.actual != "endless" and not is_recursive:
            loops[0].body += ast.parse(f"noted.append(repr({bug.variable}))").body
            space = {"noted": []}
            exec(compile(tree, "<noted>", "exec"), space)
            eval(f"{bug.function.name}({bug.call})", space)
            if len(space["noted"]) >= bug.at_pass:  # else the run returned within the pass
                assert space["noted"][bug.at_pass - 1] == bug.value, bug
                checked += 1
    assert checked > 100


def test_traces_have_the_executed_values(part):
    code = "def total(numbers):\n    result = 0\n    for n in numbers:\n        result += n\n    return result"
    (comparison,) = part("tracing").trace_all(code, [code.replace("+=", "-=")], "total", ["[]", "[7, 5]"])
    assert (comparison.right, comparison.results, comparison.failing) == (("0", "12"), ("0", "-12"), 1)
    values = [step.variables.get("result") for step in comparison.steps]
    assert list(dict.fromkeys(value for value in values if value)) == ["0", "-7", "-12"]
    assert [step.line for step in comparison.right_steps] == [2, 3, 4, 3, 4, 3, 5, 0]


def test_endless_mutants_end(part):
    code = "def f(n):\n    while n > 0:\n        n -= 1\n    return n"
    (comparison,) = part("tracing").trace_all(code, [code.replace("-=", "+=")], "f", ["2"])
    assert comparison.results == ("endless",)


def test_mutants_differ_from_the_function_and_the_tree_is_left_as_it_was(part):
    mutators = part("mutators")
    source = "def f(a, b):\n    if a < b and a != 3:\n        return max(abs(a), b[0])\n    x, b[a] = b[a], x\n"
    source += "    return True"
    made = dict(mutators.mutants(source, mutators.MUTATORS))
    assert {"boundary", "comparison", "connective", "off-by-one", "method", "verdict", "wrong-name", "dropped-call",
            "wrong-end", "shifted-index", "swapped-parts"} <= set(made)  # fmt: skip
    assert "    x, b[a] = x, b[a]\n" in made["swapped-parts"]
    assert all(ast.parse(mutant) and mutant != source for mutant in made.values())
    assert list(mutators.mutants(source, mutators.MUTATORS)) == list(mutators.mutants(source, mutators.MUTATORS))


def test_equivalent_mutants_are_dropped_and_counted(part, chats):
    assert part("programs").dropped()["equivalent"] > 5


def test_functions_and_stories_are_as_many_and_as_long_as_the_readme_says(part):
    programs, arithmetic = part("programs"), part("arithmetic")
    assert sum(bool(programs.bugs(name)) for name in programs.functions()) >= 140
    lengths = Counter(len(story.steps) for story in arithmetic.stories().values())
    assert set(lengths) == set(range(2, 9)) and lengths.total() == 35
    assert any(len(arithmetic.stories()[name].steps) > 4 for name in arithmetic.stories_in("test"))


def test_problems_are_exact_and_mistakes_are_wrong(part):
    arithmetic, rng = part("arithmetic"), random.Random(3)
    for name in arithmetic.stories():
        problem = arithmetic.draw(rng, name)
        assert all(value.denominator == 1 and value > 0 for value in problem.values.values())
        assert problem.mistakes
        for mistake in problem.mistakes:
            assert mistake.answer not in (problem.answer, 0) and mistake.answer.denominator == 1
    values = {"boxes": Fraction(3), "each": Fraction(6), "broken": Fraction(2)}
    assert arithmetic.evaluate("boxes * (each - broken)", values) == 12
    assert arithmetic.numeric("boxes * each", values) == "3 * 6"


def test_a_harmless_number_that_equals_a_later_value_is_rejected(part, dataset, chats):
    dropped = dataset.dropped()
    assert dropped["problem: a number twice"] > 0 and dropped["questions that are not guided"] > 0


def test_each_pair_has_a_guided_and_a_faulty_side(part, evaluation, pairs):
    faults = Counter()
    for row in pairs:
        assert evaluation.score(row["chosen"][0]["content"], row)["guided"] == 1
        assert evaluation.score(row["rejected"][0]["content"], row)["guided"] == 0, row["id"]
        faults[row["meta"]["fault"]] += 1
    assert set(faults) == set(part("pairs").FAULTS)


def test_verdicts_are_balanced_and_right(evaluation, dataset):
    rows = [row for row, _ in zip(dataset.feedback(), range(200), strict=False)]
    assert 0.4 < sum(row["label"] for row in rows) / len(rows) < 0.6
    assert all(evaluation.score(row["completion"][0]["content"], row)["guided"] == row["label"] for row in rows)


def test_documents_are_of_the_forms_of_the_small_base_and_determine_their_question(dataset):
    rows = [row for row, _ in zip(dataset.texts(), range(120), strict=False)]
    card = yaml.safe_load(Path(dataset.__file__).with_name("project.yaml").read_text(encoding="utf-8"))
    assert {row["form"] for row in rows} == set(dataset.TINY_FORMS) == set(card["forms"]["tiny"])
    assert all(row["text"].split("\n")[-1] == f"Tutor: {row['meta']['answer']}" for row in rows)
    for form, beginning in (("code-expected", "If you work out"), ("code-trace", "Can you go through")):
        english = [row["meta"]["answer"] for row in rows if row["form"] == form and "Student:" in row["text"]]
        assert english and all(answer.startswith(beginning) for answer in english)
    for row in rows:  # what is not the wording's own stands in what was said before
        said, answer = row["text"].removesuffix(row["meta"]["answer"]), row["meta"]["answer"]
        assert all(part in said for part in re.findall(r"`([^`]+)`|(?<![\w`])\d+", answer)), row["id"]


def test_a_chat_has_the_form_of_a_document(dataset, chats):
    for row in chats[:200]:
        document = dataset.as_document(row)
        assert (document is not None) == (row["form"] in dataset.TINY_FORMS)
        assert document is None or document.endswith(f"{row['messages'][-2]['content']}\nTutor: ")


@pytest.mark.parametrize("language", ["en", "de"])
def test_every_template_can_be_filled(part, language):
    wording_file = part("moves").wording_file
    for subject in ("code", "math"):
        for form, kinds in wording_file("tutor")[subject].items():
            for kind, entry in kinds.items():
                assert len(entry[language]) >= 3, (form, kind)
                assert all(question.count("?") == 1 and question.endswith("?") for question in entry[language])
