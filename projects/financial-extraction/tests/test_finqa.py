"""FinQA's program language and metrics, on cases worked by hand and on the rules of the official scorer."""

import pytest


@pytest.fixture
def finqa(part):
    return part("finqa")


@pytest.mark.parametrize(
    ("program", "result"),
    [
        ("add(1, 2)", 3.0),
        ("subtract(120.5, 100), divide(#0, 100)", 0.205),
        ("divide(1, 3)", 0.33333),  # five digits
        ("multiply(1,000, const_2)", 2000.0),
        ("multiply(1,2)", None),  # a comma without a blank parts no arguments
        ("multiply(50%, 8)", 4.0),
        ("multiply(3, const_m1)", -3.0),
        ("exp(2, 10)", 1024.0),
        ("greater(2, 1)", "yes"),
        ("greater(1, 1)", "no"),
        ("divide(1, 0)", None),
        ("add(#0, 1)", None),
        ("add(1, 2), subtract(#1, 1)", None),
        ("add(1, 2), greater(#0, 2), add(#1, 1)", None),  # yes is no number
        ("root(4, 2)", None),
        ("add(1, 2", None),
        ("add(1, 2), divide(#0, ", 3.0),  # the official scorer leaves out a last step that was cut off
        ("add(1, 2) subtract(#0, 1)", None),
        ("add(1, 2), divide(#0)", None),  # nor is a step with one argument cut off: it is faulty
        ("add(1, 2), divide(#0, 2), add()", None),
        ("add(5, -const_1)", 4.0),  # `const_` is taken away wherever it stands
        ("multiply(8,  const_m1)", -8.0),
        ("greater(3, 1), greater(1, 3), greater(#0, #1)", "yes"),  # "yes" > "no", as strings are compared
        ("greater(3, 1), greater(1, 3), add(#0, #1)", None),
        ("greater(3, 1), add(#0, #0), add(1, 2)", 3.0),
        ("greater(3, 1), " + ", ".join(f"add(#{i}, #{i})" for i in range(120)), None),  # 2^120 times "yes"
        (", ".join(["add(2, 3)"] * 60), 5.0),
        ("exp(9, 99999)", None),
        ("exp(subtract(1, 2), 0.5)", None),
        ("", None),
        ("9" * 5000, None),
        ("\ud800", None),
    ],
)
def test_programs_are_executed(finqa, program, result):
    assert finqa.execute(program) == result


def test_table_operations_read_a_row_by_its_name(finqa):
    table = (("", "2019", "2018"), ("net revenue", "$ 1,200", "1,000 (a)"), ("share", "40%", "n/a"))
    assert finqa.execute("table_sum(net revenue, none)", table) == 2200.0
    assert finqa.execute("table_average(net revenue, none), divide(#0, const_100)", table) == 11.0
    assert finqa.execute("table_max(net revenue, none)", table) == 1200.0
    assert finqa.execute("table_min(share, none)", table) is None  # n/a
    assert finqa.execute("table_min(other, none)", table) is None
    # A table operation on a result takes the row of the one before.
    assert finqa.execute("table_max(net revenue, none), table_sum(#0, none)", table) == 2200.0
    assert finqa.execute("add(1, 2), table_sum(#0, none)", table) is None
    assert finqa.execute("table_sum(# of shares, none)", (("# of shares", "4", "5"),)) is None


@pytest.mark.parametrize(
    ("prediction", "equal"),
    [
        ("subtract(5, 3), divide(#0, 3)", True),
        ("subtract(5, 3), divide(#0,3)", False),  # no blank behind the comma
        ("subtract(3, 5), divide(#0, 3)", False),
        ("subtract(5, 3)", False),
        ("divide(5, 3), subtract(#0, const_1)", False),  # equal in value, but const_1 is not in the reference
        ("subtract(5, 3), divide(#0, 5)", False),
        ("add(5, 3), divide(#0, 3)", False),
        ("no program", False),
        (", ".join(["add(5, 3)"] * 20), False),
    ],
)
def test_program_accuracy_compares_formulas(finqa, prediction, equal):
    assert finqa.programs_equal("subtract(5, 3), divide(#0, 3)", prediction) is equal


def test_program_accuracy_knows_that_addition_commutes(finqa):
    assert finqa.programs_equal("add(5, 3), divide(#0, const_2)", "add(3, 5), divide(#0, const_2)")
    assert finqa.programs_equal("multiply(5, 3)", "multiply(3, 5)")
    assert not finqa.programs_equal("divide(5, 3)", "divide(3, 5)")
    assert finqa.programs_equal("greater(5, 3)", "greater(5, 3)")
    assert not finqa.programs_equal("greater(5, 3)", "greater(3, 5)")
    assert finqa.programs_equal("table_sum(a, none), divide(#0, 3)", "table_sum(a, none), divide(#0, 3)")
    assert not finqa.programs_equal("table_sum(a, none)", "table_sum(b, none)")


def test_program_accuracy_takes_a_table_operation_as_a_whole(finqa):
    """The official scorer's symbol for it is the step's text, with the mark that parts it from the step before."""
    reference = "table_max(a, none), table_min(b, none), subtract(#0, #1)"
    assert finqa.programs_equal(reference, reference)
    assert finqa.programs_equal(reference, "table_max(a, none), table_min(b, none), subtract(#0, #1), subtract(#0, #1)")
    assert not finqa.programs_equal(reference, "table_min(b, none), table_max(a, none), subtract(#1, #0)")
    assert not finqa.programs_equal("table_sum(a, none)", "table_sum(a, const_1)")


def test_program_accuracy_ignores_steps_that_the_last_one_does_not_use(finqa):
    assert finqa.programs_equal("add(5, 3)", ", ".join(["add(5, 3)"] * 40))
    assert not finqa.programs_equal("add(5, 3)", "add(5, 3), divide(#0)")
    assert not finqa.programs_equal("add(5, 3)", "add(5, 4), add(5, 3)"), "a number that the reference has not"
