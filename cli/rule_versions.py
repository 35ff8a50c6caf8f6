"""Rule versions as they lie in the Reference table."""

import json
from typing import Any

from adapters.reference import CURRENT, RULES
from adapters.rule_sets import AT, SET
from cli.errors import UserError
from cli.scanning import query
from cli.system import System

type Row = dict[str, Any]


def standing(system: System) -> Row:
    rows = list(
        query(
            system.client("dynamodb"),
            system.table("Reference"),
            None,
            "pk = :rules",
            {":rules": RULES},
        )
    )
    current = next((row["rule_version"] for row in rows if row["sk"] == CURRENT), None)
    versions = [
        {
            "rule_version": version,
            "loaded_at": row["loaded_at"],
            "in_force": version == current,
        }
        for row in rows
        if row["sk"].startswith(SET)
        for version in [row["sk"].removeprefix(SET)]
    ]
    activations = [
        {name: value for name, value in row.items() if name not in {"pk", "sk"}}
        for row in rows
        if row["sk"].startswith(AT)
    ]
    return {"in_force": current, "versions": versions, "activations": activations}


def checks_of(system: System, version: str) -> list[Row]:
    """Raises UserError for a version that is not loaded."""
    rows = query(
        system.client("dynamodb"),
        system.table("Reference"),
        None,
        "pk = :version",
        {":version": f"{RULES}#{version}"},
    )
    checks = [{"id": row["sk"], "params": json.loads(row["params"])} for row in rows]
    if not checks:
        loaded = ", ".join(each["rule_version"] for each in standing(system)["versions"])
        raise UserError(f"rule set {version} is not loaded: there are {loaded or 'none'}")
    return checks
