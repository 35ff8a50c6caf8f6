"""Repairs that simulated runs hardly ever need, and the test that misses each of them."""

from tests.taken_away.step import Step

REPAIRS = (
    Step(
        "what was released is sent again after its minute was accounted for",
        "handlers/sweep.py",
        "let_go = [released_until(clock.now() - age, context, dry_run=dry_run)]",
        "let_go = []",
        "tests/handlers/test_sweep.py::test_what_was_released_long_after_its_minute_is_sent_again_until_it_ended",
    ),
)
