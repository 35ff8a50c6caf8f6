"""Grants that no simulated call needs, each with its reason; a run should use every other."""

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


def reason(grant: Grant) -> str | None:
    """Why no simulated call needs it; None for a grant that a run should use."""
    if grant.action in BY_ACTION:
        return BY_ACTION[grant.action]
    return next((why for part, why in BY_CONDITION.items() if part in grant.condition), None)
