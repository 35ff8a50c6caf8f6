"""The policies of resources: what they say of whoever comes to them."""

from tests.simulation.access.conditions import Context
from tests.simulation.access.statements import Grant, Verdict, verdict
from tests.simulation.plan import ResourcePolicy

type Principal = tuple[str, str]


class Guards:
    """Policies of queues, topics, buckets, keys and functions, and the trust of roles, by ARN."""

    def __init__(self, policies: tuple[ResourcePolicy, ...]) -> None:
        self._by_arn: dict[str, list[ResourcePolicy]] = {}
        for policy in policies:
            for arn in policy.attached_to:
                self._by_arn.setdefault(arn, []).append(policy)

    def verdict(
        self, resource: str, principals: set[Principal], action: str, context: Context
    ) -> Verdict:
        """What all policies of the resource say of these principals, put together."""
        refused = False
        grants: frozenset[Grant] = frozenset()
        for policy in self._by_arn.get(_guarded(resource), ()):
            named = [each for each in policy.statements if principals.intersection(each.principals)]
            found = verdict(policy.name, named, action, resource, context)
            refused = refused or found.refused
            grants |= found.grants
        return Verdict(refused, frozenset() if refused else grants)


def _guarded(resource: str) -> str:
    """The resource that has the policy: a bucket for its objects."""
    return resource.partition("/")[0] if resource.startswith("arn:aws:s3:::") else resource
