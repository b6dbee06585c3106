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
            "widths": {"type": "array", "items": {"type": "float"}},
            "rows": {"type": "array", "items": {"type": "array"}},
            "pair": {"type": "tuple", "items": {"type": "integer"}},
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
        ({"shape": "a", "parts": [{"k": 2}, {"k": 1}]}, {"shape": ["a"], "parts": [[{"k": [1]}, {"k": [2]}]]}, False),
        ({"shape": "a", "parts": [{"k": "A b"}]}, {"shape": ["a"], "parts": ["", [{"k": ["ab"], "o": ["", 1]}]]}, True),
        ({"shape": "a", "parts": [{}]}, {"shape": ["a"], "parts": [[{"k": [1]}]]}, False),
        ({"shape": "a", "parts": []}, {"shape": ["a"], "parts": [[{"k": [1]}], ""]}, True),
        ({"shape": "a", "anything": [{"k": 1}]}, {"shape": ["a"], "anything": [[{"k": [1]}]]}, False),  # compared raw
        ({"shape": "a", "anything": [{"k": [1]}]}, {"shape": ["a"], "anything": [[{"k": [1]}]]}, True),
        (
            {"shape": "a", "box": {"k": ["x y"]}},
            {"shape": ["a"], "box": [{"k": [["xy"]]}]},
            False,
        ),  # lists in objects too
        ({"shape": "a", "box": {"k": ["xy"]}}, {"shape": ["a"], "box": [{"k": [["xy"]]}]}, True),
        ({"shape": "a", "box": {"k": 1}}, {"shape": ["a"], "box": ["", {"k": [1.0]}]}, True),
        ({"shape": "a", "box": {"k": "1"}}, {"shape": ["a"], "box": [{"k": [1]}]}, False),
        (
            {"shape": "a", "widths": [1, 2]},
            {"shape": ["a"], "widths": [[1.0, 2.0]]},
            False,
        ),  # no int for float in lists
        ({"shape": "a", "widths": [1.0, 2.0]}, {"shape": ["a"], "widths": [[1, 2], [3.0]]}, True),
        ({"shape": "a", "rows": [[1], [2]]}, {"shape": ["a"], "rows": [[[1], [2]]]}, True),
        ({"shape": "a", "rows": [["A"]]}, {"shape": ["a"], "rows": [[["a"]]]}, False),
        ({"shape": "a", "pair": [1, 2]}, {"shape": ["a"], "pair": [[1, 2]]}, True),
        ({"shape": "a", "pair": [1, "2"]}, {"shape": ["a"], "pair": [[1, 2]]}, False),
        ({"shape": "a", "width": 5.0}, {"shape": ["a"], "width": [5]}, True),
        ({"shape": "a", "width": "5"}, {"shape": ["a"], "width": [5.0]}, False),
        ({"shape": "a", "width": 10**400}, {"shape": ["a"], "width": [5.0]}, False),
        ({"shape": "a", "exact": "true"}, {"shape": ["a"], "exact": [True]}, False),
        ({"shape": "a", "width": None}, {"shape": ["a"], "width": [2.0, ""]}, False),  # null is not left out
        ({"shape": "a", "names": ""}, {"shape": ["a"], "names": [["x"], ""]}, False),
        ({"shape": ""}, {"shape": ["a", ""]}, True),  # "" is one of the right values, for a string
        ({"shape": "a", "anything": 5}, {"shape": ["a"], "anything": [5]}, True),
        ({"shape": "a", "width": None}, {"shape": ["a"], "width": ["", None]}, True),  # null is a right value here
        ({"shape": "a", "width": None}, {"shape": ["a"], "width": [2.0, None]}, False),  # of the first one's type
        ({"shape": "a", "names": ["x"]}, {"shape": ["a"], "names": ["", None]}, False),
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
    counted = [{"math.area": {"shape": ["a"], "count": [5]}}, {"math.area": {"shape": ["a"], "count": [5]}}]
    whole, decimal = [("math.area", {"shape": "a", "count": count}) for count in (5, 5.0)]  # equal, and not both right
    assert check([whole, whole], counted, [TOOL])
    assert not check([decimal, whole], counted, [TOOL]) and not check([whole, decimal], counted, [TOOL])
    envelope = {"type": "function", "function": TOOL}
    assert check([a, b], expected, [envelope])


JAVA = {"name": "Repo.save", "parameters": {"type": "dict", "required": [], "properties": {
    "limit": {"type": "integer"}, "id": {"type": "long"}, "rate": {"type": "float"}, "size": {"type": "double"},
    "force": {"type": "boolean"}, "text": {"type": "String"}, "monitor": {"type": "any"},
    "sizes": {"type": "Array", "items": {"type": "integer"}}, "words": {"type": "Array", "items": {"type": "String"}},
    "names": {"type": "ArrayList", "items": {"type": "String"}},
    "keys": {"type": "ArrayList", "items": {"type": "long"}}, "options": {"type": "HashMap"},
}}}  # fmt: skip
SCRIPT = {"name": "draw", "parameters": {"type": "dict", "required": [], "properties": {
    "limit": {"type": "integer"}, "id": {"type": "Bigint"}, "rate": {"type": "float"}, "on": {"type": "Boolean"},
    "text": {"type": "String"}, "node": {"type": "any"}, "points": {"type": "array", "items": {"type": "float"}},
    "words": {"type": "array", "items": {"type": "String"}}, "grid": {"type": "array", "items": {"type": "array"}},
    "parts": {"type": "array", "items": {"type": "dict"}}, "options": {"type": "dict"},
}}}  # fmt: skip


