"""The interpreter runs definitions as Step Functions does: errors, retries, times and scopes."""

from dataclasses import dataclass
from datetime import timedelta
from random import Random
from typing import Any

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError

from tests.simulation import workflow
from tests.simulation.rules_bench import START, Spec, Time
from tests.simulation.workflow import RunResult

type State = dict[str, Any]
type Reply = Any

GET = "arn:aws:states:::dynamodb:getItem"
TRANSACT = "arn:aws:states:::aws-sdk:dynamodb:transactWriteItems"
PUT_EVENTS = "arn:aws:states:::events:putEvents"
SEND = "arn:aws:states:::sqs:sendMessage"
INVOKE = "arn:aws:states:::lambda:invoke"
NEVER = {"ErrorEquals": ["States.QueryEvaluationError"], "MaxAttempts": 0}
KIB_256 = 256 * 1024


@dataclass(frozen=True)
class Late:
    seconds: float


class World:
    """Answers calls in turn: a reply, a late one, or an error to raise; the last one for ever."""

    def __init__(self, *replies: Reply) -> None:
        self.calls: list[tuple[str, str, Any]] = []
        self.time = Time()
        self._replies = list(replies) or [{}]

    def run(self, *states: State, given: Any = None, seed: int = 1, **top: Any) -> RunResult:
        """Run these states one after another; the first is where it starts."""
        spec = Spec({"QueryLanguage": "JSONata", **chained(*states), **top})
        return workflow.run(
            spec, given or {}, self._call, self.time.sleep, self.time.now, Random(seed), "run-1"
        )

    def _call(self, service: str, operation: str, arguments: Any) -> Any:
        self.calls.append((service, operation, arguments))
        reply = self._replies.pop(0) if len(self._replies) > 1 else self._replies[0]
        if isinstance(reply, BaseException):
            raise reply
        if isinstance(reply, Late):
            self.time.sleep(reply.seconds)
            return {}
        return reply


def chained(*states: State) -> State:
    """A level of states `S0`, `S1`, ...: each leads to the next, unless it says where."""
    names = [state.get("Name", f"S{at}") for at, state in enumerate(states)]
    made = {}
    for name, following, state in zip(names, [*names[1:], None], states, strict=True):
        leads = state.keys() & {"Next", "End"} or state["Type"] in ("Fail", "Succeed", "Choice")
        way = {} if leads else {"Next": following} if following else {"End": True}
        made[name] = {key: each for key, each in state.items() if key != "Name"} | way
    return {"StartAt": names[0], "States": made}


def task(resource: str = GET, **fields: Any) -> State:
    return {"Type": "Task", "Resource": resource, **fields}


def passing(output: Any = None, **fields: Any) -> State:
    return {"Type": "Pass", **({} if output is None else {"Output": output}), **fields}


def failing(error: str) -> State:
    return {"Type": "Fail", "Error": error, "Cause": "on purpose"}


def parallel(*branches: list[State], **fields: Any) -> State:
    return {"Type": "Parallel", "Branches": [chained(*each) for each in branches], **fields}


def retry(*errors: str, **fields: Any) -> State:
    return {"ErrorEquals": list(errors), **fields}


def catch(*errors: str, to: str = "Caught", **fields: Any) -> State:
    return {"ErrorEquals": list(errors), "Next": to, **fields}


CAUGHT = {"Name": "Caught", **passing("{% $states.input.Error %}")}


def refusal(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "no"}}, "Operation")


# --- retries


def test_a_task_is_tried_again_after_waits_that_double() -> None:
    world = World(refusal("ThrottlingException"))

    ended = world.run(
        task(Retry=[retry("States.ALL", IntervalSeconds=2, MaxAttempts=3, BackoffRate=2)])
    )

    assert world.time.slept == [2, 4, 8]
    assert len(world.calls) == 4
    assert (ended.status, ended.error) == ("FAILED", "DynamoDB.ThrottlingException")


def test_waits_are_one_second_and_three_where_nothing_is_said() -> None:
    world = World(refusal("ThrottlingException"))

    world.run(task(Retry=[retry("States.ALL")]))

    assert world.time.slept == [1, 2, 4]


def test_no_wait_is_longer_than_the_longest() -> None:
    world = World(refusal("ThrottlingException"))

    world.run(task(Retry=[retry("States.ALL", MaxDelaySeconds=3)]))

    assert world.time.slept == [1, 2, 3]


