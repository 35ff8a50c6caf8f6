"""Grants that no simulated call needs, each with its reason; a run should use every other."""

from collections.abc import Collection

from tests.simulation.access.statements import Grant

BY_ACTION = {
    "dynamodb:ListStreams": "a reader is given its stream by name",
    "kms:DescribeKey": "a key is looked at when it is set up",
    "kms:ReEncryptFrom": "keys are not exchanged in a run",
    "kms:ReEncryptTo": "keys are not exchanged in a run",
    "lambda:ListEventSourceMappings": "how some endpoints file the reading of one mapping",
    "logs:CreateLogDelivery": "Step Functions sets up its log with the machine",
    "logs:DeleteLogDelivery": "Step Functions sets up its log with the machine",
    "logs:DescribeLogGroups": "Step Functions sets up its log with the machine",
    "logs:DescribeResourcePolicies": "Step Functions sets up its log with the machine",
    "logs:GetLogDelivery": "Step Functions sets up its log with the machine",
    "logs:ListLogDeliveries": "Step Functions sets up its log with the machine",
    "logs:PutResourcePolicy": "Step Functions sets up its log with the machine",
    "logs:UpdateLogDelivery": "Step Functions sets up its log with the machine",
    "s3:AbortMultipartUpload": "Firehose writes large files in parts",
    "s3:GetBucketAcl": "the trail of API calls is not simulated",
    "s3:GetBucketLocation": "Firehose looks at its bucket when it is set up",
    "s3:ListBucketMultipartUploads": "Firehose writes large files in parts",
    "xray:GetSamplingRules": "which requests are traced is not simulated",
    "xray:GetSamplingTargets": "which requests are traced is not simulated",
}

# By a part of the condition under which a service is let in.
BY_CONDITION = {
    "kms:EncryptionContext:aws:logs:arn": "log groups are not simulated",
    ":cloudtrail:": "the trail of API calls is not simulated",
    ":cloudwatch:": "alarms are not simulated",
}

_ONE_POLICY = "one policy for all who read, write or send under this key"
_BREAKS = "only where a comparison finds breaks: the reconciliation's own tests have them"
# By the holder, the action and the end of the resource; a star is any holder.
BY_HOLDER = {
    ("*", "kms:GenerateDataKey", "key/DataKey"): _ONE_POLICY,
    ("*", "kms:GenerateDataKey", "key/VaultKey"): _ONE_POLICY,
    ("RedriveRole", "kms:GenerateDataKey", "key/LettersKey"): _ONE_POLICY,
    ("InboxPipeRole", "kms:Decrypt", "key/DataKey"): _ONE_POLICY,
    ("JournalPipeRole", "kms:Decrypt", "key/DataKey"): _ONE_POLICY,
    ("NotifyRole", "kms:Decrypt", "key/DataKey"): _ONE_POLICY,
    (
        "AuditRuleRole",
        "firehose:PutRecordBatch",
        "posting-audit",
    ): "a rule may send several at once",
    ("AuditStreamRole", "kms:Decrypt", "key/DataKey"): "Firehose appends to what it has begun",
    ("AuditStreamRole", "logs:PutLogEvents", "AuditLogs:*"): "Firehose tells of failed writes",
    ("AuditStreamRole", "s3:GetObject", "AuditBucket/*"): "Firehose appends to what it has begun",
    ("AuditStreamRole", "s3:ListBucket", "AuditBucket"): "Firehose looks at its bucket at setup",
    ("IngestFileRole", "sqs:SendMessage", "LandingQueue"): "no file of a run outlasts a function",
    ("IngestRole", "dynamodb:GetItem", "IdempotencyTable"): "where a refused put shows no item",
    ("ReconcileRole", "dynamodb:GetItem", "PaymentsTable"): _BREAKS,
    ("ReconcileRole", "s3:GetObject", "reconciliation/*"): _BREAKS,
    ("ReconcileRole", "s3:GetObject", "work/*"): _BREAKS,
    ("ReconcileRole", "s3:PutObject", "work/*"): _BREAKS,
    ("ReconcileStateMachineRole", "lambda:InvokeFunction", "RebuildBalancesFunction"): _BREAKS,
    ("ReconcileStateMachineRole", "lambda:InvokeFunction", "RepublishFunction"): _BREAKS,
    ("ReconcileStateMachineRole", "lambda:InvokeFunction", "SweepFunction"): _BREAKS,
    ("RedriveRole", "states:StartExecution", "posting-reconcile"): "letters of that schedule only",
    ("RedriveRole", "events:PutEvents", "event-bus/posting"): "letters of a bus without its key",
    ("BusDeadLettersPolicy", "sqs:SendMessage", "BusDeadLetters"): "a bus without its key",
}


type _Named = tuple[str, str, str]


def reason(grant: Grant) -> str | None:
    """Why no simulated call needs it; None for a grant that a run should use."""
    if grant.action in BY_ACTION:
        return BY_ACTION[grant.action]
    named = (why for each, why in BY_HOLDER.items() if _names(each, grant))
    by_condition = (why for part, why in BY_CONDITION.items() if part in grant.condition)
    return next(named, None) or next(by_condition, None)


def needless(unused: Collection[Grant]) -> list[_Named]:
    """Reasons by holder that none of the unused grants needs."""
    return [each for each in BY_HOLDER if not any(_names(each, grant) for grant in unused)]


def _names(named: _Named, grant: Grant) -> bool:
    holder, action, resource = named
    held = holder in ("*", grant.holder) and action == grant.action
    return held and grant.resource.endswith(resource)
