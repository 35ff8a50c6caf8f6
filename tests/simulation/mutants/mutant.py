"""A mutant: the system with one guard taken away. The simulation must notice."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from tests.simulation.cloud import Deployment
from tests.simulation.deployment import Amend, Base
from tests.simulation.permissions import Permissions
from tests.simulation.scenario import ANYTHING, Focus
from tests.simulation.template import deployed as deployed_template

type Change = Callable[[dict[str, Any]], None]
type Patch = Callable[["Patches"], None]

SEEDS_MAX = 600


@dataclass(frozen=True, slots=True)
class Mutant:
    """`change` edits the expanded template, `patch` the code, `amend` each call at the seam.

    `focus` is what the runs are mostly about, for a guard that is seldom needed.
    """

    name: str
    change: Change | None = None
    patch: Patch | None = None
    amend: Amend | None = None
    focus: Focus = ANYTHING


class Patches:
    """Sets attributes and puts the old ones back."""

    def __init__(self, deployment: Deployment) -> None:
        self.deployment = deployment
        self._undo: list[Callable[[], None]] = []

    def set(self, owner: Any, name: str, value: Any) -> None:
        before = getattr(owner, name)
        self._undo.append(lambda: setattr(owner, name, before))
        setattr(owner, name, value)

    def handler(self, function: str, changed: Callable[[Callable[..., Any]], Any]) -> None:
        """Exchange a function's handler for another that is made from it."""
        handlers = self.deployment.deployed.handlers
        before = handlers[function]
        self._undo.append(lambda: handlers.update({function: before}))
        handlers[function] = changed(before)

    def module(self, function: str) -> Any:
        return self.deployment.deployed.modules[function]

    def undo(self) -> None:
        while self._undo:
            self._undo.pop()()


@contextmanager
def mutated(base: Base, mutant: Mutant) -> Iterator[Base]:
    """The base with the mutant's change; the state that runs start from is the sound one's."""
    deployment = replace(base.deployment, amend=mutant.amend)
    if mutant.change is not None:
        plan = deployed_template(mutant.change)
        deployment = replace(deployment, plan=plan, permissions=Permissions(plan))
    patches = Patches(deployment)
    try:
        if mutant.patch is not None:
            mutant.patch(patches)
        yield replace(base, deployment=deployment)
    finally:
        patches.undo()
