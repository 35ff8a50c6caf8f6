"""What a run is about: few messages on few accounts, so that they get in each other's way."""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from samples.population import ACCOUNTS, CARDS, STRAY_CARDS, CardHeld
from tests.unit.card_messages import elements

type Message = dict[str, Any]

_FOCUSED = 0.7
_BURST = 0.05
# How many messages: more where they are about one thing and are to get in each other's way.
_FEW, _SEVERAL = (1, 1, 1, 2), (1, 1, 1, 2, 2, 2, 3)
# How long the rules keep a fuel pump's hold.
_FUEL_SECONDS = 3_600.0
# How long a request waits for its response.
_REQUEST_SECONDS = 900.0
_ASKING = ("0100", "0200")
# What becomes of a request that has a response: it is late only where something takes its time.
_ASKED = frozenset({"PENDING_MATCH NO_RESPONSE RESOLVED", "REJECTED REQUEST_WITHOUT_RESPONSE"})
SHORT = "INSUFFICIENT_FUNDS"

BY_ID = {account.account_id: account for account in ACCOUNTS}
FIRST_CARD = {card.account.account_id: card for card in reversed(CARDS) if card.account}
# Known before a run begins: three to book to, one in another currency, and three that refuse.
BUSY = ("A-1001", "A-1002")
DOLLAR, HELD, FROZEN, CLOSED = "A-1041", "A-1046", "A-1048", "A-1049"
KNOWN = (*BUSY, DOLLAR, HELD, FROZEN, CLOSED)
# One of the two is booked in batches, until somebody says otherwise.
BATCHED_ONES = (BUSY[1],)
# Loaded while messages are under way; it is booked in batches, too.
NEWCOMER = "A-1003"


@dataclass(frozen=True, slots=True)
class Expected:
    """What must become of a message when nobody interferes with its account.

    `outcome` is the header's purpose, or the parked row's reason; `why` the suspense reason or the
    parked code. Of the messages of one `group` exactly one is booked, the others are repeats of it.
    """

    outcome: str
    why: str | None = None
    # Instead: any of these, where the time that something takes decides.
    one_of: frozenset[str] = frozenset()


@dataclass(slots=True)
class Planned:
    """A message on its way: when and through which door it comes, and what is expected of it."""

    label: str
    message: Message
    at: float
    expected: Expected
    group: str
    account: str | None
    ingest_ids: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Scenario:
    """`requests` come through the API, a list of messages each; `files` through the bucket."""

    requests: list[list[Planned]]
    files: list[list[Planned]]
    until: float

    @property
    def planned(self) -> Iterator[Planned]:
        for several in (*self.requests, *self.files):
            yield from several


@dataclass(frozen=True, slots=True)
class Focus:
    """What a run is mostly about: `kinds` of messages, and `acts` of people, by their names;
    `burst`: many messages for one batched account; `slow`: functions and machines that are often
    kept waiting before they write, so that what they have read is old by then; `faults`: kinds that
    are frequent.

    Nothing that else may happen is left out; it only happens less often.
    """

    kinds: tuple[str, ...] = ()
    acts: tuple[str, ...] = ()
    burst: bool = False
    slow: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()


ANYTHING = Focus()