def test_full_jitter_draws_each_wait_and_the_same_seed_draws_the_same() -> None:
    jittered = task(Retry=[retry("States.ALL", IntervalSeconds=8, JitterStrategy="FULL")])
    worlds = [World(refusal("ThrottlingException")) for _ in range(3)]

    for world, seed in zip(worlds, (1, 1, 2), strict=True):
        world.run(jittered, seed=seed)

    first, again, other = (world.time.slept for world in worlds)
    assert first == again != other
    assert all(0 <= wait <= full for wait, full in zip(first, (8, 16, 32), strict=True))


def test_a_task_that_works_at_last_succeeds() -> None:
    world = World(refusal("ThrottlingException"), {"Item": {"pk": {"S": "1"}}})

    ended = world.run(
        task(Retry=[retry("States.ALL")], Output="{% $states.result.Item.pk.S %}"),
    )

    assert ended == RunResult("SUCCEEDED", "1")


def test_no_attempts_means_that_the_error_is_not_tried_again() -> None:
    world = World({})

    ended = world.run(task(Output="{% $states.result.no %}", Retry=[NEVER, retry("States.ALL")]))

    assert world.time.slept == []
    assert ended.error == "States.QueryEvaluationError"


def test_a_query_that_fails_in_the_output_makes_the_task_run_again() -> None:
    world = World({}, {"Item": {}})

    ended = world.run(
        task(Output="{% $states.result.Item %}", Retry=[retry("States.ALL")]),
    )

    assert ended == RunResult("SUCCEEDED", {})
    assert len(world.calls) == 2


def test_the_first_retrier_that_takes_the_error_decides_and_counts_for_itself() -> None:
    throttled, gone = refusal("ThrottlingException"), refusal("ResourceNotFoundException")
    world = World(throttled, gone, throttled, throttled)

    ended = world.run(
        task(
            Retry=[
                retry("DynamoDB.ThrottlingException", IntervalSeconds=5, MaxAttempts=2),
                retry("States.ALL", IntervalSeconds=1, MaxAttempts=9),
            ]
        )
    )

    # The last throttle finds its own retrier used up, and the next one is not asked.
    assert world.time.slept == [5, 1, 10]
    assert ended.status == "FAILED"


# --- catchers and the names of errors


@pytest.mark.parametrize(
    ("resource", "code", "name"),
    [
        (GET, "ConditionalCheckFailedException", "DynamoDB.ConditionalCheckFailedException"),
        (TRANSACT, "TransactionCanceledException", "DynamoDb.TransactionCanceledException"),
        (GET, "InternalServerError", "DynamoDB.InternalServerErrorException"),
        (GET, "ValidationException", "DynamoDB.AmazonDynamoDBException"),
        (TRANSACT, "ValidationException", "DynamoDb.DynamoDbException"),
        (INVOKE, "TooManyRequestsException", "Lambda.TooManyRequestsException"),
    ],
)
def test_an_error_is_called_as_its_integration_calls_it(
    resource: str, code: str, name: str
) -> None:
    ended = World(refusal(code)).run(task(resource))

    assert (ended.status, ended.error) == ("FAILED", name)


def test_a_lost_connection_is_an_error_of_the_client() -> None:
    lost = ConnectionClosedError(endpoint_url="https://dynamodb")

    assert World(lost).run(task()).error == "DynamoDB.SdkClientException"


def test_the_first_catcher_that_takes_the_error_leads_on() -> None:
    ended = World(refusal("TransactionCanceledException")).run(
        task(
            TRANSACT,
            Catch=[
                catch("DynamoDB.TransactionCanceledException", to="Wrong"),
                catch("DynamoDb.TransactionCanceledException"),
                catch("States.ALL", to="Wrong"),
            ],
            End=True,
        ),
        {"Name": "Wrong", **failing("Wrong")},
        CAUGHT,
    )

    assert ended == RunResult("SUCCEEDED", "DynamoDb.TransactionCanceledException")


def test_a_catcher_comes_after_the_retries() -> None:
    world = World(refusal("ThrottlingException"))

    ended = world.run(
        task(Retry=[retry("States.ALL")], Catch=[catch("States.ALL")], End=True), CAUGHT
    )

    assert ended.status == "SUCCEEDED"
    assert len(world.calls) == 4


def test_a_catcher_may_write_its_own_output_and_variables() -> None:
    shown = {"was": "{% $states.input.n %}", "cause": "{% $states.errorOutput.Cause %}"}
    ended = World(refusal("ThrottlingException")).run(
        task(Catch=[catch("States.ALL", Output=shown, Assign={"code": "C"})], End=True),
        {"Name": "Caught", **passing("{% $merge([$states.input, {'code': $code}]) %}")},
        given={"n": 7},
    )

    assert ended.output["was"] == 7
    assert "no" in ended.output["cause"]
    assert ended.output["code"] == "C"


