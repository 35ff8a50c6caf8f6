"""The local system on a small project: the real engine, the real SAM CLI, the real forwarder."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import local
from local import aws, engine, folders, running

pytestmark = pytest.mark.engine

PROJECT = Path(__file__).parent / "project"
PATIENCE = 60.0


class System:
    """The running system, with the calls that the tests make."""

    def __init__(self, endpoint: local.Endpoint) -> None:
        self.endpoint = endpoint
        stacks = self.client("cloudformation").describe_stacks(StackName="project")["Stacks"]
        self.outputs = {one["OutputKey"]: one["OutputValue"] for one in stacks[0]["Outputs"]}

    def client(self, service: str) -> Any:
        return aws.client(self.endpoint, service)

    def put(self, key: str, **attributes: str) -> None:
        item = {"pk": {"S": key}} | {name: {"S": value} for name, value in attributes.items()}
        self.client("dynamodb").put_item(TableName=self.outputs["Table"], Item=item)

    def received(self, queue: str) -> list[Any]:
        """The bodies that wait in the queue, taken out of it."""
        sqs, url = self.client("sqs"), self.outputs[queue]
        bodies = []
        while messages := sqs.receive_message(
            QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=0
        ).get("Messages"):
            for message in messages:
                bodies.append(json.loads(message["Body"]))
                sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return bodies

    def first(self, queue: str) -> list[Any]:
        """What is in the queue as soon as something is."""
        bodies: list[Any] = []

        def some() -> bool:
            bodies.extend(self.received(queue))
            return bool(bodies)

        eventually(some)
        return bodies

    def arrivals(self, expected: set[str]) -> set[str]:
        """The keys that arrive by rule, waited for until the expected ones are there."""
        found: set[str] = set()

        def all_there() -> bool:
            found.update(event["detail"]["pk"] for event in self.received("Arrivals"))
            return expected <= found

        eventually(all_there)
        return found


def eventually(holds: Callable[[], bool]) -> None:
    """Ask again and again; fail when it never holds."""
    deadline = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < deadline, "it never came"
        time.sleep(0.1)


def companion() -> running.Running:
    found = running.recorded(folders.inside(folders.COMPANION_RECORD))
    assert found is not None
    return found[0]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("system")
        patch.setattr(folders, "HOME", folder)
        patch.setattr(folders, "PROJECT", PROJECT)
        patch.delenv(engine.PORT_VARIABLE, raising=False)
        try:
            yield folder
        finally:
            local.down()


@pytest.fixture
def system(home: Path) -> System:
    assert home.exists()
    return System(local.up())


def test_a_record_travels_from_the_table_through_the_pipe_to_the_queue(system: System) -> None:
    system.put("a")

    assert system.arrivals({"a"}) == {"a"}


def test_a_second_start_changes_nothing(system: System) -> None:
    lines: list[str] = []

    again = local.up(lines.append)

    assert lines == []
    assert again == system.endpoint == local.endpoint()


def test_filter_and_enrichment_decide_what_arrives(system: System) -> None:
    system.put("b1")
    system.put("b1", again="this is a MODIFY")
    system.put("b2", leave_out="yes")
    system.put("b3")

    assert system.arrivals({"b1", "b3"}) == {"b1", "b3"}
    assert system.received("Arrivals") == []


def test_a_poison_record_ends_as_a_letter_and_the_rest_flows(system: System) -> None:
    system.put("c1")
    system.put("c2", poison="yes")
    system.put("c3")

    assert system.arrivals({"c1", "c3"}) == {"c1", "c3"}
    letters = system.first("Letters")
    assert [one["context"]["condition"] for one in letters] == ["RetryAttemptsExhausted"]
    assert letters[0]["DDBStreamBatchInfo"]["batchSize"] == 1


def test_a_stopped_pipe_delivers_nothing_until_it_is_started(system: System) -> None:
    pipes, name = system.client("pipes"), system.outputs["Pipe"]
    pipes.stop_pipe(Name=name)
    time.sleep(1.0)
    system.put("d")
    time.sleep(1.0)
    assert system.received("Arrivals") == []

    pipes.start_pipe(Name=name)

    assert system.arrivals({"d"}) == {"d"}


def test_a_killed_forwarder_is_reported_and_loses_nothing(system: System) -> None:
    wanted = {f"e{number}" for number in range(60)}
    for key in sorted(wanted):
        system.put(key)
    os.kill(companion().pid, signal.SIGKILL)
    eventually(lambda: not companion().alive())
    (complaint,) = local.status()["complaints"]

    local.up()

    assert complaint.startswith("the pipe forwarder")
    assert "./posting up" in complaint
    assert system.arrivals(wanted) == wanted
    assert local.status()["complaints"] == []


def test_what_the_engine_refuses_in_a_template_is_made_by_api(system: System) -> None:
    (archive,) = system.client("events").list_archives()["Archives"]
    expiry = system.client("dynamodb").describe_time_to_live(TableName=system.outputs["Table"])

    assert (archive["ArchiveName"], archive["RetentionDays"]) == ("project-Archive", 30)
    assert expiry["TimeToLiveDescription"]["TimeToLiveStatus"] == "ENABLED"


def test_every_event_reaches_the_audit_bucket_one_on_a_line(system: System) -> None:
    s3, bucket = system.client("s3"), system.outputs["Audit"]

    def lines() -> list[Any]:
        keys = [one["Key"] for one in s3.list_objects_v2(Bucket=bucket).get("Contents", [])]
        texts = [s3.get_object(Bucket=bucket, Key=key)["Body"].read().decode() for key in keys]
        return [json.loads(line) for text in texts for line in text.splitlines()]

    system.put("f")

    eventually(lambda: any(event["detail"] == {"pk": "f"} for event in lines()))
    assert {event["detail-type"] for event in lines()} == {"Arrived"}


def test_a_clean_stop_leaves_nothing_running_and_keeps_the_state(system: System) -> None:
    system.put("g")
    started = engine.process()
    assert started is not None
    family = [started, companion()]

    local.down()
    local.down()

    assert not any(process.alive() for process in family)
    assert local.endpoint() is None
    assert local.status()["complaints"] == []
    again = System(local.up())
    assert again.endpoint.url == system.endpoint.url
    table = again.client("dynamodb").scan(TableName=again.outputs["Table"])["Items"]
    assert {"pk": {"S": "g"}} in table
    assert "g" in again.arrivals({"g"})


def test_a_dead_engine_is_reported_and_started_again(system: System) -> None:
    started = engine.process()
    assert started is not None
    os.kill(started.pid, signal.SIGKILL)
    eventually(lambda: not started.alive())
    (complaint,) = local.status()["complaints"]
    lines: list[str] = []

    local.up(lines.append)

    assert complaint.startswith(f"the engine (process {started.pid}) has died: './posting up'")
    assert "starting again from its last clean stop" in lines[0]
    assert system.client("sqs").get_queue_attributes(QueueUrl=system.outputs["Arrivals"])


def test_the_peak_of_memory_is_known(system: System) -> None:
    eventually(lambda: local.status()["memory"].get("peak_mb", 0) > 50)
    assert system.endpoint.url == local.status()["engine"]


def test_a_forced_port_that_is_taken_is_said_with_the_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folders, "HOME", tmp_path)
    with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = taken.getsockname()[1]
        monkeypatch.setenv(engine.PORT_VARIABLE, str(port))

        with pytest.raises(local.LocalError, match=f"port {port} is taken: free it, or unset"):
            engine.start()


def test_two_that_start_at_one_moment_have_an_engine_and_a_build_each(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(engine.PORT_VARIABLE, raising=False)
    homes = [tmp_path / "one", tmp_path / "other"]
    start = [sys.executable, "-c", "import local; print(local.up().url)"]
    starts = [
        subprocess.Popen(
            start,
            cwd=folders.ROOT,
            env=os.environ
            | {"POSTING_LOCAL_HOME": str(home), "POSTING_LOCAL_PROJECT": str(PROJECT)},
            stdout=subprocess.PIPE,
            text=True,
        )
        for home in homes
    ]
    try:
        urls = {each.communicate()[0].strip() for each in starts}
        assert [each.returncode for each in starts] == [0, 0]
        assert len(urls) == 2
    finally:
        for home in homes:
            monkeypatch.setattr(folders, "HOME", home)
            local.down()


def test_a_failed_deployment_is_told_in_one_line_with_its_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = tmp_path / "project"
    project.mkdir()
    (project / "samconfig.toml").write_text((PROJECT / "samconfig.toml").read_text())
    (project / "template.yaml").write_text("Resources: {Wrong: {Type: AWS::Nothing::Here}}\n")
    monkeypatch.setattr(folders, "HOME", tmp_path / "home")
    monkeypatch.setattr(folders, "PROJECT", project)
    monkeypatch.delenv(engine.PORT_VARIABLE, raising=False)

    try:
        with pytest.raises(local.LocalError, match=r"sam .* failed: .*log: ") as told:
            local.up()
    finally:
        local.down()

    assert "\n" not in str(told.value)
    assert "AWS::Nothing::Here" in str(told.value)