@pytest.mark.parametrize(
    ("tool", "name", "value", "possible", "right"),
    [
        (JAVA, "limit", "20", [20], True), (JAVA, "limit", 20, [20], False), (JAVA, "limit", "20L", [20], False),
        (JAVA, "id", "20L", [20], True), (JAVA, "id", "20", [20], False),
        (JAVA, "rate", "0.5f", [0.5], True), (JAVA, "rate", "0.5", [0.5], False), (JAVA, "size", "3e2", [300.0], True),
        (JAVA, "force", "true", [True], True), (JAVA, "force", "True", [True], False),
        (JAVA, "force", "isForced", ["isForced"], True),  # a variable
        (JAVA, "text", "user Name", ["username"], True), (JAVA, "text", '"user"', ["user"], False),
        (JAVA, "monitor", "42", ["42"], True), (JAVA, "monitor", "20.5", [20.5, "20.5"], True),
        (JAVA, "sizes", "new int[]{1, 2}", [[1, 2]], True), (JAVA, "sizes", "new int[] {}", [[]], True),
        (JAVA, "sizes", "[1, 2]", [[1, 2]], False),
        (JAVA, "words", 'new String[]{"-v"}', [["-v"]], False),  # the quotation marks stay
        (JAVA, "words", "new String[]{-v}", [["-v"]], True),
        (JAVA, "names", 'new ArrayList<String>(Arrays.asList("a", "b"))', [["a", "b"]], True),
        (JAVA, "names", 'new ArrayList<>() {{ add("a"); add("b"); }}', [["a", "b"]], True),
        (JAVA, "names", "new ArrayList<>()", [["a"], ""], True),
        (JAVA, "keys", "new ArrayList<>(Arrays.asList(1L, 2))", [[1, 2]], False),
        (JAVA, "options", 'new HashMap<String, Object>() {{ put("a", 5); put("b", "X"); }}', [{"a": [5], "b": ["x"]}],
         True),
        (JAVA, "options", "new HashMap<>()", [{"a": [5, ""]}], True),
        (JAVA, "options", '{"a": 5}', [{"a": [5]}], False),
        (SCRIPT, "limit", "20", [20], True), (SCRIPT, "id", "20n", [20], True), (SCRIPT, "id", "20", [20], False),
        (SCRIPT, "rate", "5", [5.0], True), (SCRIPT, "on", "false", [False], True), (SCRIPT, "on", "0", [False], False),
        (SCRIPT, "text", "'Hello'", ["hello"], True), (SCRIPT, "text", "hello", ["Hello"], True),
        (SCRIPT, "node", "document.body", ["document.body"], True), (SCRIPT, "points", "[1, 2.5]", [[1.0, 2.5]], True),
        (SCRIPT, "points", "new Array(1, 2)", [[1.0, 2.0]], True), (SCRIPT, "points", "pointList", ["pointList"], True),
        (SCRIPT, "words", "['a', \"b\"]", [["a", "b"]], True), (SCRIPT, "words", "[]", [["a"], ""], True),
        (SCRIPT, "grid", "[[1, 2], [3, 4]]", [[[1, 2], [3, 4]]], True),
        (SCRIPT, "parts", '[{"k": 1}, {"k": 2}]', [[{"k": [1]}, {"k": [2]}]], True),
        (SCRIPT, "options", '{"a": true, \'b\': ["x"], c: "1"}', [{"a": [True], "b": [["x"]], "c": [1]}], True),
        (SCRIPT, "options", "{}", ["", {}], True), (SCRIPT, "options", "options", [{"a": [1]}], False),
    ],
)  # fmt: skip
def test_values_in_java_and_javascript(part, tool, name, value, possible, right):
    code = "java" if tool is JAVA else "javascript"
    calls, expected = [(tool["name"], {name: value})], [{tool["name"]: {name: possible}}]
    assert part("bfcl").is_right(calls, expected, [tool], code) is right
    first = possible[0]
    if right and first and not isinstance(first, str):
        plain = {key: values[0] for key, values in first.items()} if isinstance(first, dict) else first
        if name == "parts":
            plain = [{key: values[0] for key, values in entry.items()} for entry in first]
        written = part("bfcl_types").write_value(plain, tool["parameters"]["properties"][name], code)
        assert part("bfcl").is_right([(tool["name"], {name: written})], expected, [tool], code), written
