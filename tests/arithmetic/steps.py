"""The steps of the arithmetic that money rests on, and the test that misses each of them."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Step:
    """`text` stands once in the file; without the step there stands `without`."""

    name: str
    file: str
    text: str
    without: str
    test: str


_CONVERTED = "return Money(int(exact.quantize(Decimal(1), rounding=ROUND_HALF_UP)), fx.base)"
_SHARED = "return Money(int(exact.quantize(Decimal(1), rounding=ROUND_HALF_UP)), amount.currency)"

ROUNDING = (
    Step(
        "a conversion is rounded half up",
        "domain/conversion.py",
        _CONVERTED,
        _CONVERTED.replace("Decimal(1), rounding=ROUND_HALF_UP", 'Decimal(1), "ROUND_DOWN"'),
        "tests/unit/test_accounting_cases.py::test_e2_e2b_an_exchange_is_rounded_half_up_once_per_amount",
    ),
    Step(
        "a conversion is rounded half up, not to even",
        "domain/conversion.py",
        _CONVERTED,
        _CONVERTED.replace("Decimal(1), rounding=ROUND_HALF_UP", 'Decimal(1), "ROUND_HALF_EVEN"'),
        "tests/unit/test_charging.py::test_e2b_currencies_of_zero_and_three_decimals_convert_to_the_cent",
    ),
    Step(
        "a conversion heeds the decimals of both currencies",
        "domain/conversion.py",
        ".scaleb(shift)",
        "",
        "tests/unit/test_charging.py::test_e2b_currencies_of_zero_and_three_decimals_convert_to_the_cent",
    ),
    Step(
        "a product is exact before it is rounded",
        "domain/conversion.py",
        "_EXACT_DIGITS = 50",
        "_EXACT_DIGITS = 16",
        "tests/unit/test_money.py::test_the_largest_amount_at_the_longest_rate_converts_exactly",
    ),
    Step(
        "a mark-up is rounded half up",
        "domain/conversion.py",
        _SHARED,
        _SHARED.replace("Decimal(1), rounding=ROUND_HALF_UP", 'Decimal(1), "ROUND_DOWN"'),
        "tests/unit/test_accounting_cases.py::test_e2_e2b_an_exchange_is_rounded_half_up_once_per_amount",
    ),
    Step(
        "what is left of a total is handed out",
        "domain/apportionment.py",
        "while sum(shares) < total:",
        "while False:",
        "tests/unit/test_accounting_cases.py::test_e5b_a_part_of_a_reversal_hits_its_total_in_every_currency",
    ),
    Step(
        "a share goes to whoever has the better claim",
        "domain/apportionment.py",
        "return (giver, taker) if better else None",
        "return None",
        "tests/unit/test_apportionment.py::test_a_larger_total_takes_nothing_from_a_part",
    ),
    Step(
        "of equal parts the first comes first",
        "domain/apportionment.py",
        "Fraction(parts[at], 2 * share + 1), -at",
        "Fraction(parts[at], 2 * share + 1), at",
        "tests/unit/test_apportionment.py::test_shares_follow_the_proportion",
    ),
    Step(
        "what is undone of a currency is rounded half up",
        "domain/reversing.py",
        "(2 * sum(parts) * undone + whole) // (2 * whole)",
        "sum(parts) * undone // whole",
        "tests/unit/test_card_payment.py::test_e5b_partial_reversals_of_a_clearing_add_up_to_the_whole",
    ),
    Step(
        "what was undone before is not undone again",
        "domain/reversing.py",
        "(more := most - less)",
        "(more := most)",
        "tests/unit/test_holding_and_reversing.py::test_parts_in_any_order_undo_the_same_postings_and_the_last_leaves_nothing",
    ),
    Step(
        "a share of what was taken is rounded half up",
        "domain/undoing.py",
        "(2 * of.amount * undone + whole) // (2 * whole)",
        "of.amount * undone // whole",
        "tests/unit/test_undoing.py::test_a_third_is_what_leads_from_one_rounded_share_to_the_next",
    ),
    Step(
        "shares of the whole are rounded, not the steps",
        "domain/undoing.py",
        "_share(self.of, self.after) - _share(self.of, self.before)",
        "_share(self.of, self.after - self.before)",
        "tests/unit/test_undoing.py::test_a_third_is_what_leads_from_one_rounded_share_to_the_next",
    ),
    Step(
        "the whole of a purchase of currency costs what was paid",
        "domain/settling.py",
        "if bought == total.net:",
        "if False:",
        "tests/unit/test_settling.py::test_after_payment_and_sweep_every_clearing_account_and_position_is_zero",
    ),
    Step(
        "major units have the decimals of their currency",
        "domain/money.py",
        ".ljust(places, ",
        ".ljust(2, ",
        "tests/unit/test_money.py::test_writing_and_reading_gives_the_same_money",
    ),
)

NETTING = (
    Step(
        "the debits of one account are summed",
        "domain/posting.py",
        "Movement(before.debit + debit, before.credit + credit)",
        "Movement(debit, before.credit + credit)",
        "tests/unit/test_charging.py::test_e6_cash_carries_its_fee_and_both_debits_are_one_movement_of_the_customer",
    ),
    Step(
        "the credits of one account are summed",
        "domain/posting.py",
        "Movement(before.debit + debit, before.credit + credit)",
        "Movement(before.debit + debit, credit)",
        "tests/unit/test_card_payment.py::test_e5_a_reversal_of_a_clearing_mirrors_what_was_booked",
    ),
    Step(
        "what is pending moves no balance",
        "domain/posting.py",
        "if leg.layer != POSTED:",
        "if False:",
        "tests/unit/test_card_payment.py::test_e0_an_authorisation_is_held_and_neither_posted_nor_counted",
    ),
    Step(
        "credit less debit",
        "domain/posting.py",
        "return self.credit - self.debit",
        "return self.credit + self.debit",
        "tests/unit/test_charging.py::test_e6_cash_carries_its_fee_and_both_debits_are_one_movement_of_the_customer",
    ),
    Step(
        "a fold sums the debits of its headers",
        "domain/folding.py",
        "before.debit + movement.debit",
        "movement.debit",
        "tests/unit/test_folding.py::test_movements_of_several_headers_are_netted_per_account",
    ),
    Step(
        "a fold sums the credits of its headers",
        "domain/folding.py",
        "before.credit + movement.credit",
        "movement.credit",
        "tests/unit/test_folding.py::test_movements_of_several_headers_are_netted_per_account",
    ),
    Step(
        "a fold leaves out the customer whose balance the posting moved",
        "domain/folding.py",
        "if key[0] != customer",
        "if key",
        "tests/unit/test_reconciliation_balances.py::test_books_in_good_order_agree_on_both_sides",
    ),
    Step(
        "a fold takes each header once",
        "domain/folding.py",
        "return list({posted.header_id: posted for posted in headers}.values())",
        "return list(headers)",
        "tests/unit/test_folding.py::test_a_repeat_in_one_batch_is_folded_once",
    ),
    Step(
        "a sequence sums to zero in each currency",
        "domain/posting_template.py",
        '1 if line.side == "D" else -1',
        "0",
        "tests/unit/test_posting_template.py::test_a_template_that_cannot_be_right_is_refused_by_name_and_line",
    ),
    Step(
        "only what lacks money is a receivable",
        "domain/missing_funds.py",
        "missing = max(0, -net - max(0, available))",
        "missing = -net",
        "tests/unit/test_missing_funds.py::test_e9b_split_books_what_is_there_and_keeps_the_rest_as_a_receivable",
    ),
    Step(
        "an overdrawn account lacks no more than the booking",
        "domain/missing_funds.py",
        "max(0, available))",
        "available)",
        "tests/unit/test_missing_funds.py::test_without_any_money_all_of_it_is_a_receivable",
    ),
    Step(
        "a credit repays no more than is owed",
        "domain/missing_funds.py",
        "min(receivable, net)",
        "net",
        "tests/unit/test_missing_funds.py::test_e9b_the_next_credit_pays_the_receivable_first",
    ),
    Step(
        "a credit repays no more than it brings",
        "domain/missing_funds.py",
        "min(receivable, net)",
        "receivable",
        "tests/unit/test_missing_funds.py::test_e9b_a_credit_with_a_fee_repays_no_more_than_it_brings",
    ),
    Step(
        "a posting is divided while its part lasts",
        "domain/missing_funds.py",
        "left -= first",
        "pass",
        "tests/unit/test_missing_funds.py::test_fees_and_exchange_keep_their_own_legs_when_a_foreign_purchase_is_split",
    ),
    Step(
        "a loss is the mirror of a gain",
        "domain/settling.py",
        "return made if amount > 0 else mirror(made, 1, 0, 1)",
        "return made",
        "tests/unit/test_settling.py::test_what_the_position_has_lost_is_taken_from_income",
    ),
    Step(
        "a hold ends with what was cleared",
        "domain/payment.py",
        "self.approved - self.reversed - self.expired - self.cleared)",
        "self.approved - self.reversed - self.expired)",
        "tests/unit/test_payment.py::test_each_transition_ends_where_the_table_says",
    ),
    Step(
        "no more is held than was approved",
        "domain/payment.py",
        "return max(0, self.approved",
        "return (self.approved",
        "tests/unit/test_payment_life.py::test_any_life_of_a_payment",
    ),
    Step(
        "what was refunded cannot go back again",
        "domain/payment.py",
        "return self.cleared - self.clearing_reversed - self.refunded",
        "return self.cleared - self.clearing_reversed",
        "tests/unit/test_payment.py::test_each_transition_ends_where_the_table_says",
    ),
    Step(
        "the balance after a booking has its net",
        "adapters/ledger.py",
        "balance_after=balance.posted + booking.net",
        "balance_after=balance.posted",
        "tests/unit/test_posting_once.py::test_a_purchase_is_booked_with_its_line_and_running_balance",
    ),
    Step(
        "what is held after a booking has its change",
        "adapters/ledger.py",
        "held_after=balance.held + booking.held",
        "held_after=balance.held",
        "tests/unit/test_card_payment.py::test_the_header_of_a_hold_says_what_is_held_after_it",
    ),
    Step(
        "the trial balance is what debits and credits differ by",
        "domain/trial_balance.py",
        "return debit - credit",
        "return 0",
        "tests/cli/test_trial_balance.py::test_one_minor_unit_too_much_is_not_zero",
    ),
)

STEPS = (*ROUNDING, *NETTING)
