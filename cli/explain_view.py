"""A record's story on the screen, in the order in which it happened."""

from datetime import datetime
from typing import Any

from cli import screen
from cli.amounts import amount, money
from cli.legs_view import show_legs

_STYLES = {"POSTED": screen.GOOD, "FAILED": screen.BAD, "IN_FLIGHT": "yellow"}


def show(told: dict[str, Any]) -> None:
    outcome = told["outcome"]
    screen.out.print(
        f"[bold]{told['ingest_id']}[/]  {screen.mark(outcome, _STYLES.get(outcome, 'cyan'))}"
    )
    _facts(told)
    _timings(told["timings"])
    if "parked" in told:
        _parked(told["parked"])
    _paired(told)
    _bookings(told)
    if told.get("payment"):
        _payment_now(told["payment"])
    if told["balance_now"]:
        _balance(told["balance_now"])
    _events(told["events"])


def _bookings(told: dict[str, Any]) -> None:
    for title, name in (("Booking", "booking"), ("Resolution", "resolution")):
        if name in told:
            _booking(title, told[name])
    if "resolved_by" in told:
        by = told["resolved_by"]
        screen.line(f"  decided by {by['by']}  {by['note']}".rstrip())
    for title, name in (
        ("Correction", "corrections"),
        ("Dispute", "disputes"),
        ("Acceptance", "acceptances"),
    ):
        for each in told.get(name, []):
            _booking(title, each)


def _facts(told: dict[str, Any]) -> None:
    record = told["record"]
    stated = told["amount"]
    lines = [
        ("message", told.get("msg_id")),
        ("type", " ".join(str(record[name]) for name in ("network", "mti") if record.get(name))),
        ("amount", money(stated["amount"], stated["currency"]) if stated else None),
        (
            "card",
            f"ends in {record['last4']}, token {record['token']}" if "token" in record else None,
        ),
        ("sent at", record.get("business_time")),
        ("came by", record.get("source_ref")),
    ]
    for name, value in lines:
        if value:
            screen.line(f"  {name:<10} {value}")


def _timings(timings: dict[str, str | None]) -> None:
    """Each stage with the time since the one before."""
    before: datetime | None = None
    screen.out.print("\n[bold]Timings[/]")
    for name, instant in sorted(
        ((name, instant) for name, instant in timings.items() if instant), key=lambda each: each[1]
    ):
        moment = datetime.fromisoformat(instant)
        since = f"+{(moment - before).total_seconds():.3f} s" if before else ""
        screen.line(f"  {name.removesuffix('_at'):<10} {instant.replace('+00:00', 'Z')}  {since}")
        before = moment


def _parked(row: dict[str, Any]) -> None:
    screen.out.print(
        f"\n[bold]Parked[/]  {row['reason']} {row.get('code', '')}, state {row['state']}"
    )
    screen.line(f"  {row.get('message', '')}")
    if row.get("original"):
        screen.line(f"  original   {row['original']}")
    if row.get("due_at") and row["state"] == "PARKED":
        screen.line(f"  waits      until {row['due_at']}")
    for each in row.get("differing", []):
        line = f"  {each['field']}: original {each['original'] or '-'}, this {each['this'] or '-'}"
        screen.line(line)
    for each in row.get("errors", []):
        line = f"  {each['element']} at {each['offset']}: {each['message']}. {each['remedy']}"
        screen.line(line)
    for each in row.get("history", []):
        parts = [
            str(each[name])
            for name in ("at", "parked_at", "state", "reason", "by", "note")
            if each.get(name)
        ]
        screen.line(f"  history    {'  '.join(parts)}")


def _paired(told: dict[str, Any]) -> None:
    """The other message of the pair: a response of its request, and the other way round."""
    for name in ("request", "response"):
        if name in told:
            other = told[name]
            booked = f", booked as {other['header_id']}" if other["header_id"] else ""
            screen.out.print(f"\n[bold]{name.capitalize()}[/]  {other['ingest_id']}")
            screen.line(f"  {other['outcome']}{booked}")


