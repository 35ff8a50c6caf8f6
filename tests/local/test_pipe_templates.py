from typing import Any

import pytest

from local.pipes.templates import fill

PAYLOAD = {"a": {"b-c": 'say "x"', "n": 1}, "rows": [{"id": 1}, {"id": 2}]}


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("Hello", "Hello"),
        ("<$.a.n>", 1),
        ("<$>", PAYLOAD),
        ("Hello, <$.rows[1].id>", "Hello, 2"),
        ('{"k": <$.a>}', {"k": PAYLOAD["a"]}),
        ('{"k": "<$.a.b-c>"}', {"k": 'say "x"'}),
        ('{"k": "n <$.a.n>", "l": <$.rows>}', {"k": "n 1", "l": PAYLOAD["rows"]}),
        ('{"k": <$.rows[*]>}', {"k": PAYLOAD["rows"]}),
        ('{"k": "<$.nowhere[3].x>"}', {"k": ""}),
        ('{"k": "<aws.pipes.pipe-name>"}', {"k": "p"}),
        ("<aws.pipes.event.json>", PAYLOAD),
    ],
)
def test_a_template_is_filled_from_the_record(template: str, expected: Any) -> None:
    assert fill(template, PAYLOAD, {"aws.pipes.pipe-name": "p"}) == expected