def test_task_failed_takes_every_error_but_a_time_out() -> None:
    throttled = World(refusal("ThrottlingException"))
    any_other = task(Catch=[catch("States.TaskFailed")], End=True)
    assert throttled.run(any_other, CAUGHT).status == "SUCCEEDED"

    timed = task(TimeoutSeconds=5, Catch=[catch("States.TaskFailed")], End=True)
    assert World(Late(6)).run(timed, CAUGHT).error == "States.Timeout"


def test_too_much_data_is_caught_by_its_name_only() -> None:
    large = {"Item": {"text": {"S": "x" * KIB_256}}}

    ended = World(large).run(task(Catch=[catch("States.ALL")], End=True), CAUGHT)
    assert (ended.status, ended.error) == ("FAILED", "States.DataLimitExceeded")

    named = [catch("States.DataLimitExceeded")]
    ended = World(large).run(task(Catch=named, End=True), CAUGHT)
    assert ended == RunResult("SUCCEEDED", "States.DataLimitExceeded")


def test_the_limit_counts_the_bytes_of_what_a_state_hands_on() -> None:
    def handed(characters: int) -> str:
        spread = f"{{% $pad('', {characters}, 'x') %}}"
        return World().run(passing(spread)).status

    assert handed(KIB_256 - 2) == "SUCCEEDED"
    assert handed(KIB_256 - 1) == "FAILED"


def test_a_crash_passes_through_every_retry_and_catch() -> None:
    class Crash(BaseException):
        pass

    world = World(Crash())

    with pytest.raises(Crash):
        world.run(
            parallel(
                [task(Retry=[retry("States.ALL")], Catch=[catch("States.ALL")], End=True), CAUGHT],
                Catch=[catch("States.ALL")],
                End=True,
            ),
            CAUGHT,
        )
    assert len(world.calls) == 1


def test_a_fault_of_the_simulation_is_no_error_of_the_workflow() -> None:
    with pytest.raises(KeyError):
        World(KeyError("x")).run(task(Catch=[catch("States.ALL")], End=True), CAUGHT)


# --- queries


def test_an_expression_that_gives_nothing_is_an_error_in_any_field() -> None:
    for state in (
        passing({"deep": ["{% $states.input.no %}"]}),
        passing(Assign={"x": "{% $states.input.no %}"}),
        task(Arguments={"TableName": "{% $states.input.no %}"}),
    ):
        assert World().run(state).error == "States.QueryEvaluationError"


def test_null_is_not_nothing() -> None:
    assert World().run(passing({"n": "{% null %}"})) == RunResult("SUCCEEDED", {"n": None})


def test_the_cause_ends_with_what_the_expression_said() -> None:
    ended = World().run(passing("{% $error('rule X is missing') %}"))

    assert ended.cause is not None
    assert ended.cause.endswith("rule X is missing")


def test_a_condition_must_be_true_or_false() -> None:
    choice = {"Type": "Choice", "Choices": [{"Condition": "{% 1 %}", "Next": "S1"}]}

    assert World().run(choice, passing()).error == "States.QueryEvaluationError"


def test_the_context_shows_the_run_and_its_state() -> None:
    context = "$states.context"
    ended = World().run(
        passing(f"{{% {context}.State.Name & ' of ' & {context}.Execution.Name %}}", Name="Here"),
        given={"n": 1},
    )
    assert ended.output == "Here of run-1"

    kept = "{% $states.context.Execution.Input.n %}"
    assert World().run(passing({}), passing(kept), given={"n": 1}).output == 1


def test_now_is_virtual() -> None:
    ended = World().run({"Type": "Wait", "Seconds": 90}, passing("{% $now() %}"))

    later = START + timedelta(seconds=90)
    assert ended.output == f"{later:%Y-%m-%dT%H:%M:%S}.000Z"


# --- choices


def test_the_first_rule_that_holds_is_taken() -> None:
    def taken(n: int) -> Any:
        rules = [
            {"Condition": f"{{% $states.input.n > {limit} %}}", "Output": limit, "Next": "End"}
            for limit in (10, 5)
        ]
        choice = {"Type": "Choice", "Choices": rules, "Default": "End", "Output": "none"}
        return World().run(choice, {"Name": "End", "Type": "Succeed"}, given={"n": n}).output

    assert [taken(n) for n in (11, 6, 1)] == [10, 5, "none"]


