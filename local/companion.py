"""The one process beside the engine: carries pipes, and samples the memory.

Run as `python -m local.companion`; started and stopped by `local.processes`.
"""

import logging
import os
import signal
import sys
import threading
import time

from local import deployed, folders, memory, processes, records, running
from local.pipes.forwarder import Forwarder
from local.pipes.running_pipes import forwarders

logger = logging.getLogger(__name__)

STATUS_SECONDS = 0.5
MEMORY_SECONDS = 3.0


def main() -> int:
    """Run until SIGTERM."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    ending = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: ending.set())
    endpoint = processes.endpoint()
    if endpoint is None:
        logger.error("no engine runs")
        return 1
    stack = deployed.read(endpoint)
    pipes = forwarders(endpoint, stack, ending)
    threads = [threading.Thread(target=one.run, args=(ending,)) for one in pipes.values()]
    for thread in threads:
        thread.start()
    logger.info("carrying %d pipes", len(pipes))
    _watch(pipes, ending)
    for thread in threads:
        thread.join()
    return 0


def _watch(pipes: dict[str, Forwarder], ending: threading.Event) -> None:
    """Say now and then how the pipes stand, and sample the memory."""
    sampled = 0.0
    while True:
        records.write(
            folders.inside(folders.COMPANION_STATUS),
            {
                "at": time.time(),
                "pipes": {
                    name: {"idle_since": one.idle_since, **one.counts()}
                    for name, one in pipes.items()
                },
            },
        )
        if time.monotonic() - sampled > MEMORY_SECONDS:
            sampled = time.monotonic()
            _sample_memory()
        if ending.wait(STATUS_SECONDS):
            return


def _sample_memory() -> None:
    engine = running.recorded(folders.inside(folders.ENGINE_RECORD))
    memory.note([os.getpid(), *([engine[0].pid] if engine and engine[0].alive() else [])])


if __name__ == "__main__":
    sys.exit(main())
