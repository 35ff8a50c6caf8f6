"""Buckets in memory and in the simulation do as the engine's: the newest and each older version,
from any byte on, and what is not there.
"""

import contextlib
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.engine.live import Stack
from tests.engine.simulated import Calm
from tests.fakes.services import MemoryBuckets

pytestmark = pytest.mark.engine

KEYS = ("2026/11/20/a.jsonl", "2026/11/20/b.jsonl", "2026/11/20/b.jsonl.manifest.json")
PREFIXES = ("", "2026/11/20/b", "2026/11/21/")
NEVER_MADE = 9

type Step = tuple[str, dict[str, Any]]

keys = st.sampled_from(KEYS)
steps = st.one_of(
    st.tuples(
        st.just("put"),
        st.fixed_dictionaries({"key": keys, "content": st.sampled_from((b"", b"abc", b"0123"))}),
    ),
    st.tuples(
        st.just("get"),
        st.fixed_dictionaries(
            {
                "key": keys,
                "version": st.sampled_from((None, 0, 1, NEVER_MADE)),
                "start": st.sampled_from((None, 0, 2, 3, 7)),
            }
        ),
    ),
    st.tuples(st.just("head"), st.fixed_dictionaries({"key": keys})),
    st.tuples(st.just("names"), st.fixed_dictionaries({"prefix": st.sampled_from(PREFIXES)})),
)


class Bucket:
    """One bucket of a client; versions are counted, because their ids differ."""

    def __init__(self, client: Any, name: str) -> None:
        self._client = client
        self._name = name
        self._versions: dict[str, list[str]] = {}

    def do(self, what: str, given: dict[str, Any]) -> Any:
        try:
            return getattr(self, what)(**given)
        except ClientError as error:
            return error.response["Error"]["Code"]

    def put(self, key: str, content: bytes) -> None:
        """The simulation and the fake have this instead of a client's call."""
        if hasattr(self._client, "put"):
            made = self._client.put(self._name, key, content)
        else:
            made = self._client.put_object(Bucket=self._name, Key=key, Body=content)["VersionId"]
        self._versions.setdefault(key, []).append(made)

    def get(self, key: str, version: int | None, start: int | None) -> tuple[bytes, int]:
        request: dict[str, Any] = {"Bucket": self._name, "Key": key}
        if version is not None:
            made = self._versions.get(key, [])
            request["VersionId"] = made[version] if version < len(made) else str(uuid.UUID(int=1))
        if start is not None:
            request["Range"] = f"bytes={start}-"
        answer = self._client.get_object(**request)
        return answer["Body"].read(), answer["ContentLength"]

    def head(self, key: str) -> bool:
        answer = self._client.head_object(Bucket=self._name, Key=key)
        return bool(answer["VersionId"] == self._versions[key][-1])

    def names(self, prefix: str) -> list[str]:
        return list(self._pages(prefix))

    def _pages(self, prefix: str) -> Iterator[str]:
        token: dict[str, str] = {}
        while True:
            answer = self._client.list_objects_v2(Bucket=self._name, Prefix=prefix, **token)
            yield from (each["Key"] for each in answer.get("Contents", []))
            if not answer["IsTruncated"]:
                return
            token = {"ContinuationToken": answer["NextContinuationToken"]}


@contextlib.contextmanager
def engines_bucket(stack: Stack) -> Iterator[Bucket]:
    name, s3 = f"twin-{uuid.uuid4().hex[:8]}", stack.client("s3")
    s3.create_bucket(Bucket=name)
    s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    yield Bucket(s3, name)


@settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.lists(steps, min_size=1, max_size=10))
def test_objects_versions_and_ranges_are_the_same(stack: Stack, sequence: list[Step]) -> None:
    simulated = Calm().buckets()
    landing = next(iter(simulated.objects))
    ours = (Bucket(MemoryBuckets(), "any"), Bucket(simulated, landing))

    with engines_bucket(stack) as theirs:
        for what, given_ in sequence:
            answer = theirs.do(what, given_)
            assert [each.do(what, given_) for each in ours] == [answer] * 2, (what, given_)
