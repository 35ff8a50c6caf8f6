"""How many messages a second the local system posts once it is warm, and what each costs in CPU.

    ./posting up
    PYTHONPATH=src:. .venv/bin/python -m bench.rate [--messages 600] [--rounds 3]

Each round sends purchases that nobody sent before, by cards of the sample population, through the
API, and waits until each is booked. The rate counts from the first message received to the last one
booked; the first round meets cold functions. The CPU is that of engine, functions and companion.
"""

import argparse
import json
import os
import statistics
import sys
import time
from pathlib import Path

import local
from cli import reference
from cli.api_door import ApiDoor
from cli.latency import rate
from cli.submission import Line, cut, new_submission_id
from cli.system import System, of_endpoint
from cli.watch import Watch
from local import engine, folders, memory, running
from samples.population import CARDS
from tests.engine.messages import purchase

REFERENCE = Path(__file__).resolve().parents[1] / "samples" / "reference"
TICKS = os.sysconf("SC_CLK_TCK")
POLL_SECONDS = 1.0
HOLDERS = [
    card.card_number
    for card in CARDS
    if card.network == "VISA"
    and card.account is not None
    and (card.account.status, card.account.currency) == ("OPEN", "EUR")
]


def main() -> int:
    """Rounds, and their median."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=600)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    at = local.endpoint()
    if at is None:
        sys.stderr.write("error: the local system is not running: ./posting up\n")
        return 1
    system = of_endpoint(at)
    reference.load_files(system, reference.sample_files(REFERENCE))
    rates, costs = [], []
    for number in range(1, given.rounds + 1):
        before = cpu_seconds()
        rates.append(post(system, given.messages))
        costs.append((cpu_seconds() - before) / given.messages * 1000)
        sys.stdout.write(f"round {number}: {rates[-1]:.1f} a second, {costs[-1]:.0f} ms each\n")
    middle, cost = statistics.median(rates), statistics.median(costs)
    sys.stdout.write(f"median: {middle:.1f} a second, {cost:.0f} ms of CPU each\n")
    return 0


def post(system: System, count: int) -> float:
    """Bookings a second of one round."""
    # Trace number and reference of this very moment: no earlier round sent them.
    began = time.time_ns() // 1_000_000_000 * 1_000_000
    lines = (Line("rate", number, _message(began + number), alone=False) for number in range(count))
    watch = Watch(system)
    for receipts in ApiDoor(system).submit(cut(lines), new_submission_id()):
        watch.add(receipt.ingest_id for receipt in receipts)
    while watch.open:
        time.sleep(POLL_SECONDS)
        watch.poll()
    booked = rate(watch.outcomes.values())
    if booked is None or any(each.kind != "POSTED" for each in watch.outcomes.values()):
        raise SystemExit("error: not every message was booked")
    return booked


def _message(number: int) -> bytes:
    changes = {"de11": f"{number % 1_000_000:06}", "de37": f"{number % 10**12:012}"}
    holder = HOLDERS[number % len(HOLDERS)]
    return json.dumps(purchase(holder, 1_000 + number % 1_000, **changes)).encode()


def cpu_seconds() -> float:
    """User and system time of the local system's processes, those that have ended included."""
    companion = running.recorded(folders.inside(folders.COMPANION_RECORD))
    roots = [one.pid for one in (engine.process(), companion and companion[0]) if one]
    family = {pid for root in roots for pid in memory.family(root)}
    return sum(_ticks(pid) for pid in family) / TICKS


def _ticks(pid: int) -> int:
    """Own time, and that of children that were waited for: fields 14 to 17 of proc(5)."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return 0
    return sum(int(field) for field in stat.rpartition(")")[2].split()[11:15])


if __name__ == "__main__":
    sys.exit(main())
