"""Mutants of the code: an answer is not read, a failure is swallowed, a state is forgotten."""

from typing import Any

import msgspec
from botocore.exceptions import ClientError
from msgspec.structs import replace

from adapters import account_commands, accounts, parked, posting, transactions
from adapters.bus import Bus
from adapters.claims import Claim, ClaimTable
from adapters.deduplication import Deduplication
from adapters.fold import Fold
from adapters.items import from_item
from adapters.ledger import Ledger
from adapters.pairing import Pairing
from adapters.parked import ParkedTable
from adapters.parked_row import RELEASED
from adapters.posting import Poster, Result
from adapters.posting_queue import BatchQueue
from adapters.recovery import Sweep
from cli.audit import exactly_once
from domain import reconciliation_records
from domain.booking import BalanceRow
from domain.closing import refuse_closing
from domain.folding import net
from tests.simulation.mutants.mutant import Mutant, Patches
from tests.simulation.scenario import Focus


def _refused_entries_ignored(patches: Patches) -> None:
    def put(self: Any, entries: list[Any], indexes: list[int]) -> list[int]:
        self._client.put_events(Entries=[entries[index] for index in indexes])
        return []

    patches.set(Bus, "_put", put)


def _refused_entries_of_several_ignored(patches: Patches) -> None:
    whole = Bus._put

    def put(self: Any, entries: list[Any], indexes: list[int]) -> list[int]:
        if len(indexes) == 1:
            return whole(self, entries, indexes)
        self._client.put_events(Entries=[entries[index] for index in indexes])
        return []

    patches.set(Bus, "_put", put)


