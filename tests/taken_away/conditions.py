"""Conditions of the database that no simulated run needs, because another one stands before them
or what they keep is not money, and the test that misses each of them.

All others are among tests.simulation.mutants.
"""

from tests.taken_away.step import Step

_ANY_ROW = "attribute_not_exists(pk) OR attribute_exists(pk)"
_NEW = '"ConditionExpression": "attribute_not_exists(pk)",'

CONDITIONS = (
    Step(
        "a statement line is put once",
        "adapters/journal.py",
        """                    }
                ),
                "ConditionExpression": "attribute_not_exists(pk)",
""",
        f"""                    }}
                ),
                "ConditionExpression": "{_ANY_ROW}",
""",
        "tests/unit/test_posting_once.py::test_a_balance_that_was_set_back_gets_no_second_line_under_a_number",
    ),
    Step(
        "an account is opened once",
        "adapters/account_commands.py",
        _NEW,
        _NEW.replace("attribute_not_exists(pk)", _ANY_ROW),
        "tests/handlers/test_account.py::test_two_people_do_not_open_one_account_in_two_currencies",
    ),
    Step(
        "an account's row is the one that was read",
        "adapters/account_commands.py",
        '"version = :version"',
        '"version = :version OR attribute_exists(pk)"',
        "tests/handlers/test_account.py::test_what_a_load_changes_between_look_and_write_is_kept",
    ),
    Step(
        "who asked first has asked",
        "adapters/correction_orders.py",
        '"attribute_not_exists(pk)"',
        f'"{_ANY_ROW}"',
        "tests/handlers/test_correct.py::test_who_asks_for_the_same_later_does_not_become_the_one_who_asked",
    ),
    Step(
        "the first rule set is put in force once",
        "adapters/rule_sets.py",
        _NEW,
        _NEW.replace("attribute_not_exists(pk)", _ANY_ROW),
        "tests/handlers/test_load_reference.py::test_of_two_first_rule_sets_one_is_put_in_force",
    ),
    Step(
        "an activation follows the one that it has read",
        "adapters/rule_sets.py",
        '"rule_version = :was"',
        '"rule_version = :was OR attribute_exists(pk)"',
        "tests/handlers/test_load_reference.py::test_an_activation_that_meets_another_one_is_refused",
    ),
    Step(
        "the first record of a content stays the first",
        "adapters/parked.py",
        "ConditionExpression=_NEW,",
        'ConditionExpression=f"{_NEW} OR attribute_exists(ingest_id)",',
        "tests/handlers/test_ingest.py::test_a_broken_message_that_comes_again_points_at_the_first",
    ),
    Step(
        "what waits again stays in the index",
        "adapters/parked.py",
        '"ConditionExpression": "#state = :released",',
        '"ConditionExpression": "#state = :released OR attribute_exists(#state)",',
        "tests/handlers/test_sweep.py::test_what_waits_again_when_the_sweep_writes_stays_in_the_index",
    ),
)
