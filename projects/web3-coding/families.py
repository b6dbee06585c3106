"""The plain contracts that features are added to: vault, counter, token, auction …

    draft = FAMILIES["vault"](random.Random(1))     # a Draft: features.py adds rules, .contract() freezes it

A family has a main function, which features guard, and an amount where the main function takes one. Each function's
behaviour is said in data/words.yaml, with the names that were drawn.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from .contracts import (
    ADDRESS,
    FLAGS,
    UINT,
    UINTS,
    Assign,
    Binary,
    Compare,
    Contract,
    Emit,
    Env,
    Event,
    Expression,
    Flag,
    Function,
    Item,
    Num,
    Param,
    Pay,
    Require,
    State,
    Statement,
    Type,
    Variable,
)

SENDER, VALUE, NOW = Env("sender"), Env("value"), Env("now")
AMOUNT = Param("amount")


@dataclass
class Draft:
    """A contract in the making. `rules` are (key of data/words.yaml, function that it is about, slots)."""

    family: str
    name: str
    main: str = ""
    amount: Expression | None = None
    variables: dict[str, Type] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)
    constructor: list[Assign] = field(default_factory=list)
    functions: dict[str, Function] = field(default_factory=dict)
    guards: dict[str, list[Require]] = field(default_factory=dict)
    ends: dict[str, list[Statement]] = field(default_factory=dict)
    rules: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)

    def add(
        self, word: str, name: str, parameters: tuple[tuple[str, Type], ...], body: list[Statement],
        is_payable: bool = False, **slots: str,
    ) -> None:  # fmt: skip
        """Add a function, the first one as the main function, and the rule that says what it does."""
        self.main = self.main or name
        self.functions[name] = Function(name, parameters, tuple(body), is_payable)
        self.rules.append((f"{self.family}.{word}", name, {"f": name, **slots}))

    def guard(self, function: str, condition: Expression, message: str, feature: str) -> None:
        """Add a guard to a function, behind those that it has."""
        self.guards.setdefault(function, []).append(Require(condition, message, feature))

    def need_owner(self) -> None:
        """Add the state variable `owner`, who deployed the contract."""
        if "owner" not in self.variables:
            self.variables["owner"] = ADDRESS
            self.constructor.append(Assign(State("owner"), "=", SENDER))

    def need_start(self) -> None:
        """Add the state variable `start`, the time of deployment."""
        if "start" not in self.variables:
            self.variables["start"] = UINT
            self.constructor.append(Assign(State("start"), "=", NOW))

    def _body(self, function: Function) -> tuple[Statement, ...]:
        """Return a function's statements: guards, updates, a payment behind all updates, events."""
        body, ends = list(function.body), self.ends.get(function.name, [])
        last = [body.pop()] if isinstance(body[-1], Pay) else []
        events = [node for node in ends if isinstance(node, Emit)]
        updates = [node for node in ends if not isinstance(node, Emit)]
        return (*self.guards.get(function.name, ()), *body, *updates, *last, *events)

    def contract(self) -> Contract:
        """Return the contract as it stands."""
        functions = tuple(replace(f, body=self._body(f)) for f in self.functions.values())
        variables = tuple(Variable(name, kind) for name, kind in self.variables.items())
        return Contract(self.name, variables, tuple(self.events), tuple(self.constructor), functions)


def _vault(rng: random.Random) -> Draft:
    """Ether is paid in and taken out."""
    put, take = rng.choice((("deposit", "withdraw"), ("store", "take"), ("save", "release")))
    held = rng.choice(("balances", "deposits", "savings"))
    draft = Draft("vault", rng.choice(("Vault", "Bank", "Safe")), amount=VALUE, variables={held: UINTS})
    draft.add("in", put, (), [Assign(Item(held, SENDER), "+=", VALUE)], True, s=held)
    body = [Assign(Item(held, SENDER), "-=", AMOUNT), Pay(SENDER, AMOUNT)]
    draft.add("out", take, (("amount", UINT),), body, s=held)
    return draft