def _dropped_when_seen(patches: Patches) -> None:
    """Deduplication as "seen before" instead of "owned by another record"."""
    whole = Deduplication.admit

    def admit(self: Any, record: Any, at: str) -> Any:
        if self._claims.get(record.msg_id) is not None:
            return _row(record, at)
        return whole(self, record, at)

    def get(self: Any, msg_id: str) -> Claim | None:
        # The role may not read claims: a put that fails reads as well.
        try:
            self._client.put_item(
                TableName=self.table,
                Item={"msg_id": {"S": msg_id}},
                ConditionExpression="attribute_exists(msg_id) AND attribute_not_exists(msg_id)",
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        except ClientError as error:
            found: Any = error.response.get("Item")
            return msgspec.convert(from_item(found), Claim) if found else None
        return None

    patches.set(ClaimTable, "get", get)
    patches.set(Deduplication, "admit", admit)


def _row(record: Any, at: str) -> Any:
    from adapters.parked_row import ParkedRow

    return ParkedRow(
        ingest_id=record.ingest_id, reason="DUPLICATE", code="SEEN", message="", parked_at=at
    )


def _owner_forgotten(patches: Patches) -> None:
    """A retry meets its own claim and takes itself for a repeat."""
    whole = ClaimTable.claim

    def claim(self: Any, record: Any, at: str) -> Claim | None:
        other = msgspec.structs.replace(record, ingest_id=f"{record.ingest_id}#")
        found = whole(self, other, at)
        return None if found is None else found

    patches.set(ClaimTable, "claim", claim)


class _Cancelled(Exception):
    """A transaction was cancelled, for whatever reason."""


def _any_cancellation_is_a_repeat(patches: Patches) -> None:
    refusals = transactions._refusals
    post = Poster.post

    def read(error: ClientError) -> Any:
        found = refusals(error)
        if not found:
            raise _Cancelled
        return found

    def booked(self: Any, event: Any) -> Result:
        try:
            return post(self, event)
        except _Cancelled:
            return Result("already_booked", {})

    patches.set(transactions, "_refusals", read)
    patches.set(Poster, "post", booked)


def _failures_swallowed(function: str) -> Any:
    def patch(patches: Patches) -> None:
        def swallowing(handler: Any) -> Any:
            def handle(event: Any, context: Any) -> Any:
                handler(event, context)
                return {"batchItemFailures": []}

            return handle

        patches.handler(function, swallowing)

    return patch


def _a_claim_s_fingerprint(patches: Patches) -> None:
    """A repeat is a duplicate, whatever it says."""
    whole = ClaimTable.claim

    def claim(self: Any, record: Any, at: str) -> Claim | None:
        found = whole(self, record, at)
        if found is None:
            return None
        return msgspec.structs.replace(found, fingerprint=record.fingerprint)

    patches.set(ClaimTable, "claim", claim)


def _released_is_an_outcome(patches: Patches) -> None:
    whole = Sweep._in_flight if hasattr(Sweep, "_in_flight") else None
    assert whole is not None

    def in_flight(self: Any, ingest_id: str) -> Any:
        standing = self._parked.get(ingest_id)
        if standing is not None and standing["state"] == RELEASED:
            return None
        return whole(self, ingest_id)

    patches.set(Sweep, "_in_flight", in_flight)


def _a_released_refusal_is_a_break(patches: Patches) -> None:
    """Audit and reconciliation forget that somebody may release what was refused."""

    def refused(row: Any) -> bool:
        return row["reason"] in {"REJECTED", "INVALID"} or row["state"] == "DISCARDED"

    for module in (reconciliation_records, exactly_once):
        patches.set(module, "is_refused", refused)


def _released_under_its_old_id(patches: Patches) -> None:
    """A late delivery parks a record again that was released as a message of its own."""
    patches.set(parked, "gives_way", lambda standing, _row: standing["state"] == RELEASED)


def _booked_and_parked(patches: Patches) -> None:
    """A late delivery parks a booked record as a repeat of the one that took over its claim."""
    patches.set(ParkedTable, "put_unbooked", lambda self, row, _unbooked: self.put(row))


def _other_content_is_a_repeat(patches: Patches) -> None:
    patches.set(posting, "_same_content", lambda _booking, _stored_fingerprint: None)


def _a_refused_fold_is_done(patches: Patches) -> None:
    """The marker of one header stands, and the others of the batch count as folded too."""
    write = transactions.write

    def fold_run(self: Any, run: list[Any]) -> int:
        actions = [self._marker(posted) for posted in run]
        actions += [self._add(key, moved) for key, moved in sorted(net(run).items())]
        write(self._client, [*actions, self._count()])
        return len(run)

    patches.set(Fold, "_fold_run", fold_run)


def _left_keys_are_unknown(patches: Patches) -> None:
    from adapters.reference import ReferenceTable

    def read(self: Any, keys: list[str]) -> Any:
        wanted = [{"pk": {"S": key}, "sk": {"S": "CURRENT"}} for key in keys]
        answer = self._client.batch_get_item(RequestItems={self.table: {"Keys": wanted}})
        rows = [from_item(item) for item in answer["Responses"].get(self.table, [])]
        return {row["pk"]: row for row in rows}

    patches.set(ReferenceTable, "_read", read)


def _unconditional_write(self: Any, actions: Any) -> Any:
    """The booking without its conditions, item by item."""
    for kind, request in _moving(actions):
        if kind == "Put":
            self._client.put_item(TableName=request["TableName"], Item=request["Item"])
        else:
            self._client.update_item(**request)
    return {}


def _atomic_unconditional_write(self: Any, actions: Any, **more: Any) -> Any:
    items = [{kind: request} for kind, request in _moving(actions)]
    self._client.transact_write_items(TransactItems=items, **more)
    return {}


def _token_only_write(self: Any, actions: Any) -> Any:
    token = next(request["Item"]["pk"]["S"] for _, request in _moving(actions))[-36:]
    return _atomic_unconditional_write(self, actions, ClientRequestToken=token)


def _moving(actions: Any) -> Any:
    """Header, line and balance without a condition: their kind and request."""
    for name, action in actions.items():
        if name.what.split()[0] in {"header", "line", "balance"}:
            ((kind, request),) = action.items()
            yield kind, _bare(request)


def _netted_wrongly(patches: Patches) -> None:
    """As if each record had read the row."""
    whole = Ledger._balance_actions

    def actions(self: Any, entries: Any) -> Any:
        return whole(self, entries[-1:])

    patches.set(Ledger, "_balance_actions", actions)


def _named_after_the_event(patches: Patches) -> None:
    """The queue drops the second message of one event within five minutes."""
    send = BatchQueue.send

    def by_record(self: Any, record: Any, body: str, _reception: str) -> None:
        send(self, record, body, record.ingest_id)

    patches.set(BatchQueue, "send", by_record)


def _bare(request: dict[str, Any]) -> dict[str, Any]:
    from tests.simulation.mutants.conditions import _unconditional

    return _unconditional(request)


def _with_powertools(write: Any) -> Any:
    """Once by Powertools' record alone; its table is one that Post may write to for this."""

    def patch(patches: Patches) -> None:
        from aws_lambda_powertools.utilities.idempotency import (
            DynamoDBPersistenceLayer,
            IdempotencyConfig,
            idempotent_function,
        )

        module = patches.module("PostFunction")
        config = IdempotencyConfig(
            event_key_jmespath="key", hash_function="sha256", raise_on_no_idempotency_key=True
        )
        store = DynamoDBPersistenceLayer("IdempotencyTable", boto3_client=module.dynamodb)
        whole = Poster.post

        @idempotent_function(  # type: ignore[untyped-decorator]
            data_keyword_argument="request", persistence_store=store, config=config
        )
        def once(request: dict[str, str], poster: Any, event: Any) -> str:
            return whole(poster, event).name

        def post(self: Any, event: Any) -> Result:
            return Result(once(request={"key": event.meta.event_id}, poster=self, event=event), {})

        def registered(handler: Any) -> Any:
            def handle(event: Any, context: Any) -> Any:
                config.register_lambda_context(context)
                return handler(event, context)

            return handle

        patches.set(Ledger, "_write", write)
        patches.set(Poster, "post", post)
        patches.handler("PostFunction", registered)

    return patch


def _post_may_use_the_idempotency_table(expanded: dict[str, Any]) -> None:
    actions = [f"dynamodb:{each}Item" for each in ("Get", "Put", "Update", "Delete")]
    table = {"Fn::GetAtt": ["IdempotencyTable", "Arn"]}
    statement = {"Effect": "Allow", "Action": actions, "Resource": table}
    policies = expanded["Resources"]["PostRole"]["Properties"]["Policies"]
    policies[0]["PolicyDocument"]["Statement"].append(statement)


def _a_response_answers_nobody(patches: Patches) -> None:
    """It goes on without a look for its request."""

    def respond(self: Any, part: Any, ingest_id: str, _at: str) -> None:
        self._pairs.enter(part.key, part.role, ingest_id)

    patches.set(Pairing, "_respond", respond)


def _a_request_waits_blindly(patches: Patches) -> None:
    """It enters its pair, and does not look who is there."""

    def entered(self: Any, part: Any, ingest_id: str, _at: str) -> bool:
        self._pairs.enter(part.key, part.role, ingest_id)
        return False

    patches.set(Pairing, "_entered", entered)


def _a_pair_goes_on_whole(patches: Patches) -> None:
    """As without pairs: each goes on by itself."""
    patches.set(Pairing, "admit", lambda _self, _record, _at: None)


_PAIRS = Focus(kinds=("pair",))


def _closed_over_an_order(patches: Patches) -> None:
    """Whoever closes an account does not ask for opening money that is under way."""

    def refuse(account_id: str, balance: BalanceRow) -> None:
        refuse_closing(account_id, replace(balance, opening_due=0))

    for module in (accounts, account_commands):
        patches.set(module, "refuse_closing", refuse)


CODE = (
    Mutant("refused entries are not read", patch=_refused_entries_ignored),
    Mutant("... where there are several", patch=_refused_entries_of_several_ignored),
    Mutant(
        "Powertools around three writes",
        patch=_with_powertools(_unconditional_write),
        change=_post_may_use_the_idempotency_table,
    ),
    Mutant(
        "Powertools around one transaction",
        patch=_with_powertools(_atomic_unconditional_write),
        change=_post_may_use_the_idempotency_table,
    ),
    Mutant(
        "a client token and no condition",
        patch=lambda patches: patches.set(Ledger, "_write", _token_only_write),
    ),
    Mutant("the pipe drops what it has seen", patch=_dropped_when_seen),
    Mutant("any cancellation is a repeat", patch=_any_cancellation_is_a_repeat),
    Mutant("Post swallows failures", patch=_failures_swallowed("PostFunction")),
    Mutant(
        "PostBatch swallows failures",
        patch=_failures_swallowed("PostBatchFunction"),
        focus=Focus(burst=True),
    ),
    Mutant(
        "a batch writes what its last record moves", patch=_netted_wrongly, focus=Focus(burst=True)
    ),
    Mutant("a record that is woken is a repeat in its group", patch=_named_after_the_event),
    Mutant("Enrich swallows failures", patch=_failures_swallowed("EnrichFunction")),
    Mutant("a claim forgets its owner", patch=_owner_forgotten),
    Mutant("a claim compares no fingerprint", patch=_a_claim_s_fingerprint),
    Mutant("the sweep takes RELEASED for an outcome", patch=_released_is_an_outcome),
    Mutant(
        "a released refusal counts as a break",
        patch=_a_released_refusal_is_a_break,
        focus=Focus(kinds=("held_while_money_comes",), acts=("release", "quarrel")),
    ),
    Mutant(
        "a released record is parked again",
        patch=_released_under_its_old_id,
        focus=Focus(
            kinds=("repeated", "conflicting"),
            acts=("watch", "release"),
            faults=("doubled", "late", "batch again"),
        ),
    ),
    Mutant(
        "a booked record is parked",
        patch=_booked_and_parked,
        focus=Focus(kinds=("repeated", "conflicting"), acts=("watch", "release")),
    ),
    Mutant("unprocessed keys are unknown", patch=_left_keys_are_unknown),
    Mutant("other content is taken for a repeat", patch=_other_content_is_a_repeat),
    Mutant(
        "a refused fold counts as done",
        patch=_a_refused_fold_is_done,
        focus=Focus(kinds=("rush",), acts=("rebuild",)),
    ),
    Mutant("a response answers nobody", patch=_a_response_answers_nobody, focus=_PAIRS),
    Mutant("a request waits blindly", patch=_a_request_waits_blindly, focus=_PAIRS),
    Mutant("a pair goes on whole", patch=_a_pair_goes_on_whole, focus=_PAIRS),
    Mutant(
        "an account is closed while opening money is due",
        patch=_closed_over_an_order,
        focus=Focus(acts=("open_and_close",)),
    ),
)
