"""What operators and callers do beside the flow: doors, questions, orders, letters, repairs.

For the proof that every grant of the template is used; the course of the money is the seeds' part.
Each errand says what must come of it, so that one which does nothing any more is noticed.
"""

from tests.simulation.cloud import Streams
from tests.simulation.deployment import Base
from tests.simulation.errands.accounts import accounts
from tests.simulation.errands.breakdowns import breakdowns
from tests.simulation.errands.decisions import decisions
from tests.simulation.errands.doors import doors
from tests.simulation.errands.foresight import foresight
from tests.simulation.errands.letters import letters
from tests.simulation.errands.lives import lives
from tests.simulation.errands.messages import Sender
from tests.simulation.errands.questions import questions
from tests.simulation.errands.repairs import repairs
from tests.simulation.errands.sequences import sequences
from tests.simulation.errands.settling import settling
from tests.simulation.run import begun

ERRANDS = (
    doors,
    lives,
    questions,
    foresight,
    decisions,
    accounts,
    settling,
    sequences,
    breakdowns,
    letters,
    repairs,
)


def errands(base: Base) -> None:
    """Each in a run of its own, without faults."""
    for errand in ERRANDS:
        run = begun(base, Streams.of(0))
        run.faults.on = False
        errand(run, Sender(run))
