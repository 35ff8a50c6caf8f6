"""Asks the engine the same questions before and after its mends; run by the engine's interpreter.

Prints one JSON object: for each subject the two lists of answers, `[before, after]`.
"""

import json
import time
from collections.abc import Callable
from typing import Any

from ministack.core import iam_evaluator
from ministack.services import dynamodb, stepfunctions

EXPRESSIONS = (
    "$states.input.a + 1",
    "$states.input.rows[kind = 'x'].n",
    "$sum($states.input.rows.n) > 2 ? 'many' : 'few'",
    "$map([1, 2], function($n) {$n * $states.input.a})",
    "($f := function($n) {$n < 2 ? 1 : $n * $f($n - 1)}; $f(5))",
    "$sift($states.input, function($value, $name) {$name != 'rows'})",
    "$parse('{\"b\": [1]}').b",
    "$hash('a', 'SHA-256')",
    "$merge([$states.input, {'a': null}])",
    "$known & '!'",
    "null",
    "$states.input.nothing",
    "$number('abc')",
    "$error('told')",
    "1 +",
    "($f := function($n) {$f($n)}; $f(1))",
)
GIVEN = {"a": 2, "rows": [{"kind": "x", "n": 1}, {"kind": "y", "n": 2}]}

CONDITIONS: tuple[tuple[str, dict[str, Any], dict[str, str]], ...] = (
    ("attribute_not_exists(pk)", {}, {}),
    ("attribute_exists(pk) AND version = :v", {":v": {"N": "2"}}, {}),
    ("#s = :a OR (NOT n BETWEEN :v AND :w)", {":a": {"S": "x"}}, {"#s": "state"}),
    ("#s IN (:a, :b)", {":a": {"S": "OPEN"}, ":b": {"S": "HOLD"}}, {"#s": "state"}),
    ("begins_with(pk, :a) AND size(pk) > :v", {":a": {"S": "A"}, ":v": {"N": "1"}}, {}),
    ("version = ", {}, {}),
    ("((version = :v))", {":v": {"N": "2"}}, {}),
    ("status = :v", {":v": {"N": "2"}}, {}),
)
ROW = {"pk": {"S": "A#1"}, "version": {"N": "2"}, "state": {"S": "OPEN"}, "n": {"N": "5"}}
NUMBERS: tuple[Any, ...] = ("1", "01.50", "1e130", "abc", " 5", "-0", 1, 1.0, True, None, [1])

READ = "arn:aws:states:::dynamodb:getItem"
WRITE = "arn:aws:states:::dynamodb:putItem"


def _task(resource: str, **more: Any) -> dict[str, Any]:
    key = "Item" if resource == WRITE else "Key"
    arguments = {"TableName": "rows", key: {"pk": {"S": "{% $states.input.pk %}"}}}
    return {"Type": "Task", "Resource": resource, "Arguments": arguments, **more}


def _alone(state: dict[str, Any]) -> dict[str, Any]:
    return {"StartAt": "Only", "States": {"Only": {"End": True, **state}}}


FAULT = {"Type": "Fail", "Error": "Wrong", "Cause": "as told"}
CAUGHT = [{"ErrorEquals": ["States.ALL"], "Output": "{% $states.errorOutput %}", "Next": "End"}]
NOT_THERE = {"ConditionExpression": "attribute_not_exists(pk)"}
MACHINES: dict[str, dict[str, Any]] = {
    "a value": _alone({"Type": "Pass", "Output": "{% $states.input.pk & '!' %}"}),
    "a row": _alone(_task(READ, TimeoutSeconds=5)),
    "a fault": {"StartAt": "Only", "States": {"Only": FAULT}},
    "an expression that fails": _alone({"Type": "Pass", "Output": "{% $number('abc') %}"}),
    "a task of a table that is not there": _alone(
        {**_task(READ), "Arguments": {"TableName": "none", "Key": {"pk": {"S": "x"}}}}
    ),
    "branches": _alone(
        {"Type": "Parallel", "Branches": [_alone(_task(READ)), _alone({"Type": "Pass"})]}
    ),
    "a branch that fails, caught": {
        "StartAt": "Both",
        "States": {
            "Both": {
                "Type": "Parallel",
                "Branches": [
                    _alone({"Type": "Pass"}),
                    {"StartAt": "Only", "States": {"Only": FAULT}},
                ],
                "Catch": CAUGHT,
                "End": True,
            },
            "End": {"Type": "Succeed"},
        },
    },
    "a condition that fails": _alone(
        {
            **_task(WRITE),
            "Arguments": {"TableName": "rows", "Item": {"pk": {"S": "A#1"}}, **NOT_THERE},
        }
    ),
    "a variable and a choice": {
        "StartAt": "Set",
        "States": {
            "Set": {"Type": "Pass", "Assign": {"found": "{% 3 %}"}, "Next": "Choose"},
            "Choose": {
                "Type": "Choice",
                "Choices": [{"Condition": "{% $found > 2 %}", "Next": "Much"}],
                "Default": "Little",
            },
            "Much": {"Type": "Pass", "Output": "much", "End": True},
            "Little": {"Type": "Pass", "Output": "little", "End": True},
        },
    },
    "a wait, which is not for the short way": {
        "StartAt": "Rest",
        "States": {"Rest": {"Type": "Wait", "Seconds": 0, "End": True}},
    },
}

