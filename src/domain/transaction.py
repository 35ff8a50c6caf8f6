"""What the later steps ask of a card message: typed accessors over its ISO 20022 form."""

from typing import Literal

import iso3166
from msgspec import Struct

from domain.cain import Cain, OriginalData
from domain.currency import alpha_of
from domain.message_type import MessageClass, MessageFunction, MessageType, parse_mti
from domain.money import Money

Direction = Literal["DEBIT", "CREDIT"]


class Transaction(Struct, frozen=True):
    """A card message as the rules, the enrichment and the ledger see it. Money is minor units."""

    network: str
    mti: str
    cain: Cain

    @property
    def message_type(self) -> MessageType:
        return parse_mti(self.mti)

    @property
    def mti_class(self) -> MessageClass:
        """authorisation, financial or reversal."""
        return self.message_type.message_class

    @property
    def mti_function(self) -> MessageFunction:
        """request, response, advice or advice_response; a repeat is what it repeats."""
        return self.message_type.function

    @property
    def transaction_amount(self) -> Money:
        amounts = self.cain.amounts
        return _money(amounts.amount, amounts.currency)

    @property
    def settlement_amount(self) -> Money | None:
        """DE5 and DE50, when the network stated them."""
        amounts = self.cain.amounts
        return _optional_money(amounts.settlement_amount, amounts.settlement_currency)

    @property
    def billing_amount(self) -> Money | None:
        """DE6 and DE51, when the network stated them."""
        amounts = self.cain.amounts
        return _optional_money(amounts.billing_amount, amounts.billing_currency)

    @property
    def type(self) -> str:
        """The first two digits of DE3: 00 purchase, 01 cash, 09 cashback, 20 refund."""
        return self.cain.characteristics.transaction_type

    @property
    def direction(self) -> Direction:
        """From the cardholder's side: types 20 to 29 are credits, all others count as debits."""
        return "CREDIT" if self.type.startswith("2") else "DEBIT"

    @property
    def is_refund(self) -> bool:
        """Money back by a message of its own, not by undoing another one."""
        return self.mti_class == "financial" and self.direction == "CREDIT"

    @property
    def original(self) -> OriginalData | None:
        """What DE90 says of the message that this one follows; None where it says nothing."""
        original = self.cain.original
        return original if original and original.transaction_id else None

    @property
    def amount_undone(self) -> Money | None:
        """What a reversal takes back: DE4, less what DE95 says was used; None for other messages.

        Zero or less where more was used than there was.
        """
        if self.mti_class != "reversal":
            return None
        original = self.cain.original
        replaced = original.amounts if original else None
        if replaced is None:
            return self.transaction_amount
        return _money(replaced.amount, replaced.currency) - self.transaction_amount

    @property
    def final(self) -> bool:
        """Whether no further clearing of the purchase comes: DE71 is DE72, or there is neither."""
        identification = self.cain.transaction_id
        number, count = identification.presentment_number, identification.presentment_count
        return number is None or count is None or int(number) >= int(count)

    @property
    def preauthorised(self) -> bool:
        """DE25 is 06: the amount is an estimate, and the hold may live longer."""
        return "PAUT" in self.cain.characteristics.attributes

    @property
    def life_cycle_id(self) -> str | None:
        """DE63."""
        return self.cain.transaction_id.life_cycle_id

    @property
    def token(self) -> str:
        return self.cain.card.token

    @property
    def stan(self) -> str:
        return self.cain.transaction_id.stan

    @property
    def rrn(self) -> str | None:
        return self.cain.transaction_id.retrieval_reference

    @property
    def acquirer_id(self) -> str:
        return self.cain.acquirer.id

    @property
    def acquirer_country_numeric(self) -> str | None:
        return self.cain.acquirer.country

    @property
    def acquirer_country(self) -> str | None:
        """ISO 3166 alpha-2, None when the acquirer stated no known country."""
        numeric = self.cain.acquirer.country
        found = iso3166.countries_by_numeric.get(numeric) if numeric else None
        return found.alpha2 if found else None

    @property
    def terminal_id(self) -> str | None:
        return self.cain.terminal.id if self.cain.terminal else None

    @property
    def merchant_id(self) -> str | None:
        return self.cain.acceptor.id if self.cain.acceptor else None

    @property
    def merchant_name(self) -> str | None:
        """Name of DE43, which is followed by two or more spaces or by column 26 and the place."""
        text = self.cain.acceptor.name_and_location if self.cain.acceptor else None
        return text[:25].split("  ")[0].strip() if text else None

    @property
    def mcc(self) -> str | None:
        return self.cain.context.mcc if self.cain.context else None

    @property
    def response_code(self) -> str | None:
        return self.cain.result.response_code if self.cain.result else None

    @property
    def approval_code(self) -> str | None:
        return self.cain.result.approval_code if self.cain.result else None

    @property
    def settlement_date(self) -> str | None:
        """YYYY-MM-DD of DE15."""
        return self.cain.settlement.date if self.cain.settlement else None

    @property
    def business_time(self) -> str:
        """Transmission time in UTC with its year: 2026-11-20T10:11:12Z."""
        return self.cain.transaction_id.transmitted_at


def read_transaction(mti: str, network: str, cain: Cain) -> Transaction:
    return Transaction(network=network, mti=mti, cain=cain)


def _money(amount: str, numeric: str) -> Money:
    return Money.from_decimal_string(amount, alpha_of(numeric))


def _optional_money(amount: str | None, numeric: str | None) -> Money | None:
    return _money(amount, numeric) if amount is not None and numeric is not None else None
