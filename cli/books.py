"""The journal against the fold's markers: which headers the internal balances do not know yet."""

from adapters.journal import JournalTable
from cli.scanning import scan
from cli.system import System
from domain.events import Posted


def unfolded_ids(system: System) -> list[str]:
    """Ids of the headers without a marker; reads the keys of both tables.

    The markers are read first: a header that is booked meanwhile then counts as not folded, never
    the other way round.
    """
    client = system.client("dynamodb")
    markers = scan(
        client,
        system.table("Balances"),
        only="begins_with(pk, :f)",
        values={":f": "F#"},
        attributes=["pk"],
    )
    folded = {row["pk"].removeprefix("F#") for row in markers}
    headers = scan(
        client, system.table("Journal"), only="sk = :h", values={":h": "H"}, attributes=["pk"]
    )
    return sorted({row["pk"] for row in headers} - folded)


def unfolded_headers(system: System) -> list[Posted]:
    journal = JournalTable(system.client("dynamodb"), system.table("Journal"))
    return [header.posted for header in journal.get_many(unfolded_ids(system)).values()]
