"""Messages of the errands' own, through the API and in files, and what became of each."""

import json
from itertools import count
from typing import TYPE_CHECKING, Any

from domain import identity
from samples.envelopes import api_request
from samples.population import STRAY_CARDS, CardHeld
from tests.simulation import deployment
from tests.simulation.doors import CALLER
from tests.simulation.scenario import BUSY, FIRST_CARD
from tests.unit.card_messages import elements

if TYPE_CHECKING:
    from tests.simulation.cloud import CloudRun

type Message = dict[str, Any]

# Booked one by one, and in batches.
SINGLE_CARD, BATCHED_CARD = (FIRST_CARD[each] for each in BUSY)
_ROUTE = "/v1/messages"
# Far from the trace numbers of a run.
_FIRST_STAN = 70_000


class Sender:
    """Each message has a trace number and a retrieval reference of its own."""

    def __init__(self, run: "CloudRun") -> None:
        self._run = run
        self._stans = count(_FIRST_STAN)
        self._sent = 0

    def message(self, mti: str = "0210", card: CardHeld = SINGLE_CARD, **de: str | None) -> Message:
        number = next(self._stans)
        given = {"de2": card.card_number, "de11": f"{number:06}", "de37": f"6324{number:08}"}
        return {"network": card.network, "mti": mti, "de": elements(**(given | de))}

    def request(self, mti: str = "0100") -> Message:
        """Without what its issuer adds."""
        return self.message(mti, de38=None, de39=None)

    def follow(self, first: Message, mti: str, **de: str) -> Message:
        """Another message of the same payment."""
        number = {"11": f"{next(self._stans):06}"}
        changes = {name.removeprefix("de"): text for name, text in de.items()}
        return first | {"mti": mti, "de": first["de"] | number | changes}

    def next_id(self) -> str:
        """What the first record of the next request will be called."""
        return identity.ingest_id_for_api(CALLER, f"errand-{self._sent + 1}", 0)

    def post(self, *messages: Message, **query: str) -> tuple[int, Any]:
        """One request: its status, and the answer's body as values."""
        body = json.dumps({"messages": list(messages)})
        self._sent += 1
        headers = {"Idempotency-Key": f"errand-{self._sent}"}
        request = api_request("POST", _ROUTE, CALLER, headers=headers, body=body)
        request["queryStringParameters"] = query or None
        answer = deployment.ask(self._run, "IngestFunction", request)
        return answer["statusCode"], json.loads(answer["body"])

    def send(self, *messages: Message) -> list[str]:
        """The ids of their records, which are on their way now."""
        status, body = self.post(*messages)
        assert status == 202, body
        return [each["ingest_id"] for each in body["results"]]

    def deliver(self, *messages: Message) -> list[str]:
        """As `send`, and until nothing is on its way any more."""
        ingest_ids = self.send(*messages)
        deployment.settle(self._run)
        return ingest_ids

    def kinds(self) -> dict[str, Message]:
        """Messages of most outcomes, by the outcome."""
        return {
            "CLEAR": self.message(),
            "PARKED REJECTED DECLINED": self.message(de39="05", de38=None),
            "SUSPEND": self.message(card=STRAY_CARDS[0]),
            "PARKED INVALID LENGTH": self.message(de4="12"),
        }

    def land(self, *messages: Message) -> None:
        """A file of them."""
        (landing,) = (name for name, spec in self._run.plan.buckets.items() if spec.notifies_bus)
        content = "".join(json.dumps(each) + "\n" for each in messages).encode()
        self._sent += 1
        self._run.buckets.put(landing, f"errand-{self._sent}.jsonl", content)


def naming(first: Message, mti: str) -> str:
    """DE90 of a message that follows this one, whose request had this type."""
    de = first["de"]
    return f"{mti}{de['11']}{de['7']}{de['32']:0>11}{'':0>11}"


def outcome(run: "CloudRun", ingest_id: str) -> str:
    """The purpose of its header and what was made of that, or its parked row."""
    headers = [row for row in run.books.rows("JournalTable") if row["sk"] == "H"]
    purposes = [row["purpose"] for row in headers if row["ingest_id"] == ingest_id]
    if purposes:
        return " ".join(sorted(purposes))
    rows = run.books.rows("ParkedTable")
    parked = [row for row in rows if row["ingest_id"] == ingest_id]
    return " ".join(f"{row['state']} {row['reason']} {row['code']}" for row in parked)


def expect(run: "CloudRun", wanted: dict[str, str]) -> None:
    """These outcomes, by the ids of their records."""
    found = {ingest_id: outcome(run, ingest_id) for ingest_id in wanted}
    assert found == wanted, found
