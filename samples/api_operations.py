"""What the API can do: each route with its types, its problems and an example of its answer."""

from collections.abc import Callable
from typing import Any, NamedTuple

import msgspec

from domain import answers
from domain.orders import CloseOrder, ReleaseOrder
from domain.query_parameters import (
    BalanceQuery,
    Nothing,
    ParkedQuery,
    StatementQuery,
    SubmissionQuery,
    SuspenseQuery,
    TrialBalanceQuery,
)
from samples import api_examples as example

type Struct = type[msgspec.Struct]

# What any request may meet, most of it before a function is asked.
ALWAYS = (
    *("BAD_REQUEST", "UNAUTHORIZED", "NOT_SIGNED", "BAD_SIGNATURE", "FORBIDDEN", "BAD_API_KEY"),
    *("TOO_LARGE", "UNSUPPORTED_MEDIA_TYPE", "THROTTLED", "QUOTA_EXCEEDED"),
    *("INTERNAL", "UNAVAILABLE", "NO_ANSWER"),
)
_ASKED = ("BAD_PARAMETER",)
_ABOUT_ONE = ("BAD_PARAMETER", "NOT_FOUND")
_ORDERED = ("BAD_PARAMETER", "BAD_BODY", "NOT_FOUND", "CHANGED_MEANWHILE")


class Asked(NamedTuple):
    """The answer to a question that changes nothing, beside that to the order itself."""

    summary: str
    answer: Struct
    example: Callable[[], Any]


class Operation(NamedTuple):
    """`body` None: the messages to submit, which are several types; `answer` None: any object."""

    name: str
    method: str
    path: str
    tag: str
    summary: str
    query: Struct
    answer: Struct | None
    example: Callable[[], Any]
    problems: tuple[str, ...]
    body: Struct | None = None
    status: int = 200
    asked: Asked | None = None


OPERATIONS = (
    Operation(
        "submitMessages",
        "post",
        "/v1/messages",
        "Messages",
        "Submit one message, a list of at most 100, or an object with `messages`",
        SubmissionQuery,
        answers.Receipts,
        example.receipts,
        ("KEY_REUSED", "IN_PROGRESS", "PAUSED", "BAD_BODY"),
        status=202,
        asked=Asked(
            "What would become of each message (`dryRun=true`): nothing was received",
            answers.DryRunResults,
            example.foreseen,
        ),
    ),
    Operation(
        "getMessage",
        "get",
        "/v1/messages/{id}",
        "Messages",
        "A record's whole story: outcome, decision, legs, timings, event ids",
        Nothing,
        answers.RecordStory,
        example.story,
        (*_ABOUT_ONE, "CONTRADICTION"),
    ),
    Operation(
        "getBalances",
        "get",
        "/v1/accounts/{account_id}/balances",
        "Accounts",
        "The balance of a customer account now, or as posted up to an instant",
        BalanceQuery,
        None,
        example.balances,
        (*_ABOUT_ONE, "CONTRADICTION"),
    ),
    Operation(
        "getStatement",
        "get",
        "/v1/accounts/{account_id}/statements",
        "Accounts",
        "A statement over booking days, in pages",
        StatementQuery,
        answers.StatementPage,
        example.statement,
        (*_ABOUT_ONE, "CONTRADICTION"),
    ),
    Operation(
        "listParked",
        "get",
        "/v1/parked",
        "Parked",
        "What was not booked, by reason, state and day, the latest days first",
        ParkedQuery,
        answers.ParkedPage,
        example.parked_page,
        _ASKED,
    ),
    Operation(
        "getParked",
        "get",
        "/v1/parked/{ingest_id}",
        "Parked",
        "One parked record with its history",
        Nothing,
        answers.ParkedItem,
        example.parked,
        _ABOUT_ONE,
    ),
    Operation(
        "releaseParked",
        "post",
        "/v1/parked/{ingest_id}/release",
        "Parked",
        "Send a parked record on its way again, or move a suspense booking to its customer",
        Nothing,
        answers.OrderDone,
        example.resumed,
        (
            *_ORDERED,
            *("INVALID", "NOT_PARKED", "NOT_IN_SUSPENSE", "ALREADY_BOOKED", "ALREADY_RESOLVED"),
            *("UNKNOWN_ACCOUNT", "ACCOUNT_ON_HOLD", "ACCOUNT_CLOSED", "NO_RATE"),
        ),
        ReleaseOrder,
    ),
    Operation(
        "returnSuspended",
        "post",
        "/v1/parked/{ingest_id}/return",
        "Parked",
        "Give a suspense booking back to the scheme",
        Nothing,
        answers.OrderDone,
        example.returned,
        (*_ORDERED, "NOT_IN_SUSPENSE", "ALREADY_BOOKED", "ALREADY_RESOLVED"),
        CloseOrder,
    ),
    Operation(
        "discardParked",
        "post",
        "/v1/parked/{ingest_id}/discard",
        "Parked",
        "Close a parked record for good: it will not be booked",
        Nothing,
        answers.OrderDone,
        example.discarded,
        (*_ORDERED, "NOT_PARKED"),
        CloseOrder,
    ),
    Operation(
        "listSuspense",
        "get",
        "/v1/suspense",
        "Parked",
        "Suspense bookings that are neither released nor returned, the oldest days first",
        SuspenseQuery,
        answers.SuspensePage,
        example.suspense,
        _ASKED,
    ),
    Operation(
        "getTrialBalance",
        "get",
        "/v1/trial-balance",
        "Ledger",
        "Debits and credits of every account, in pages; the last one says whether they come out",
        TrialBalanceQuery,
        answers.TrialBalancePage,
        example.trial_balance,
        _ASKED,
    ),
    Operation(
        "getDocument",
        "get",
        "/v1/openapi.json",
        "Document",
        "This document",
        Nothing,
        None,
        example.document,
        _ASKED,
    ),
)