def test_no_rule_and_no_default_end_the_run_and_nothing_catches_that() -> None:
    choice = {"Type": "Choice", "Choices": [{"Condition": "{% false %}", "Next": "S1"}]}
    inside = parallel([choice, passing()], Catch=[catch("States.ALL")], End=True)

    for states in ([choice, passing()], [inside, CAUGHT]):
        ended = World().run(*states)
        assert (ended.status, ended.error) == ("FAILED", "States.Runtime")


# --- parallel branches


def test_results_stand_in_the_order_of_the_branches_not_of_their_running() -> None:
    ended = World().run(parallel([passing("a")], [passing("b")], [passing("c")]))

    assert ended.output == ["a", "b", "c"]


def test_branches_run_in_an_order_that_is_drawn() -> None:
    def order(seed: int) -> list[str]:
        world = World()
        tasks = [[task(Arguments={"TableName": name})] for name in "abc"]
        world.run(parallel(*tasks), seed=seed)
        return [arguments["TableName"] for _, _, arguments in world.calls]

    orders = {tuple(order(seed)) for seed in range(40)}

    assert len(orders) == 6
    assert order(7) == order(7)


def test_a_failing_branch_fails_the_whole_with_its_own_error() -> None:
    ended = World().run(
        parallel([failing("Mine")], Catch=[catch("Mine")], End=True),
        CAUGHT,
    )

    assert ended == RunResult("SUCCEEDED", "Mine")


def test_branches_that_have_not_begun_never_run_after_a_failure() -> None:
    counts = set()
    for seed in range(20):
        world = World()
        world.run(parallel([failing("Mine")], [task()]), seed=seed)
        counts.add(len(world.calls))

    assert counts == {0, 1}


def test_a_failed_query_in_a_branch_is_caught_outside() -> None:
    ended = World().run(
        parallel([passing("{% $states.input.no %}")], Catch=[catch("States.ALL")], End=True),
        CAUGHT,
    )

    assert ended.output == "States.QueryEvaluationError"


def test_a_parallel_is_tried_again_as_a_whole() -> None:
    world = World({}, refusal("ThrottlingException"), {})

    ended = world.run(parallel([task(), task()], Retry=[retry("States.ALL")], Output="ok"))

    assert ended == RunResult("SUCCEEDED", "ok")
    assert len(world.calls) == 4


def test_a_map_runs_its_states_for_every_item() -> None:
    each = "{% $states.context.Map.Item.Index & $states.context.Map.Item.Value %}"
    mapped = {
        "Type": "Map",
        "Items": "{% $states.input.items %}",
        "ItemSelector": {"label": each},
        "ItemProcessor": chained(passing("{% $states.input.label & '!' %}")),
    }

    ended = World().run(mapped, given={"items": ["a", "b", "c"]})

    assert ended.output == ["0a!", "1b!", "2c!"]


# --- variables


def test_inner_states_see_outer_variables_and_keep_their_own() -> None:
    inner = passing({}, Assign={"own": "{% $outer & '+' %}"})
    ended = World().run(
        passing({}, Assign={"outer": "o"}),
        parallel([inner, passing("{% $own %}")]),
        passing({"of": "{% $states.input[0] %}", "own": "{% $exists($own) %}"}),
    )

    assert ended.output == {"of": "o+", "own": False}


def test_new_variables_hold_from_the_next_state_on() -> None:
    swap = {"a": "{% $b %}", "b": "{% $a %}"}
    ended = World().run(
        passing(Assign={"a": 1, "b": 2}),
        passing("{% [$a, $b] %}", Assign=swap),
        passing({"before": "{% $states.input %}", "after": "{% [$a, $b] %}"}),
    )

    assert ended.output == {"before": [1, 2], "after": [2, 1]}


# --- times


def test_an_answer_that_comes_too_late_is_a_time_out_though_the_call_was_made() -> None:
    world = World(Late(6))

    ended = world.run(task(TimeoutSeconds=5, Catch=[catch("States.Timeout")], End=True), CAUGHT)

    assert ended == RunResult("SUCCEEDED", "States.Timeout")
    assert len(world.calls) == 1


@pytest.mark.parametrize("waits", [{"Type": "Wait", "Seconds": 60}, None])
def test_the_time_of_the_run_ends_it_wherever_it_stands(waits: State | None) -> None:
    tried = task(Retry=[retry("States.ALL", MaxAttempts=99)], Catch=[catch("States.ALL")], End=True)
    world = World(refusal("ThrottlingException"))

    ended = world.run(waits or tried, CAUGHT, TimeoutSeconds=30)

    assert (ended.status, ended.error) == ("TIMED_OUT", "States.Timeout")
    assert sum(world.time.slept) == 30


