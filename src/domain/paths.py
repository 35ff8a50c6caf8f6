"""What stands in a path: ids, checked before anything is looked up."""

from typing import Annotated

from msgspec import Meta

from domain.query_parameters import read_parameter

type AnyId = Annotated[
    str,
    Meta(pattern=r"^((ing|msg|pay)_[a-z0-9_-]{1,40}|J#[A-Za-z0-9_.#-]{1,120})$"),
    Meta(
        description="Id of a record (`ing_...`), of a message (`msg_...`), of a card payment"
        " (`pay_...`) or of a journal header (`J#...`, with `%23` for the #).",
        extra={"remedy": "no such id: send the ingest_id of a receipt"},
        examples=["ing_xa5fjg6onlxh5p4gcgofj7w2df"],
    ),
]
type RecordId = Annotated[
    str,
    Meta(pattern=r"^ing_[a-z0-9_-]{1,40}$"),
    Meta(
        description="Id of a record, as its receipt says.",
        extra={"remedy": "no such id: send the ingest_id of a receipt"},
        examples=["ing_5mlsgypga5umlfagrywcmgxvgp"],
    ),
]
type AccountId = Annotated[
    str,
    Meta(pattern=r"^[A-Za-z0-9-]{1,12}$"),
    Meta(
        description="The bank's own id of a customer account.",
        extra={"remedy": "no such id: send the one of a customer account, such as A-1001"},
        examples=["A-1001"],
    ),
]
PATHS = {"id": AnyId, "ingest_id": RecordId, "account_id": AccountId}


def checked(name: str, text: str) -> str:
    """The value of a path's part. Raises BadParameter."""
    return str(read_parameter(name, text, PATHS[name]))
