"""The forwarders of a deployed stack, one thread for each pipe."""

import logging
import threading
from collections.abc import Callable
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from local import aws
from local.deployed import DeployedStack
from local.endpoint import Endpoint
from local.errors import LocalError
from local.pipes.checkpoints import Checkpoint
from local.pipes.definition import Pipe, pipe_of
from local.pipes.delivery import Delivery
from local.pipes.forwarder import Forwarder, Switch
from local.pipes.letters import LetterQueue
from local.pipes.steps import Steps
from local.pipes.stream import LATEST, Stream

logger = logging.getLogger(__name__)

READING = ["dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator"]


def forwarders(
    endpoint: Endpoint, stack: DeployedStack, ending: threading.Event
) -> dict[str, Forwarder]:
    """One forwarder for each pipe that stands in the stack, by the pipe's name."""
    pipes = aws.client(endpoint, "pipes")
    return {
        resource.physical_id: _forwarder(
            endpoint, pipe_of(resource, _arn(endpoint, resource.physical_id)), pipes, ending
        )
        for resource in stack.resources("AWS::Pipes::Pipe")
        if resource.physical_id
    }


def _forwarder(endpoint: Endpoint, pipe: Pipe, pipes: Any, ending: threading.Event) -> Forwarder:
    _check_reading(endpoint, pipe)
    role = aws.RoleSession(endpoint, pipe.role_arn, pipe.name)
    checkpoint = Checkpoint(pipe.name, pipe.source_arn)
    created = pipes.describe_pipe(Name=pipe.name)["CreationTime"].timestamp()
    # The engine checks stream reads against no resource at all, so that a role which names its
    # stream could not read it. The role's right is asked for once instead.
    stream = Stream(
        aws.client(endpoint, "dynamodbstreams"),
        pipe.source_arn,
        checkpoint,
        since=created if pipe.starting_position == LATEST else None,
    )
    switch = Switch(_state_of(pipes, pipe.name), ending)

    def delivery_for(shard_id: str) -> Delivery:
        letters = LetterQueue(pipe, shard_id, role, switch.now)
        return Delivery(pipe, Steps(pipe, role), letters, switch)

    return Forwarder(pipe, stream, checkpoint, switch, delivery_for)


def _check_reading(endpoint: Endpoint, pipe: Pipe) -> None:
    answer = aws.client(endpoint, "iam").simulate_principal_policy(
        PolicySourceArn=pipe.role_arn, ActionNames=READING, ResourceArns=[pipe.source_arn]
    )
    refused = [
        one["EvalActionName"]
        for one in answer["EvaluationResults"]
        if one["EvalDecision"] != "allowed"
    ]
    if refused:
        raise LocalError(f"pipe {pipe.name}: its role may not {', '.join(refused)} on its source")


def _state_of(pipes: Any, name: str) -> Callable[[], bool]:
    def runs() -> bool:
        try:
            return bool(pipes.describe_pipe(Name=name)["CurrentState"] == "RUNNING")
        except (ClientError, BotoCoreError) as error:
            logger.warning("%s: its state is unknown: %s", name, error)
            return False

    return runs


def _arn(endpoint: Endpoint, name: str) -> str:
    return f"arn:aws:pipes:{endpoint.region}:{endpoint.account}:pipe/{name}"
