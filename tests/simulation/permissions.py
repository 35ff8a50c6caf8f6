"""Whether a role or a service may do what it is about to do, by the policies of the template.

As in IAM: what nobody allows is refused, an explicit refusal wins, and a key listens to roles only
where its own policy leaves the decision to the account. Every request travels by TLS.

Not simulated: boundaries, session policies and organisations, none of which the template has, and
whether a person may call the API.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from tests.simulation.access import conditions
from tests.simulation.access.actions import Actions
from tests.simulation.access.conditions import Context
from tests.simulation.access.guards import Guards
from tests.simulation.access.needs import NOTHING_KNOWN, VIA_SERVICE, Need
from tests.simulation.access.statements import Grant, granted, speaks_of, verdict
from tests.simulation.access.table_actions import Places, places_of
from tests.simulation.plan import Plan, Statement
from tests.simulation.reading import names

type _Known = tuple[tuple[str, str | tuple[str, ...]], ...]

BY_TLS = {"aws:SecureTransport": "true"}
EVERYBODY = ("*", "*")
THE_ACCOUNT = ("AWS", f"arn:aws:iam::{names.ACCOUNT}:root")

# A service that writes to something under a customer's key opens the key in its own name.
ENCRYPTING = {"sqs:SendMessage", "sns:Publish"}

# What the runtime does for every function, in the name of its role.
LOGGING = ("logs:CreateLogStream", "logs:PutLogEvents")
TRACING = ("xray:PutTraceSegments", "xray:PutTelemetryRecords")


class Permissions:
    """The answers of one plan. `used` holds every grant that an answer rested on."""

    def __init__(self, plan: Plan) -> None:
        self.used: set[Grant] = set()
        self._plan = plan
        self._actions = Actions(plan)
        self._guards = Guards(plan.resource_policies)
        self._keys = _keys_of_targets(plan)
        self._asked_about: dict[tuple[str, str], tuple[str, ...]] = {}
        self._answers: dict[tuple[str, str, str, _Known], bool] = {}
        # Calls by role, operation and places in tables that are allowed whatever else they say:
        # no policy asks for what they tell, but for the service through which a key is used.
        self._open: set[tuple[str, str, Places]] = set()
        self._service_answers: dict[tuple[str, str, str, str, _Known], bool] = {}
        for statement in _statements(plan):
            conditions.check(statement)

    # --- roles

    def actions_for(self, operation: str, call: Mapping[str, Any]) -> list[Need]:
        """The (action, resource ARN, context) that AWS checks for a call.

        `operation` as botocore or the ASL writes it, `call` with its arguments. Raises
        NotUnderstood for an operation that is not known.
        """
        return list(self._actions.needed(operation, call))

    def refusal(self, role: str, operation: str, call: Mapping[str, Any]) -> Need | None:
        """The first thing that the role lacks for this call; None when it may make it."""
        places = places_of(call)
        question = (role, operation, places)
        if question in self._open:
            return None
        depends = not places
        for need in self._actions.needed(operation, call):
            if not self.allows(role, *need):
                return need
            asked = self._asked_about[role, need.action]
            told = need.context.keys() - {VIA_SERVICE}
            depends = depends or not told.isdisjoint(asked)
        if not depends:
            self._open.add(question)
        return None

    def allows(
        self, role: str, action: str, resource: str, context: Context = NOTHING_KNOWN
    ) -> bool:
        """Whether the role (a logical id) may do this action to this resource (an ARN)."""
        keys = self._asked_about.get((role, action))
        if keys is None:
            keys = self._asked_about[role, action] = self._keys_asked(role, action)
        known = tuple([(key, context[key]) for key in keys if key in context])
        question = (role, action, resource, known)
        answer = self._answers.get(question)
        if answer is None:
            answer = self._answers[question] = self._decide(role, action, resource, known)
        return answer

    def may_run(self, function: str) -> bool:
        """Whether the function's role lets the runtime write its logs and traces."""
        spec = self._plan.functions[function]
        wanted = [(action, "*") for action in TRACING if spec.traced]
        if spec.log_group_arn is not None:
            wanted += [(action, spec.log_group_arn) for action in LOGGING]
        return all([self.allows(spec.role, action, resource) for action, resource in wanted])

    def _keys_asked(self, role: str, action: str) -> tuple[str, ...]:
        """The context keys that an answer can depend on, so that no other tells answers apart."""
        spoken = [*self._plan.roles[role].statements]
        for policy in self._plan.resource_policies:
            spoken.extend(policy.statements)
        keys = {each.key for one in spoken if speaks_of(one, action) for each in one.conditions}
        return tuple(sorted(keys))

    def _decide(self, role: str, action: str, resource: str, known: _Known) -> bool:
        spec = self._plan.roles[role]
        context = BY_TLS | dict(known)
        own = verdict(role, spec.statements, action, resource, context)
        named = {("AWS", spec.arn), ("AWS", "*"), EVERYBODY}
        direct = self._guards.verdict(resource, named, action, context)
        left = self._guards.verdict(resource, {THE_ACCOUNT}, action, context)
        if own.refused or direct.refused or left.refused:
            return False
        grants = own.grants | direct.grants
        if action.startswith("kms:"):
            # Without a word in the key's own policy, a role's policy does not count.
            grants = direct.grants | (own.grants if left.grants else frozenset())
        if grants:
            self.used |= grants | left.grants
        return bool(grants)

    # --- services

    def service_allows(
        self,
        service: str,
        action: str,
        resource: str,
        source: str,
        context: Context = NOTHING_KNOWN,
    ) -> bool:
        """Whether a service may do this in the name of `source`, the ARN of a rule, a bus, an API.

        By the policy of the resource. A queue or a topic under a customer's key needs the policy
        of the key too.
        """
        wanted = [(action, resource)]
        key = self._keys.get(resource) if action in ENCRYPTING else None
        if key is not None:
            wanted += [("kms:GenerateDataKey", key), ("kms:Decrypt", key)]
        return all(self._service_may(service, each, on, source, context) for each, on in wanted)

    def may_assume(self, service: str, role: str, source: str) -> bool:
        """Whether a role's trust lets a service take it on in the name of the source."""
        arn = self._plan.roles[role].arn
        return self._service_may(service, "sts:AssumeRole", arn, source, NOTHING_KNOWN)

    def bus_may_encrypt(self, bus: str) -> bool:
        """Whether the bus can open its own key; where not, its events end in its letters."""
        spec = self._plan.buses[bus]
        if spec.kms_key is None:
            return True
        bound = {"kms:EncryptionContext:aws:events:event-bus:arn": spec.arn}
        return all(
            self._service_may("events.amazonaws.com", action, spec.kms_key, spec.arn, bound)
            for action in ("kms:GenerateDataKey", "kms:Decrypt")
        )

    def _service_may(
        self, service: str, action: str, resource: str, source: str, context: Context
    ) -> bool:
        question = (service, action, resource, source, tuple(sorted(context.items())))
        if question not in self._service_answers:
            said = BY_TLS | {"aws:SourceArn": source, "aws:SourceAccount": names.ACCOUNT}
            found = self._guards.verdict(
                resource, {("Service", service), EVERYBODY}, action, said | dict(context)
            )
            self.used |= found.grants
            self._service_answers[question] = bool(found.grants)
        return self._service_answers[question]

    # --- what was needed

    def unused(self) -> list[Grant]:
        """What roles are granted and no answer rested on."""
        roles = self._plan.roles.values()
        grants = (granted(role.name, role.statements) for role in roles)
        return sorted(set().union(*grants) - self.used)

    def unused_at_resources(self) -> list[Grant]:
        """The same for the policies of queues, topics, buckets, keys, functions, and trust."""
        policies = self._plan.resource_policies
        grants = (granted(policy.name, policy.statements) for policy in policies)
        return sorted(set().union(*grants) - self.used)


def _statements(plan: Plan) -> Iterable[Statement]:
    for role in plan.roles.values():
        yield from role.statements
    for policy in plan.resource_policies:
        yield from policy.statements


def _keys_of_targets(plan: Plan) -> dict[str, str]:
    queues = {spec.arn: spec.kms_key for spec in plan.queues.values()}
    topics = {spec.arn: spec.kms_key for spec in plan.topics.values()}
    return {arn: key for arn, key in (queues | topics).items() if key is not None}