def test_an_express_run_has_five_minutes() -> None:
    world = World()

    assert world.run({"Type": "Wait", "Seconds": 3600}, passing()).status == "TIMED_OUT"
    assert sum(world.time.slept) == 300


def test_a_wait_may_end_at_a_moment() -> None:
    until = START + timedelta(seconds=12)

    world = World()
    world.run({"Type": "Wait", "Timestamp": f"{until:%Y-%m-%dT%H:%M:%SZ}"}, passing())

    assert world.time.slept == [12]


# --- integrations


def test_a_refused_entry_fails_the_optimised_integration_of_the_bus() -> None:
    events = task(PUT_EVENTS, Arguments={"Entries": [{"Detail": {}}]})

    ended = World({"FailedEntryCount": 1, "Entries": [{"ErrorCode": "X"}]}).run(events)

    assert ended.error == "EventBridge.FailedEntry"


def test_the_integration_of_the_sdk_leaves_refused_entries_to_the_definition() -> None:
    events = task(
        "arn:aws:states:::aws-sdk:eventbridge:putEvents",
        Arguments={"Entries": []},
        Output="{% $states.result.FailedEntryCount %}",
    )

    assert World({"FailedEntryCount": 1, "Entries": []}).run(events).output == 1


def test_an_event_is_json_text_and_names_the_run_and_its_machine() -> None:
    world = World({"FailedEntryCount": 0, "Entries": [{"EventId": "1"}]})

    world.run(task(PUT_EVENTS, Arguments={"Entries": [{"Source": "s", "Detail": {"a": [1, 2.5]}}]}))

    ((service, operation, arguments),) = world.calls
    assert (service, operation) == ("events", "PutEvents")
    (entry,) = arguments["Entries"]
    assert entry["Detail"] == '{"a":[1,2.5]}'
    assert [each.split(":")[5] for each in entry["Resources"]] == ["express", "stateMachine"]


@pytest.mark.parametrize(("body", "sent"), [("as it is", "as it is"), ({"a": 1}, '{"a":1}')])
def test_a_message_for_a_queue_is_text(body: Any, sent: str) -> None:
    world = World({"MessageId": "1"})

    world.run(task(SEND, Arguments={"QueueUrl": "q", "MessageBody": body}))

    assert world.calls == [("sqs", "SendMessage", {"QueueUrl": "q", "MessageBody": sent})]


def test_a_function_is_called_with_json_and_answers_with_json() -> None:
    world = World({"StatusCode": 200, "Payload": b'{"n": 2}'})

    ended = world.run(
        task(
            INVOKE,
            Arguments={"FunctionName": "f", "Payload": {"n": 1}},
            Output="{% $states.result.Payload.n %}",
        )
    )

    assert world.calls == [("lambda", "Invoke", {"FunctionName": "f", "Payload": b'{"n":1}'})]
    assert ended.output == 2


def test_an_error_of_a_function_has_the_name_that_the_function_gave_it() -> None:
    body = b'{"errorType": "NotFolded", "errorMessage": "later"}'

    ended = World({"StatusCode": 200, "FunctionError": "Unhandled", "Payload": body}).run(
        task(INVOKE, Arguments={"FunctionName": "f"})
    )

    assert ended.error == "NotFolded"
    assert ended.cause is not None
    assert "later" in ended.cause


def test_what_leaves_a_state_is_json_and_an_array_of_one_item_stays_one() -> None:
    kept = passing({"only": "{% $states.input.items[n = 1][] %}"})

    ended = World().run(kept, passing("{% $states.input.only %}"), given={"items": [{"n": 1}]})

    assert ended.output == [{"n": 1}]


# --- what is not known


@pytest.mark.parametrize(
    "state",
    [
        task("arn:aws:states:::states:startExecution.sync:2"),
        task("arn:aws:states:::lambda:invoke.waitForTaskToken"),
        {"Type": "Activity"},
        passing(QueryLanguage="JSONPath"),
        passing("{% $uuid() %}"),
    ],
)
def test_what_the_interpreter_does_not_know_is_refused(state: State) -> None:
    with pytest.raises(NotImplementedError):
        World().run(state)


def test_a_run_in_a_circle_is_stopped() -> None:
    with pytest.raises(RuntimeError, match="circle"):
        World().run(passing(Next="S0"))
