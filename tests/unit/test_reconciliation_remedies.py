"""Every kind of break is mended by a repair or has a remedy for a person, and no remedy is idle."""

import re
from pathlib import Path

from domain.reconciliation_report import REMEDIES

DOMAIN = Path(__file__).parents[2] / "src"
KIND = re.compile(r"kind=\"(\w+)\",?(.*?)\)", re.DOTALL)


def test_every_break_that_is_made_without_a_repair_has_a_remedy() -> None:
    text = "".join(path.read_text() for path in sorted([*DOMAIN.glob("*/reconcil*.py")]))

    for_people = {kind for kind, rest in KIND.findall(text) if "repair=" not in rest}
    # An account without a row is summed anew when it is an internal one only.
    assert for_people | {"NO_BALANCE_ROW"} == REMEDIES.keys()