def _booking(title: str, header: dict[str, Any]) -> None:
    told = [header["purpose"], header.get("reason"), f"value date {header['value_date']}"]
    if header.get("flags"):
        told.append(f"flags {', '.join(header['flags'])}")
    if header.get("rule_version"):
        told.append(f"rules {header['rule_version']}")
    screen.out.print(f"\n[bold]{title}[/]  {header['header_id']}")
    screen.out.print("  " + ", ".join(part for part in told if part), markup=False)
    show_legs(header["legs"])
    fx = header.get("fx")
    if fx:
        line = (
            f"  rate {fx['rate']} {fx['base']}/{fx['quote']} by {fx['source']}, as of {fx['as_of']}"
        )
        screen.out.print(line)
    effect = header.get("customer")
    if effect:
        screen.out.print(
            f"  {effect['account']} moved by {money(effect['net'], effect['currency'])} to"
            f" {money(effect['balance_after'], effect['currency'])}, posting {effect['posting_no']}"
        )
    if header.get("hold"):
        _hold(header["hold"])
    if header.get("payment"):
        _payment(header["payment"], header)


def _hold(hold: dict[str, Any]) -> None:
    currency = hold["currency"]
    screen.line(
        f"  {hold['account']} held {money(hold['change'], currency)} more,"
        f" {money(hold['held_after'], currency)} in all"
        if hold["change"] > 0
        else f"  {hold['account']} released {money(-hold['change'], currency)},"
        f" {money(hold['held_after'], currency)} is still held"
    )


def _payment(payment: dict[str, Any], header: dict[str, Any]) -> None:
    """What the payment was after this booking; counters are in the account's currency."""
    known = header.get("customer") or header.get("hold")
    counters = ", ".join(
        f"{name.replace('_', ' ')} {amount(count, known['currency']) if known else count}"
        for name, count in payment["counters"].items()
    )
    screen.line(f"  payment {payment['payment_id']} {payment['label']}: {counters}")


def _payment_now(payment: dict[str, Any]) -> None:
    """All that came of it, in the account's currency, whatever record was asked for."""
    currency = payment["currency"] or ""
    screen.out.print(f"\n[bold]Payment now[/]  {payment['payment_id']}  {payment['label']}")
    counters = payment["counters"] | ({"held": payment["held"]} if payment["held"] else {})
    if payment["corrected"]:
        counters["corrected"] = payment["corrected"]
    for name, minor in counters.items():
        screen.line(f"  {name.replace('_', ' '):<18} {money(minor, currency)}")
    if payment["due"]:
        screen.line(f"  next timer         {payment['due']}")
    for each in payment["bookings"]:
        decided = each.get("decided", {})
        who = " ".join(f"{name} {decided[name]}" for name in ("by", "reason") if name in decided)
        counted = money(each["amount"], currency)
        line = f"  {each['kind']:<10} {counted:>16}  {each['header_id']}  {who}"
        screen.line(line.rstrip())


def _balance(row: dict[str, Any]) -> None:
    currency = row["currency"]
    screen.out.print(
        f"\n[bold]Balance now[/]  {row['account']} {money(row['posted'], currency)}, available"
        f" {money(row['available'], currency)}, status {row['status']}"
    )


def _events(events: list[dict[str, Any]]) -> None:
    if not events:
        return
    screen.out.print("\n[bold]Events in the audit trail[/] (written about a minute later)")
    for event in events:
        if event["heard"]:
            times = f" {event['heard']} times" if event["heard"] > 1 else ""
            at = event["first_heard_at"][11:]
            known = f"  {event['detail_type']:<28} {event['event_id']} {at}{times}"
            screen.line(f"{known}  {event.get('purpose', '')}".rstrip())
    if not any(event["heard"] or event["expected"] for event in events):
        screen.line("  none: the record went no further")
    missing = [
        " of ".join(event[name] for name in ("detail_type", "header_id") if name in event)
        for event in events
        if event["expected"] and not event["heard"]
    ]
    if missing:
        screen.out.print(f"  not heard yet: {', '.join(missing)}", style="yellow")
    decision = next((event["decision"] for event in events if event["decision"]), None)
    if decision:
        _decision(decision)


def _decision(decision: dict[str, Any]) -> None:
    rules = ", ".join(rule["id"] for rule in decision["rules"])
    told = " ".join(each for each in (decision["outcome"], decision.get("reason")) if each)
    flags = ", ".join(decision["flags"]) or "no flags"
    screen.out.print(f"\n[bold]Decision[/]  {told}, {flags}, rules {decision['rule_version']}")
    screen.line(f"  looked at  {rules}")
