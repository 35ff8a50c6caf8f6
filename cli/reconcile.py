"""`reconcile`: does everything that must agree agree, and what does a repetition mend?"""

import json
import secrets
import time
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from cli import screen
from cli.connection import Json, connect
from cli.errors import UserError
from cli.reconcile_view import show, show_runs
from cli.repairs import Since, Until, window_of
from cli.reports import Reports
from cli.system import System

_POLL_SECONDS = 1.0
# The audit trail is written every minute on AWS, and within seconds on the engine.
_LOCAL_WAIT_SECONDS = 5
_RUNS_MAX = 20
_DOING = {
    "CompareRecords": "comparing records with their outcomes",
    "CompareBalances": "comparing balances with the journal",
    "CompareEvents": "comparing events with the journal",
    "Sweep": "sending records on their way again",
    "Republish": "announcing bookings again",
    "Fold": "folding bookings",
    "SumAnew": "summing internal balances anew, while the fold stands still",
    "WaitForArrival": "waiting until what was repeated has arrived",
    "Report": "writing the report",
}


def reconcile(
    context: typer.Context,
    since: Since = None,
    until: Until = None,
    repair: Annotated[
        bool, typer.Option("--repair", help="Repeat what was lost, then compare again.")
    ] = False,
    balances: Annotated[
        bool,
        typer.Option(help="Compare the balances too: reads the whole journal, whatever the time."),
    ] = True,
    patience_minutes: Annotated[
        int | None,
        typer.Option(min=0, help="What is younger may be under way; else the stack's sweep age."),
    ] = None,
    listing: Annotated[bool, typer.Option("--list", help="List the latest stored runs.")] = False,
    run: Annotated[
        str | None, typer.Option("--show", help="Show a stored run.", metavar="RUN")
    ] = None,
    as_json: Json = False,
) -> None:
    """Compare records with outcomes, balances with the journal and events with the journal.

    The last three hours if no time is given. Without --repair nothing is changed. Every run is
    stored in the audit bucket; exits 1 when breaks remain.
    """
    system = connect(context)
    if listing:
        _list(Reports(system), as_json=as_json)
        return
    if run is None:
        asked: dict[str, Any] = window_of(since, until) | {"repair": repair, "balances": balances}
        if patience_minutes is not None:
            asked["patience_minutes"] = patience_minutes
        if system.is_local:
            asked["wait_seconds"] = _LOCAL_WAIT_SECONDS
        run = start(system, asked)
        follow(system, run)
    report = Reports(system).read(run)
    if as_json:
        screen.show_json(report.values)
    else:
        show(report)
    if report.made.breaks_remaining:
        raise typer.Exit(1)


def start(system: System, asked: dict[str, Any]) -> str:
    """Start a run; returns its id, which is the execution's name."""
    run = f"manual-{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}"
    system.client("stepfunctions").start_execution(
        stateMachineArn=system.output("ReconcileStateMachineArn"),
        name=run,
        input=json.dumps(asked),
    )
    return run


def follow(system: System, run: str) -> None:
    """Wait for the end of the run, and say what it does. Raises UserError when it failed."""
    client = system.client("stepfunctions")
    machine = system.output("ReconcileStateMachineArn")
    arn = f"{machine.replace(':stateMachine:', ':execution:')}:{run}"
    screen.note(
        f"run {run}: it goes on without this command, './posting reconcile --show' reads it"
    )
    with screen.notes.status("starting") as status:
        while (told := client.describe_execution(executionArn=arn))["status"] == "RUNNING":
            doing = _doing(client, arn)
            if doing:
                status.update(doing)
            time.sleep(_POLL_SECONDS)
    if told["status"] != "SUCCEEDED":
        why = told.get("cause") or told.get("error") or "see its history"
        raise UserError(f"run {run} {told['status'].lower()}: {why}")


def _doing(client: Any, arn: str) -> str | None:
    """What the latest state with a name for people does."""
    history = client.get_execution_history(executionArn=arn, reverseOrder=True, maxResults=20)
    for event in history["events"]:
        name = event.get("stateEnteredEventDetails", {}).get("name", "")
        if name in _DOING:
            return _DOING[name]
    return None


def _list(reports: Reports, *, as_json: bool) -> None:
    latest = [reports.read_key(key) for key in reports.newest()[:_RUNS_MAX]]
    if as_json:
        screen.show_json([each.summary for each in latest])
    else:
        show_runs(latest)
