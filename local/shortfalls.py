"""What the engine's CloudFormation leaves out though its API can do it, made from the template.

Each function reads the deployed template's own values, and may run again at every start.
"""

import json
import logging
from typing import Any

from botocore.exceptions import ClientError

from local import aws
from local.deployed import DeployedStack, Resource
from local.endpoint import Endpoint

logger = logging.getLogger(__name__)

# An archive's name: 48 characters at most.
NAME_LENGTH = 48


def make_up(endpoint: Endpoint, stack: DeployedStack) -> None:
    """Make everything that the deployment left out."""
    for archive in stack.resources("AWS::Events::Archive"):
        if not archive.physical_id:
            _archive(endpoint, archive)
    for table in stack.resources("AWS::DynamoDB::Table"):
        if table.physical_id:
            _expiry(endpoint, table)
    for bucket in stack.resources("AWS::S3::Bucket"):
        if bucket.physical_id and bucket.properties.get("ObjectLockEnabled"):
            _object_lock(endpoint, bucket)


def _archive(endpoint: Endpoint, archive: Resource) -> None:
    """`AWS::Events::Archive` is refused by the engine's CloudFormation."""
    given = archive.properties
    name = given.get("ArchiveName") or f"{endpoint.stack_name}-{archive.logical_id}"
    values: dict[str, Any] = {"RetentionDays": int(given.get("RetentionDays", 0))}
    if "EventPattern" in given:
        values["EventPattern"] = json.dumps(given["EventPattern"])
    events = aws.client(endpoint, "events")
    try:
        events.create_archive(
            ArchiveName=name[:NAME_LENGTH], EventSourceArn=given["SourceArn"], **values
        )
    except ClientError as error:
        if aws.code_of(error) != "ResourceAlreadyExistsException":
            raise
        events.update_archive(ArchiveName=name[:NAME_LENGTH], **values)


def _expiry(endpoint: Endpoint, table: Resource) -> None:
    """A table's time to live is dropped when the table is created."""
    wanted = table.properties.get("TimeToLiveSpecification")
    dynamodb = aws.client(endpoint, "dynamodb")
    name = table.physical_id
    if not wanted or not wanted.get("Enabled"):
        return
    known = dynamodb.describe_time_to_live(TableName=name)["TimeToLiveDescription"]
    if known.get("TimeToLiveStatus") != "ENABLED":
        dynamodb.update_time_to_live(TableName=name, TimeToLiveSpecification=wanted)


def _object_lock(endpoint: Endpoint, bucket: Resource) -> None:
    """A bucket's object lock is dropped when the bucket is created."""
    lock = bucket.properties.get("ObjectLockConfiguration") or {"ObjectLockEnabled": "Enabled"}
    aws.client(endpoint, "s3").put_object_lock_configuration(
        Bucket=bucket.physical_id, ObjectLockConfiguration=lock
    )