class Drawing:
    def __init__(self, rng: random.Random, focus: Focus = ANYTHING, first: int = 1) -> None:
        """`first` is the trace number of the first message."""
        self._rng = rng
        self._likely_burst = _FOCUSED if focus.burst else _BURST
        self._sizes = _FEW if focus == ANYTHING else _SEVERAL
        self._focus: list[Callable[[Drawing], list[Planned]]] = [
            getattr(Drawing, name) for name in focus.kinds
        ]
        self._stan = count(first)
        self._only: str | None = None
        self._until = rng.choice((20.0, 120.0, 900.0))

    def scenario(self, most: int | None = None) -> Scenario:
        """1 to 3 messages and what goes with them; `most`, where a failing run is made smaller.

        Few of them get in each other's way as often as many do, in less time.
        """
        wanted = self._rng.choice(self._sizes)
        planned: list[Planned] = []
        while len(planned) < wanted:
            planned += self._kind()(self)
        return self._through_doors(planned[:most])

    def burst(self, until: float) -> list[list[Planned]]:
        """Many cards of one company at one moment, in some runs: requests of a message each."""
        if self._rng.random() >= self._likely_burst:
            return []
        kinds = (self.purchase, self.purchase, self.refund, self.repeated, self.payment)
        self._only, moment = BATCHED_ONES[0], self._rng.uniform(0.0, until)
        wanted, planned = self._rng.randint(3, 6), list[Planned]()
        while len(planned) < wanted:
            planned += self._rng.choice(kinds)()
        for each in planned:
            each.at = moment + self._rng.uniform(0.0, 1.0)
        return [[each] for each in planned]

    def _kind(self) -> Callable[["Drawing"], list[Planned]]:
        if self._focus and self._rng.random() < _FOCUSED:
            return self._rng.choice(self._focus)
        return self._rng.choices(_KINDS, _WEIGHTS)[0]

    def _through_doors(self, planned: list[Planned]) -> Scenario:
        requests: list[list[Planned]] = []
        files: list[list[Planned]] = []
        left = list(planned)
        self._rng.shuffle(left)
        while left:
            size = min(len(left), self._rng.choice((1, 1, 1, 2, 4)))
            several, left = left[:size], left[size:]
            (files if self._rng.random() < 0.25 else requests).append(several)
        return Scenario(requests, files, self._until)

    # --- kinds of messages

    def purchase(self) -> list[Planned]:
        return [self._one("purchase", self._busy(), Expected("CLEAR"))]

    def rush(self) -> list[Planned]:
        """Several on one account at one moment."""
        card = self._busy()
        several = [self._one(f"rush {n}", card, Expected("CLEAR")) for n in (1, 2, 3)]
        for each in several:
            each.at = several[0].at
        return several

    def refund(self) -> list[Planned]:
        return [self._one("refund", self._busy(), Expected("REFUND"), de3="200000")]

    def cash(self) -> list[Planned]:
        return [self._one("cash", self._busy(), Expected("CASH"), de3="010000", de18="6011")]

    def foreign(self) -> list[Planned]:
        card = self._rng.choice((self._busy(), FIRST_CARD[DOLLAR]))
        currency = self._rng.choice(("840", "826", "392"))
        return [self._one("foreign", card, Expected("CLEAR"), de49=currency, de19="840")]

    def no_rate(self) -> list[Planned]:
        expected = Expected("SUSPEND", "NO_RATE")
        return [self._one("no rate", self._busy(), expected, de49="764", de19="764")]

    def over_limit(self) -> list[Planned]:
        expected = Expected("SUSPEND", "OVER_LIMIT")
        return [self._one("over limit", self._busy(), expected, de4="000000900000")]

    def over_limit_again(self) -> list[Planned]:
        """Several on one account, so that they lie in suspense together."""
        expected, card = Expected("SUSPEND", "OVER_LIMIT"), self._busy()
        return [self._one(f"over {n}", card, expected, de4="000000800000") for n in (1, 2)]

    def declined(self) -> list[Planned]:
        expected = Expected("REJECTED", "DECLINED")
        return [self._one("declined", self._busy(), expected, de39="05", de38=None)]

    def lone_request(self) -> list[Planned]:
        """One that nobody answers; some are sent again."""
        expected, mti = Expected("REJECTED", "REQUEST_WITHOUT_RESPONSE"), self._rng.choice(_ASKING)
        one = self._one("request", self._busy(), expected, mti=mti, de39=None, de38=None)
        again = one.message | {"mti": f"{mti[:3]}1"}
        return [one, self._again("asked again", one, again)] if self._rng.random() < 0.3 else [one]

    def pair(self) -> list[Planned]:
        """A request and its response, in any order and often at the same moment; the response may
        say no, leave out what the request said, and either may come twice.
        """
        mti, either = self._rng.choice(_ASKING), Expected("PENDING_MATCH", one_of=_ASKED)
        asked = self._one("request", self._busy(), either, mti=mti, de39=None, de38=None)
        booked = "HOLD" if mti == "0100" else "CLEAR"
        said: dict[str, str] = {"39": "00", "38": "A1B2C3"}
        expected = Expected(booked, one_of=frozenset({booked, f"REJECTED {SHORT}"}))
        if self._rng.random() < 0.25:
            said, expected = {"39": "05"}, Expected("REJECTED", "DECLINED")
        left = asked.message["de"]
        if self._rng.random() < 0.3:
            left = {name: text for name, text in left.items() if name not in {"41", "43"}}
        answer = asked.message | {"mti": f"{mti[:2]}10", "de": left | said}
        response = self._again("response", asked, answer)
        response.expected, response.group = expected, f"response {left['11']}"
        several = [asked, response]
        for each in (asked, response):
            if self._rng.random() < 0.25:
                several.append(self._again(f"{each.label} again", each, each.message))
        return several

    def unknown(self) -> list[Planned]:
        """A card that the vault has not seen either, once or twice at the same moment."""
        expected, card = Expected("SUSPEND", "UNKNOWN_ACCOUNT"), self._rng.choice(STRAY_CARDS)
        several = [self._one("unknown", card, expected) for _ in range(self._rng.choice((1, 2)))]
        for each in several:
            each.at = several[0].at
        return several

    def refused(self) -> list[Planned]:
        account, why = self._rng.choice(
            ((HELD, "ACCOUNT_ON_HOLD"), (FROZEN, "ACCOUNT_ON_HOLD"), (CLOSED, "ACCOUNT_CLOSED"))
        )
        return [self._one("refused", FIRST_CARD[account], Expected("SUSPEND", why))]

    def invalid(self) -> list[Planned]:
        one = self._one("invalid", self._busy(), Expected("INVALID"), de4="12")
        again = Planned("invalid again", one.message, self._at(), one.expected, "", None)
        return [one, again] if self._rng.random() < 0.3 else [one]

    def repeated(self) -> list[Planned]:
        one = self._one("original", self._busy(), Expected("CLEAR"))
        times = self._rng.choice((1, 1, 2))
        return [one, *(self._again("repeat", one, one.message) for _ in range(times))]

    def conflicting(self) -> list[Planned]:
        one = self._one("one of two", self._busy(), Expected("CLEAR"))
        other = one.message | {"de": one.message["de"] | {"4": self._amount()}}
        return [one, self._again("other of two", one, other)]

    def repeated_refusal(self) -> list[Planned]:
        """The same declined message twice, or once declined and once approved."""
        one = self.declined()[0]
        if self._rng.random() < 0.5:
            times = self._rng.choice((1, 1, 2))
            return [one, *(self._again("declined again", one, one.message) for _ in range(times))]
        approved = one.message | {"de": one.message["de"] | {"39": "00", "38": "A1B2C3"}}
        contested = Expected("CONTESTED")
        one.expected = contested
        return [one, self._again("approved", one, approved)]

    def two_presentments(self) -> list[Planned]:
        """A response and an advice of one purchase: one is booked, the other waits for a person."""
        one = self._one("response", self._busy(), Expected("PRESENTED"))
        changed = {"11": self._next_stan(), "7": self._transmitted()}
        advice = {**one.message, "mti": "0220", "de": one.message["de"] | changed}
        return [one, self._again("advice", one, advice)]

    def partial_clearings(self) -> list[Planned]:
        card, rrn = self._busy(), self._rrn()
        return [
            self._one(f"part {n}", card, Expected("CLEAR"), mti="0220", de37=rrn) for n in (1, 2)
        ]

    # --- payments of several messages

    def held(self) -> list[Planned]:
        """A hold that nothing follows; a fuel pump's expires before the others'."""
        either = Expected("HOLD", one_of=frozenset({"HOLD", f"REJECTED {SHORT}"}))
        mcc = self._rng.choice(("5411", "5542"))
        return [self._one("hold", self._busy(), either, mti="0110", de18=mcc)]

    def held_by_the_refused(self) -> list[Planned]:
        account, why = self._rng.choice(
            ((HELD, "ACCOUNT_ON_HOLD"), (FROZEN, "ACCOUNT_ON_HOLD"), (CLOSED, "ACCOUNT_CLOSED"))
        )
        return [self._one("hold", FIRST_CARD[account], Expected("REJECTED", why), mti="0110")]

    def held_for_an_hour(self) -> list[Planned]:
        """Fuel, which is cleared at the moment when its hold expires."""
        either = Expected("HOLD", one_of=frozenset({"HOLD", "REJECTED INSUFFICIENT_FUNDS"}))
        hold = self._one("hold", self._busy(), either, mti="0110", de18="5542")
        clearing = self._clearing(hold)
        clearing.at = hold.at + _FUEL_SECONDS + self._rng.uniform(0.0, 8.0)
        return [hold, clearing]

    # These are drawn only where a run is about them.

    def held_while_money_comes(self) -> list[Planned]:
        """A hold of more than there is, and at the same moment the money that it lacks."""
        card, (enough, lacking) = FIRST_CARD[BUSY[0]], (265_000, 8_000)
        either = Expected("HOLD", one_of=frozenset({"HOLD", f"REJECTED {SHORT}"}))
        hold = self._one("hold", card, either, mti="0110", de4=f"{enough:012}")
        money = self._one("money", card, Expected("REFUND"), de3="200000", de4=f"{lacking:012}")
        money.at = hold.at + self._rng.uniform(-2.0, 2.0)
        return [hold, money]

    def held_and_paid_back(self) -> list[Planned]:
        """Fuel, whose refund comes when its hold expires and waits for the clearing behind it."""
        hold, clearing = self.held_for_an_hour()
        refund = self._pay_back(clearing)
        # A message takes some seconds to its booking.
        refund.at = clearing.at - self._rng.uniform(0.0, 12.0)
        clearing.at += self._rng.uniform(60.0, 600.0)
        return [hold, clearing, refund]

    def answered_at_last(self) -> list[Planned]:
        """A request whose response comes when its time is over."""
        asked, response, *_ = self.pair()
        response.at = asked.at + _REQUEST_SECONDS + self._rng.uniform(0.0, 8.0)
        return [asked, response]

    def payment(self) -> list[Planned]:
        """A promised hold (0120) and some of what may follow, in any order."""
        hold = self._one("hold", self._busy(), Expected("HOLD"), mti="0120", de4=f"{6_000:012}")
        several = [hold]
        for follow in (self._increment, self._part, self._clearing, self._give_up):
            if self._rng.random() < 0.5:
                several.append(follow(hold))
        for cleared in [each for each in several if each.expected.outcome == "CLEAR"]:
            if self._rng.random() < 0.4:
                several.append(self._rng.choice((self._undo, self._pay_back))(cleared))
        if self._rng.random() < 0.3:
            again = self._rng.choice(several)
            several.append(self._again("again", again, again.message))
        if self._rng.random() < 0.3:
            self._with_life_cycle(several)
        return several

    def _with_life_cycle(self, several: list[Planned]) -> None:
        """Some of the messages name the network's life cycle too, the others do not know it."""
        groups = {each.group for each in several if self._rng.random() < 0.6}
        life_cycle = f"4{self._rng.randrange(10**14):014d}"
        for each in several:
            if each.group in groups:
                de = each.message["de"] | {"63": life_cycle}
                each.message = {**each.message, "de": de}

    def _increment(self, hold: Planned) -> Planned:
        de90 = _naming(hold, "0100")
        waits = frozenset({"HOLD", "REJECTED INCREMENT_UNMATCHED"})
        return self._follow("increment", hold, "0120", waits, de4=f"{2_000:012}", de90=de90)

    def _part(self, hold: Planned) -> Planned:
        part = {"de4": f"{1_500:012}", "de71": "0001", "de72": "0002"}
        return self._follow("part", hold, "0220", frozenset({"CLEAR"}), **part)

    def _clearing(self, hold: Planned) -> Planned:
        """Of less than was promised, or of more: within what is tolerated, or beyond it."""
        amount = (4_500, 4_500, 6_900, 9_500)[int(hold.message["de"]["11"]) % 4]
        return self._follow("clearing", hold, "0220", frozenset({"CLEAR"}), de4=f"{amount:012}")

    def _give_up(self, hold: Planned) -> Planned:
        undone = {"REJECTED REVERSED_UNMATCHED", "REJECTED ALREADY_EXPIRED", "RELEASE"}
        return self._follow("reversal", hold, "0420", frozenset(undone), de90=_naming(hold, "0100"))

    def _undo(self, cleared: Planned) -> Planned:
        undone = frozenset({"REVERSE", "REJECTED REVERSED_UNMATCHED"})
        return self._follow("undoing", cleared, "0420", undone, de90=_naming(cleared, "0220"))

    def _pay_back(self, cleared: Planned) -> Planned:
        back = {"de3": "200000", "de4": f"{700:012}", "de90": _naming(cleared, "0220")}
        return self._follow("refund", cleared, "0220", frozenset({"REFUND"}), **back)

    def _follow(
        self, label: str, one: Planned, mti: str, either: frozenset[str], **de: str
    ) -> Planned:
        """Of the same payment, with a trace number of its own; before or after it."""
        changes = {name.removeprefix("de"): text for name, text in de.items()}
        numbers = {"11": self._next_stan(), "7": self._transmitted()}
        message = {**one.message, "mti": mti, "de": one.message["de"] | numbers | changes}
        at = max(0.0, one.at + self._rng.uniform(-5.0, 10.0))
        outcome = min(either, key=lambda each: (" " in each, each))
        expected = Expected(outcome, one_of=either)
        return Planned(label, message, at, expected, f"{label} {numbers['11']}", one.account)

    # --- making one

    def _one(
        self, label: str, card: CardHeld, expected: Expected, mti: str = "0210", **de: str | None
    ) -> Planned:
        given = {
            "de2": card.card_number,
            "de4": self._amount(),
            "de7": self._transmitted(),
            "de11": self._next_stan(),
            "de37": self._rrn(),
        }
        message: Message = {"network": card.network, "mti": mti, "de": elements(**(given | de))}
        group = f"{label} {message['de']['11']}"
        account = card.account.account_id if card.account else None
        return Planned(label, message, self._at(), expected, group, account)

    def _again(self, label: str, one: Planned, message: Message) -> Planned:
        # Often at the same moment, so that both are under way at once.
        at = one.at + self._rng.uniform(0.0, 1.5) if self._rng.random() < 0.5 else self._at()
        return Planned(label, message, at, one.expected, one.group, one.account)

    def _busy(self) -> CardHeld:
        return FIRST_CARD[self._only or self._rng.choice(BUSY)]

    def _amount(self) -> str:
        return f"{self._rng.choice((100, 4500, self._rng.randint(1, 99_999))):012d}"

    def _next_stan(self) -> str:
        return f"{next(self._stan):06d}"

    def _rrn(self) -> str:
        return f"6324{self._rng.randrange(10**8):08d}"

    def _transmitted(self) -> str:
        return f"112010{self._rng.randrange(60):02d}{self._rng.randrange(60):02d}"

    def _at(self) -> float:
        return self._rng.uniform(0.0, self._until)


