"""Where data rests: tables, queues, buckets, topics, secrets, buses and the audit's stream."""

from collections.abc import Iterator

from tests.simulation.plan import (
    BucketSpec,
    BusSpec,
    FirehoseSpec,
    QueueSpec,
    SecretSpec,
    TableSpec,
    TopicSpec,
)
from tests.simulation.reading import names
from tests.simulation.reading.directory import BUS, KEY, QUEUE, ROLE, TABLE, Directory
from tests.simulation.reading.given import Given
from tests.simulation.reading.intrinsics import Resolver
from tests.simulation.reading.refusal import NotUnderstood

# What SQS takes where the template says nothing.
VISIBILITY_SECONDS = 30
RETENTION_SECONDS = 345_600
FIREHOSE_SECONDS = 300


class Stores:
    def __init__(self, resolver: Resolver, directory: Directory) -> None:
        self._resolver = resolver
        self._directory = directory

    def _of_type(self, type_name: str, *irrelevant: str) -> Iterator[tuple[str, Given]]:
        """Physical name and properties; closed once the caller has taken what it wants."""
        for logical_id, values in self._resolver.of_type(type_name):
            given = Given(logical_id, values)
            given.irrelevant("Tags", names.NAME_PROPERTY.get(type_name, ""), *irrelevant)
            yield self._resolver.name(logical_id), given
            given.close()

    def tables(self) -> Iterator[TableSpec]:
        for name, given in self._of_type(
            TABLE,
            "AttributeDefinitions",
            "BillingMode",
            "ContributorInsightsSpecification",
            "DeletionProtectionEnabled",
            "OnDemandThroughput",
            "PointInTimeRecoverySpecification",
            "TableClass",
        ):
            indexes = {}
            keys_only = set()
            for index in given.sections("GlobalSecondaryIndexes"):
                index_name = index.must("IndexName")
                index.irrelevant("OnDemandThroughput")
                hash_and_range = key_of(index)
                if len(hash_and_range) != 2:
                    raise NotUnderstood(index.place, "an index without a range is not simulated")
                indexes[index_name] = hash_and_range
                projection = index.section("Projection")
                if projection.must("ProjectionType") == "KEYS_ONLY":
                    keys_only.add(index_name)
            stream = given.section("StreamSpecification")
            view = stream.may("StreamViewType")
            if view not in {None, "NEW_IMAGE"}:
                raise NotUnderstood(stream.place, f"a stream of {view} is not simulated")
            yield TableSpec(
                name=name,
                arn=names.arn(TABLE, name),
                key=key_of(given),
                indexes=indexes,
                keys_only=frozenset(keys_only),
                stream=view is not None,
                stream_arn=names.stream_arn(name) if view else None,
                ttl=time_to_live(given.section("TimeToLiveSpecification")),
                kms_key=self._encryption(given.section("SSESpecification")),
            )

    def _encryption(self, given: Given) -> str | None:
        given.irrelevant("SSEEnabled", "SSEType")
        return self._directory.key(given.may("KMSMasterKeyId"), given.place)

    def queues(self) -> Iterator[QueueSpec]:
        for name, given in self._of_type(QUEUE, "KmsDataKeyReusePeriodSeconds"):
            redrive = given.section("RedrivePolicy")
            receives = redrive.may("maxReceiveCount")
            fifo = is_true(given.may("FifoQueue", False))
            letters = self._directory.maybe(
                QUEUE, redrive.may("deadLetterTargetArn"), redrive.place
            )
            if letters is not None:
                self._same_kind(redrive.place, letters, fifo=fifo)
            if fifo and letters is not None:
                # Of the letters' queue neither matters: SQS itself moves them there.
                given.expect("DeduplicationScope", "messageGroup")
                given.expect("FifoThroughputLimit", "perMessageGroupId")
            yield QueueSpec(
                name=name,
                fifo=fifo,
                url=names.queue_url(name),
                arn=names.arn(QUEUE, name),
                visibility_seconds=given.number("VisibilityTimeout", VISIBILITY_SECONDS),
                retention_seconds=given.number("MessageRetentionPeriod", RETENTION_SECONDS),
                delay_seconds=given.number("DelaySeconds", 0),
                max_receives=None if receives is None else int(receives),
                letters=letters,
                kms_key=self._directory.key(given.may("KmsMasterKeyId"), given.place),
            )

    def _same_kind(self, place: str, letters: str, *, fifo: bool) -> None:
        """SQS refuses letters of the other kind."""
        kinds = {
            self._resolver.name(logical_id): is_true(values.get("FifoQueue", False))
            for logical_id, values in self._resolver.of_type(QUEUE)
        }
        if kinds[letters] != fifo:
            raise NotUnderstood(place, f"{letters} is of another kind than its queue")

    def buckets(self) -> Iterator[BucketSpec]:
        for name, given in self._of_type(
            "AWS::S3::Bucket",
            "LifecycleConfiguration",  # days, and a run lasts hours
            "OwnershipControls",
            "PublicAccessBlockConfiguration",
        ):
            bus = given.section("NotificationConfiguration").section("EventBridgeConfiguration")
            rules = given.section("BucketEncryption").sections("ServerSideEncryptionConfiguration")
            keys = []
            for rule in rules:
                rule.irrelevant("BucketKeyEnabled")
                chosen = rule.section("ServerSideEncryptionByDefault")
                chosen.irrelevant("SSEAlgorithm")
                keys.append(self._directory.key(chosen.may("KMSMasterKeyID"), chosen.place))
            yield BucketSpec(
                name=name,
                arn=names.arn("AWS::S3::Bucket", name),
                versioned=given.section("VersioningConfiguration").may("Status") == "Enabled",
                notifies_bus=is_true(bus.may("EventBridgeEnabled", False)),
                kms_key=keys[0] if keys else None,
            )

    def topics(self) -> Iterator[TopicSpec]:
        for name, given in self._of_type("AWS::SNS::Topic", "DisplayName"):
            yield TopicSpec(
                name=name,
                arn=names.arn("AWS::SNS::Topic", name),
                kms_key=self._directory.key(given.may("KmsMasterKeyId"), given.place),
            )

    def secrets(self) -> Iterator[SecretSpec]:
        for name, given in self._of_type(
            "AWS::SecretsManager::Secret", "Description", "GenerateSecretString", "SecretString"
        ):
            yield SecretSpec(
                name=name,
                arn=names.arn("AWS::SecretsManager::Secret", name),
                kms_key=self._directory.key(given.may("KmsKeyId"), given.place),
            )

    def buses(self) -> Iterator[BusSpec]:
        for name, given in self._of_type(BUS, "Description", "LogConfig"):
            letters = given.section("DeadLetterConfig")
            yield BusSpec(
                name=name,
                arn=names.arn(BUS, name),
                letters=self._directory.maybe(QUEUE, letters.may("Arn"), letters.place),
                kms_key=self._directory.key(given.may("KmsKeyIdentifier"), given.place),
            )

    def firehoses(self) -> Iterator[FirehoseSpec]:
        for name, given in self._of_type(
            "AWS::KinesisFirehose::DeliveryStream",
            "DeliveryStreamEncryptionConfigurationInput",  # under a grant of its own
        ):
            given.expect("DeliveryStreamType", "DirectPut")
            to = given.section("ExtendedS3DestinationConfiguration")
            to.irrelevant("CloudWatchLoggingOptions", "EncryptionConfiguration")
            buffering = to.section("BufferingHints")
            buffering.irrelevant("SizeInMBs")  # a run stays far below a megabyte
            yield FirehoseSpec(
                name=name,
                arn=names.arn("AWS::KinesisFirehose::DeliveryStream", name),
                role=self._directory.named(ROLE, to.must("RoleARN"), to.place),
                bucket=self._directory.named("AWS::S3::Bucket", to.must("BucketARN"), to.place),
                prefix=to.may("Prefix", ""),
                error_prefix=to.may("ErrorOutputPrefix", ""),
                window_seconds=buffering.number("IntervalInSeconds", FIREHOSE_SECONDS),
                compressed=to.may("CompressionFormat") == "GZIP",
                delimiter=delimiter(to.section("ProcessingConfiguration")),
            )

    def keys(self) -> dict[str, str]:
        return {name: names.arn(KEY, name) for name, _ in self._resolver.of_type(KEY)}


def key_of(given: Given) -> tuple[str, ...]:
    """Attribute names, the hash first."""
    found = {
        each.must("KeyType"): each.must("AttributeName") for each in given.sections("KeySchema")
    }
    return (found["HASH"], found["RANGE"]) if "RANGE" in found else (found["HASH"],)


def time_to_live(given: Given) -> str | None:
    attribute: str | None = given.may("AttributeName")
    return attribute if is_true(given.may("Enabled", False)) else None


def delimiter(given: Given) -> str:
    """What Firehose puts after each record; the template writes the escape sequence."""
    given.irrelevant("Enabled")
    found = ""
    for processor in given.sections("Processors"):
        processor.expect("Type", "AppendDelimiterToRecord")
        for parameter in processor.sections("Parameters"):
            parameter.expect("ParameterName", "Delimiter")
            found = parameter.must("ParameterValue").replace("\\n", "\n")
    return found


def is_true(value: object) -> bool:
    """CloudFormation takes a boolean as well as its name."""
    return str(value).lower() == "true"