def _stake(rng: random.Random) -> Draft:
    """Ether is locked for a time."""
    put, take = rng.choice((("lock", "unlock"), ("stake", "unstake"), ("freeze", "thaw")))
    held, until = rng.choice(("locked", "staked")), rng.choice(("until", "due"))
    time, message = rng.choice((3600, 43_200, 86_400, 604_800)), rng.choice(("early", "locked", "not yet"))
    draft = Draft("stake", rng.choice(("Stake", "Locker", "Timelock")), amount=VALUE)
    draft.variables = {held: UINTS, until: UINTS}
    body = [Assign(Item(held, SENDER), "+=", VALUE), Assign(Item(until, SENDER), "=", Binary("+", NOW, Num(time)))]
    draft.add("in", put, (), body, True, s=held, t=until, n=str(time))
    body = [Require(Compare(">=", NOW, Item(until, SENDER)), message),
            Assign(Item(held, SENDER), "-=", AMOUNT), Pay(SENDER, AMOUNT)]  # fmt: skip
    draft.add("out", take, (("amount", UINT),), body, s=held, t=until, m=message)
    return draft


def _fund(rng: random.Random) -> Draft:
    """Ether is given, the owner collects it."""
    give, collect = rng.choice((("give", "collect"), ("donate", "claim"), ("support", "payout")))
    given, raised, message = rng.choice(("given", "gifts")), rng.choice(("raised", "pot")), denied(rng)
    draft = Draft("fund", rng.choice(("Fund", "Charity", "Campaign")), amount=VALUE)
    draft.variables = {given: UINTS, raised: UINT}
    draft.need_owner()
    body = [Assign(Item(given, SENDER), "+=", VALUE), Assign(State(raised), "+=", VALUE)]
    draft.add("in", give, (), body, True, s=given, t=raised)
    body = [Require(Compare("==", SENDER, State("owner")), message, "owner"), Assign(State(raised), "-=", AMOUNT),
            Pay(SENDER, AMOUNT)]  # fmt: skip
    draft.add("out", collect, (("amount", UINT),), body, t=raised, m=message)
    return draft


def _faucet(rng: random.Random) -> Draft:
    """Anybody may take small sums."""
    take, fill = rng.choice((("take", "fill"), ("drip", "refill"), ("request", "top")))
    taken = rng.choice(("taken", "received"))
    draft = Draft("faucet", rng.choice(("Faucet", "Fountain")), amount=AMOUNT, variables={taken: UINTS})
    draft.add("out", take, (("amount", UINT),), [Assign(Item(taken, SENDER), "+=", AMOUNT), Pay(SENDER, AMOUNT)],
              s=taken)  # fmt: skip
    draft.variables["filled"] = UINT
    draft.add("in", fill, (), [Assign(State("filled"), "+=", VALUE)], True, s="filled")
    return draft


def _counter(rng: random.Random) -> Draft:
    """A sum of numbers."""
    name, total = rng.choice(("add", "count", "report")), rng.choice(("total", "number", "sum"))
    draft = Draft("counter", rng.choice(("Counter", "Meter", "Tally")), amount=AMOUNT, variables={total: UINT})
    draft.add("main", name, (("amount", UINT),), [Assign(State(total), "+=", AMOUNT)], s=total)
    return draft


def _setting(rng: random.Random) -> Draft:
    """One number that is set."""
    name, level = rng.choice(("set", "update", "change")), rng.choice(("level", "rate", "price"))
    draft = Draft("setting", rng.choice(("Setting", "Config", "Oracle")), amount=AMOUNT, variables={level: UINT})
    draft.add("main", name, (("amount", UINT),), [Assign(State(level), "=", AMOUNT)], s=level)
    return draft


def _points(rng: random.Random) -> Draft:
    """Points for others."""
    name, points = rng.choice(("award", "grant", "credit")), rng.choice(("points", "score", "credits"))
    draft = Draft("points", rng.choice(("Points", "Rewards", "Bonus")), amount=AMOUNT, variables={points: UINTS})
    parameters = (("user", ADDRESS), ("amount", UINT))
    draft.add("main", name, parameters, [Assign(Item(points, Param("user")), "+=", AMOUNT)], s=points)
    return draft


def _token(rng: random.Random) -> Draft:
    """A supply that is passed on."""
    name, held = rng.choice(("transfer", "send_to", "move")), rng.choice(("balances", "holdings"))
    supply = rng.choice((100, 500, 1000, 5000))
    draft = Draft("token", rng.choice(("Token", "Coin", "Share")), amount=AMOUNT, variables={held: UINTS})
    draft.constructor.append(Assign(Item(held, SENDER), "=", Num(supply)))
    body = [Assign(Item(held, SENDER), "-=", AMOUNT), Assign(Item(held, Param("to")), "+=", AMOUNT)]
    draft.add("main", name, (("to", ADDRESS), ("amount", UINT)), body, s=held, n=str(supply))
    return draft


