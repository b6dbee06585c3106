"""BFCL's check of calls, on predictions worked out by the official rules."""

import pytest

TOOL = {
    "name": "math.area",
    "parameters": {
        "type": "dict",
        "properties": {
            "shape": {"type": "string"}, "width": {"type": "float"}, "count": {"type": "integer"},
            "sides": {"type": "array", "items": {"type": "integer"}}, "box": {"type": "dict"},
            "exact": {"type": "boolean"}, "names": {"type": "array", "items": {"type": "string"}},
            "anything": {"type": "any"},
            "parts": {"type": "array", "items": {"type": "dict"}},
        },
        "required": ["shape"],
    },
}  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "possible", "right"),
    [
        ({"shape": "Square"}, {"shape": ["square"]}, True),
        ({"shape": "New York, NY"}, {"shape": ["new-york ny"]}, True),  # case, blanks and ,./-_*^ do not count
        ({"shape": "it's"}, {"shape": ['it"s']}, True),
        ({"shape": "square!"}, {"shape": ["square"]}, False),
        ({}, {"shape": ["square", ""]}, False),  # required, whatever the answers say
        ({"shape": "a"}, {"shape": ["a"], "width": [2.0]}, False),  # missing, and "" is not among the values
        ({"shape": "a"}, {"shape": ["a"], "width": [2.0, ""]}, True),
        ({"shape": "a", "width": 2.0}, {"shape": ["a"]}, False),  # nobody expects it
        ({"shape": "a", "depth": 2.0}, {"shape": ["a"], "depth": [2.0]}, False),  # not in the description
        ({"shape": "a", "width": 2}, {"shape": ["a"], "width": [2.0]}, True),  # an int passes for a float
        ({"shape": "a", "count": 2.0}, {"shape": ["a"], "count": [2]}, False),  # not the other way round
        ({"shape": "a", "count": "2"}, {"shape": ["a"], "count": [2]}, False),
        ({"shape": "a", "count": True}, {"shape": ["a"], "count": [1]}, False),
        ({"shape": "a", "exact": 1}, {"shape": ["a"], "exact": [True]}, False),
        ({"shape": "a", "count": "n"}, {"shape": ["a"], "count": ["n"]}, True),  # a variable's name
        ({"shape": "a", "count": "N"}, {"shape": ["a"], "count": ["n"]}, False),  # is compared as it is
        ({"shape": "a", "sides": [1, 2]}, {"shape": ["a"], "sides": [[1, 2]]}, True),
        ({"shape": "a", "sides": [2, 1]}, {"shape": ["a"], "sides": [[1, 2]]}, False),
        ({"shape": "a", "sides": [1, 2.0]}, {"shape": ["a"], "sides": [[1, 2]]}, False),
        ({"shape": "a", "sides": []}, {"shape": ["a"], "sides": [[1], ""]}, True),  # as if left out
        ({"shape": "a", "names": ["New York"]}, {"shape": ["a"], "names": [["newyork"]]}, True),
        ({"shape": "a", "box": {"k": "V."}}, {"shape": ["a"], "box": [{"k": ["v"], "o": ["", 1]}]}, True),
        ({"shape": "a", "box": {"k": "v", "x": 1}}, {"shape": ["a"], "box": [{"k": ["v"]}]}, False),
        ({"shape": "a", "box": {}}, {"shape": ["a"], "box": [{"k": ["v"]}]}, False),
        ({"shape": "a", "parts": [{"k": 1}]}, {"shape": ["a"], "parts": [[{"k": [1]}]]}, True),
        ({"shape": "a", "parts": [{"k": 1}, {"k": 2}]}, {"shape": ["a"], "parts": [[{"k": [1]}]]}, False),
        ({"shape": "a", "anything": 5}, {"shape": ["a"], "anything": [5]}, True),
    ],
)
def test_one_call(part, arguments, possible, right):
    assert part("bfcl").is_right([("math.area", arguments)], [{"math.area": possible}], [TOOL]) is right


def test_several_calls_are_a_set_and_as_many_as_expected(part):
    check, a, b = part("bfcl").is_right, ("math.area", {"shape": "a"}), ("math.area", {"shape": "b"})
    expected = [{"math.area": {"shape": ["a"]}}, {"math.area": {"shape": ["b"]}}]
    assert check([b, a], expected, [TOOL]) and check([a, b], expected, [TOOL])
    assert not check([a], expected, [TOOL]) and not check([a, a], expected, [TOOL])
    assert not check([a, b, b], expected, [TOOL])
    assert not check([("area", {"shape": "a"}), b], expected, [TOOL])
    envelope = {"type": "function", "function": TOOL}
    assert check([a, b], expected, [envelope])