def _naming(one: Planned, mti: str) -> str:
    """DE90 of a message that follows this one, whose request had this type."""
    de = one.message["de"]
    return f"{mti}{de['11']}{de['7']}{de['32']:0>11}{'':0>11}"


_DRAWN: tuple[tuple[int, Callable[[Drawing], list[Planned]]], ...] = (
    (6, Drawing.purchase),
    (2, Drawing.rush),
    (2, Drawing.refund),
    (1, Drawing.cash),
    (3, Drawing.foreign),
    (1, Drawing.no_rate),
    (1, Drawing.over_limit),
    (2, Drawing.over_limit_again),
    (2, Drawing.declined),
    (1, Drawing.lone_request),
    (4, Drawing.pair),
    (2, Drawing.unknown),
    (2, Drawing.refused),
    (1, Drawing.invalid),
    (4, Drawing.repeated),
    (3, Drawing.conflicting),
    (2, Drawing.repeated_refusal),
    (3, Drawing.two_presentments),
    (1, Drawing.partial_clearings),
    (2, Drawing.held),
    (1, Drawing.held_by_the_refused),
    (1, Drawing.held_for_an_hour),
    (7, Drawing.payment),
)
_KINDS = [kind for _, kind in _DRAWN]
_WEIGHTS = [weight for weight, _ in _DRAWN]