POLICY = {"Effect": "Allow", "Action": "dynamodb:Get*", "Resource": "arn:aws:dynamodb:*:*:table/a"}


def expressions() -> list[Any]:
    """Results of expressions, and what they fail with."""
    context = {"variables": {"known": "x", "absent": None}}
    return [_told(stepfunctions._evaluate_jsonata, text, GIVEN, context) for text in EXPRESSIONS]


def conditions() -> list[Any]:
    """What conditions say of a row, each asked twice, and how numbers are read."""
    asked = [
        _told(dynamodb._evaluate_condition, text, ROW, values, names)
        for text, values, names in [*CONDITIONS, *CONDITIONS]
    ]
    return asked + [
        _told(function, number)
        for number in NUMBERS
        for function in (dynamodb._number_error, dynamodb._ddb_canonicalize_number)
    ]


def workflows() -> list[Any]:
    """How executions of Express workflows end."""
    return [[name, *_end_of(name, machine)] for name, machine in MACHINES.items()]


def callers() -> list[Any]:
    """By which name callers are known."""
    told = []
    for key in ("test", "", "AKIAUNKNOWN", "123456789012"):
        header = f"AWS4-HMAC-SHA256 Credential={key}/20261120/us-east-1/dynamodb/aws4_request"
        told.append(_told(iam_evaluator.request_caller_arn, {"authorization": header}, {}))
    return told


def policies() -> list[Any]:
    """What a policy is read as, given as text and as an object, and text that is none."""
    document = {"Statement": POLICY}
    return [
        repr(iam_evaluator.parse_policy_document(one))
        for one in (json.dumps(document), document, "{", json.dumps({"Statement": 1}))
    ]


def _end_of(name: str, machine: dict[str, Any]) -> tuple[str, Any, Any]:
    definition = json.dumps({"QueryLanguage": "JSONata", **machine})
    given = {"stateMachineArn": _machine(name, definition), "input": json.dumps({"pk": "A#1"})}
    _, _, answer = stepfunctions._start_execution(given)
    execution = stepfunctions._executions[json.loads(answer)["executionArn"]]
    while execution["status"] == "RUNNING":
        time.sleep(0.01)
    return execution["status"], execution["output"], execution.get("error")


def _machine(name: str, definition: str) -> str:
    given = {"name": name.replace(" ", "-").replace(",", ""), "definition": definition}
    role = "arn:aws:iam::000000000000:role/none"
    answer = stepfunctions._create_state_machine({**given, "roleArn": role, "type": "EXPRESS"})
    return str(json.loads(answer[2])["stateMachineArn"])


def _told(ask: Callable[..., Any], *given: Any) -> Any:
    try:
        return repr(ask(*given))
    except stepfunctions._ExecutionError as fault:
        return [fault.error, fault.cause]
    except Exception as fault:
        return [type(fault).__name__, str(fault)]


def main() -> None:
    """Ask, mend, ask again."""
    dynamodb._create_table(
        {
            "TableName": "rows",
            "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
            "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
            "BillingMode": "PAY_PER_REQUEST",
        }
    )
    dynamodb._put_item({"TableName": "rows", "Item": ROW})
    subjects = (expressions, conditions, workflows, callers, policies)
    before = [subject() for subject in subjects]
    from mends import served

    assert served.MENDS
    after = [subject() for subject in subjects]
    names = [subject.__name__ for subject in subjects]
    pairs = zip(before, after, strict=True)
    print(json.dumps(dict(zip(names, pairs, strict=True))))  # noqa: T201 (this is the answer)


if __name__ == "__main__":
    main()