def _poll(rng: random.Random) -> Draft:
    """Votes for an account."""
    name, votes = rng.choice(("vote", "elect", "choose")), rng.choice(("votes", "ballots"))
    draft = Draft("poll", rng.choice(("Poll", "Election", "Ballot")), variables={votes: UINTS})
    draft.add("main", name, (("user", ADDRESS),), [Assign(Item(votes, Param("user")), "+=", Num(1))], s=votes)
    return draft


def _registry(rng: random.Random) -> Draft:
    """Members who join and leave."""
    join, leave = rng.choice((("join", "exit"), ("enter", "quit"), ("register", "resign")))
    member = rng.choice(("member", "listed", "active"))
    draft = Draft("registry", rng.choice(("Registry", "Club", "List")), variables={member: FLAGS})
    draft.add("in", join, (), [Assign(Item(member, SENDER), "=", Flag(True))], s=member)
    draft.add("out", leave, (), [Assign(Item(member, SENDER), "=", Flag(False))], s=member)
    return draft


def _shop(rng: random.Random) -> Draft:
    """Tickets at a fixed price."""
    name, owned, sold = rng.choice(("buy", "order", "book")), rng.choice(("tickets", "items")), "sold"
    price, message = rng.choice((5, 7, 12, 25, 40, 75)), rng.choice(("price", "wrong price"))
    draft = Draft("shop", rng.choice(("Shop", "Tickets", "Booking")), variables={owned: UINTS, sold: UINT})
    body = [Require(Compare("==", VALUE, Num(price)), message, "price"),
            Assign(Item(owned, SENDER), "+=", Num(1)), Assign(State(sold), "+=", Num(1))]  # fmt: skip
    draft.add("main", name, (), body, True, s=owned, t=sold, n=str(price), m=message)
    return draft


def _auction(rng: random.Random) -> Draft:
    """The highest bid leads; who was outbid takes the money back."""
    name, leader = rng.choice(("bid", "offer")), rng.choice(("leader", "bidder"))
    highest, refunds, claim = rng.choice(("highest", "best")), "refunds", rng.choice(("claim", "withdraw"))
    message = rng.choice(("low", "too low", "outbid"))
    draft = Draft("auction", rng.choice(("Auction", "Sale")))
    draft.variables = {leader: ADDRESS, highest: UINT, refunds: UINTS}
    body = [Require(Compare(">", VALUE, State(highest)), message, "bid"),
            Assign(Item(refunds, State(leader)), "+=", State(highest)), Assign(State(leader), "=", SENDER),
            Assign(State(highest), "=", VALUE)]  # fmt: skip
    draft.add("in", name, (), body, True, s=leader, t=highest, r=refunds, m=message)
    body = [Assign(Item(refunds, SENDER), "-=", AMOUNT), Pay(SENDER, AMOUNT)]
    draft.add("out", claim, (("amount", UINT),), body, s=refunds)
    return draft


def _allowance(rng: random.Random) -> Draft:
    """The owner allows sums, others spend them."""
    spend, allow = rng.choice((("spend", "allow"), ("use", "permit")))
    left, message = rng.choice(("limits", "budget")), denied(rng)
    draft = Draft("allowance", rng.choice(("Allowance", "Budget", "Expenses")), amount=AMOUNT)
    draft.variables = {left: UINTS}
    draft.need_owner()
    draft.add("out", spend, (("amount", UINT),), [Assign(Item(left, SENDER), "-=", AMOUNT)], s=left)
    body = [Require(Compare("==", SENDER, State("owner")), message, "owner"),
            Assign(Item(left, Param("user")), "=", AMOUNT)]  # fmt: skip
    draft.add("in", allow, (("user", ADDRESS), ("amount", UINT)), body, s=left, m=message)
    return draft


def denied(rng: random.Random) -> str:
    """Return the message for those who are not the owner."""
    return rng.choice(("owner", "not owner", "denied"))


FAMILIES: dict[str, Callable[[random.Random], Draft]] = {
    "vault": _vault, "stake": _stake, "fund": _fund, "faucet": _faucet, "counter": _counter, "setting": _setting,
    "points": _points, "token": _token, "poll": _poll, "registry": _registry, "shop": _shop, "auction": _auction,
    "allowance": _allowance,
}  # fmt: skip
