"""Trees, their traces, their nets: cases worked out by hand, and the two routes against each other."""

import random

import pytest


@pytest.fixture(scope="module")
def trees(part):
    return part("trees")


@pytest.fixture(scope="module")
def nets(part):
    return part("nets")


def test_traces_and_probabilities_worked_out_by_hand(trees):
    def of(text):
        return {"".join(trace): round(p, 6) for trace, p in trees.language(trees.parse(text)).items()}

    assert of("->('a', X[70,30]('b', 'c'))") == {"ab": 0.7, "ac": 0.3}
    assert of("X[25,75]('a', tau)") == {"a": 0.25, "": 0.75}
    assert of("+('a', ->('b', 'c'))") == {"abc": 0.333333, "bac": 0.333333, "bca": 0.333333}
    assert of("O('a', 'b')") == {"a": 0.333333, "b": 0.333333, "ab": 0.166667, "ba": 0.166667}
    # 1 : 0.5 : 0.25, since a loop is repeated at most twice
    assert of("*[50]('a', 'r')") == {"a": 0.571429, "ara": 0.285714, "arara": 0.142857}
    assert of("+('a', 'b', 'c')") == dict.fromkeys(("abc", "acb", "bac", "bca", "cab", "cba"), 0.166667)


def test_the_notation_is_read_back_and_faults_are_refused(trees):
    for text in ("->('a', X[70,30]('b', tau), *[25]('c d', 'e'), +('f', O('g', 'h')))", "'a'", "tau"):
        assert trees.parse(text).written() == text
    assert str(trees.parse("X[70,30]('a', 'b')")) == 'X("a", "b")'
    for text in ("", "->('a'", "->('a'))", "Y('a')", "*('a')", "X[70]('a', 'b')", "->('a' 'b')", "a", "X[70,30]"):
        with pytest.raises(ValueError):
            trees.parse(text)


def test_a_tree_of_too_many_traces_is_refused(trees):
    with pytest.raises(trees.TooLarge):
        trees.language(trees.parse("+('a', 'b', 'c', 'd', 'e', 'f', 'g')"))


def test_alignments_worked_out_by_hand(trees, nets):
    net = nets.net_of(trees.parse("->('a', +('b', 'c'), X('d', tau))"))
    assert net.shortest == 3
    costs = {"abcd": 0, "acb": 0, "ab": 1, "abccd": 1, "bca": 2, "adbc": 1, "": 3, "xyz": 6, "abxc": 1}
    for trace, cost in costs.items():
        assert nets.cost(net, tuple(trace)) == cost, trace
    assert nets.fitness(net, tuple("ab")) == pytest.approx(1 - 1 / 5)
    assert nets.fitness(net, tuple("xyz")) == 0
    assert nets.fitness(net, ("a",) * 1000) == 0 and nets.fitness(net, ("\ud800",)) == 0
    assert nets.enabled(net, ("a",)) == {"b", "c"}
    assert nets.enabled(net, tuple("abc")) == {"d", nets.END}
    assert nets.enabled(net, tuple("ad")) == frozenset()


def test_enumeration_alignment_and_token_game_agree(part, trees, nets):
    """Three routes of their own: traces from the tree, alignments by r4pm on the net, the token game on the net."""
    rng, draw, domains = random.Random(4), part("processes").draw_process, part("domains").all_domains()
    size = part("processes").Size(events=8, variants=40)
    wrong = fitting = 0
    for number in range(60):
        process = draw(rng, rng.choice(domains), rng.choice(("en", "de")), size, hard=number % 3 == 0)
        traces = list(process.traces)
        assert sum(process.traces.values()) == pytest.approx(1)
        for trace in traces:
            assert nets.fits(process.net, trace), (str(process.tree), trace)
            for i in range(len(trace) + 1):
                assert (trace[i] if i < len(trace) else nets.END) in nets.enabled(process.net, trace[:i])
        for trace in rng.sample(traces, min(4, len(traces))):
            shuffled = tuple(rng.sample(trace, len(trace)))
            is_enumerated = shuffled in process.traces
            fitting, wrong = fitting + is_enumerated, wrong + (not is_enumerated)
            assert nets.fits(process.net, shuffled) == is_enumerated, (str(process.tree), shuffled)
    assert wrong > 60 and fitting > 20


def test_hard_processes_have_operator_pairs_that_training_never_has(part):
    processes, rng = part("processes"), random.Random(5)
    for split, is_hard in (("train", False), ("test", True)):
        for _ in range(40):
            domain = rng.choice(part("domains").domains(split))
            tree = processes.draw_process(rng, domain, "en", processes.Size(events=9, variants=30), is_hard).tree
            assert bool(part("trees").operator_pairs(tree) & processes.HARD_PAIRS) == is_hard
