"""What may happen to an item that stands: the rules of each table, checked at every write."""

from collections.abc import Callable, Mapping, Sequence

from tests.fakes.expressions import Attributes

# Rows that are put once: nothing replaces them.
_ONCE = {"InboxTable", "VaultTable"}
_FINAL = {"PARKED", "DISCARDED", "RESOLVED"}

type Headers = Sequence[Attributes]
type Guard = Callable[[str, Attributes, Attributes | None, bool, Headers], list[tuple[int, str]]]
type Parked = Mapping[tuple[str, ...], Attributes]


def guarding(parked: Parked) -> Guard:
    """A guard that also knows who repeats whom: a claim goes to a repeat of its owner only."""

    def guard_all(
        table: str, before: Attributes, after: Attributes | None, put: bool, headers: Headers
    ) -> list[tuple[int, str]]:
        taken = _taken(before, after or {}, parked) if table == "ClaimsTable" else []
        return taken or guard(table, before, after, put, headers)

    return guard_all


def _taken(before: Attributes, after: Attributes, parked: Parked) -> list[tuple[int, str]]:
    if "owner" not in before or "owner" not in after or before["owner"] == after["owner"]:
        return []
    row = parked.get((after["owner"]["S"],), {})
    if row.get("original") == before["owner"]:
        return []
    return [(7, f"the claim of {_name(before)} was taken from {before['owner']['S']}")]


def guard(
    table: str, before: Attributes, after: Attributes | None, put: bool, headers: Headers
) -> list[tuple[int, str]]:
    """The invariants that a change breaks; `put` says that it replaces the whole item, `headers`
    are those of its transaction.
    """
    if table == "ReferenceTable":
        return _rule(before, put=put)
    if table == "JournalTable":
        return [(15, f"the journal's {_name(before)} was changed")]
    if table == "AssembliesTable" and put:
        return [(4, f"{_name(before)} {before['sk']['S']} was replaced")]
    if table in _ONCE:
        return [(15, f"{table}: {_name(before)} was replaced")]
    if table == "PaymentsTable":
        return _payment(before, after or {}, headers)
    if table == "ParkedTable":
        return _parked(before, after or {}, put)
    if table == "ClaimsTable" and put and "owner" in before:
        return [(7, f"the claim of {_name(before)} was replaced")]
    return _balance(before, after or {}, headers) if table == "BalancesTable" else []


def _rule(before: Attributes, *, put: bool) -> list[tuple[int, str]]:
    """A rule set keeps its content for ever: bookings name its version."""
    is_rule = before["pk"]["S"].startswith("RULES#")
    return [(15, f"the rule {before['sk']['S']} was changed")] if put and is_rule else []


def _parked(before: Attributes, after: Attributes, put: bool) -> list[tuple[int, str]]:
    state = before.get("state", {}).get("S")
    if put and state in _FINAL and not _provisional(before):
        what = f"the {state} {before['reason']['S']} row of {_name(before)} was replaced"
        return [(2, what)]
    if not put and state != "PARKED" and before.get("state") != after.get("state"):
        return [(2, f"{_name(before)} was decided about in state {state}")]
    return []


def _provisional(row: Attributes) -> bool:
    """A row of a way that has not ended, or ended before its time: an outcome takes its place."""
    return row["state"]["S"] == "PARKED" and row["reason"]["S"] in {"PENDING_MATCH", "FAILED"}


def _payment(before: Attributes, after: Attributes, headers: Headers) -> list[tuple[int, str]]:
    if "payment_id" in before and before["payment_id"] != after.get("payment_id"):
        return [(8, f"{_name(before)} was given to another payment")]
    booked = [each for each in headers if _says(each, "payment", before, "payment_id")]
    return _versions(before, after, len(booked))


def _balance(before: Attributes, after: Attributes, headers: Headers) -> list[tuple[int, str]]:
    booked = [
        each
        for each in headers
        if any(_says(each, part, before, "account", "currency") for part in ("customer", "hold"))
    ]
    return _versions(before, after, len(booked))


def _says(header: Attributes, part: str, row: Attributes, *names: str) -> bool:
    said = header.get(part, {}).get("M", {})
    return bool(said) and all(said.get(name) == row.get(name) for name in names)


def _versions(before: Attributes, after: Attributes, bookings: int) -> list[tuple[int, str]]:
    """One more for each booking of the transaction, and one for any other change."""
    if "version" not in before:
        return []
    versions = int(before["version"]["N"]), int(after.get("version", {"N": "0"})["N"])
    if versions[1] != versions[0] + max(1, bookings):
        return [(8, f"{_name(before)} went from version {versions[0]} to {versions[1]}")]
    return []


def _name(item: Attributes) -> str:
    for name in ("pk", "ingest_id", "msg_id"):
        if name in item:
            return str(item[name]["S"])
    return "an item"
