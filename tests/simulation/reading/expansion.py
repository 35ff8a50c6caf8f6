"""The template as SAM expands it, with the ASL of every state machine put into its place."""

import json
import logging
import os
from functools import cache
from pathlib import Path
from typing import Any

from samtranslator.translator.transform import transform  # type: ignore[import-untyped]
from samtranslator.yaml_helper import yaml_parse  # type: ignore[import-untyped]

from tests.simulation.reading.names import REGION

ROOT = Path(__file__).parents[3]

# The translator wants what `sam package` would have uploaded; the key says which file that was.
UPLOADED = "s3://code/"

# SAM's own service switches features by a file that its library does not have.
logging.getLogger("samtranslator.feature_toggle").setLevel(logging.ERROR)


def fresh() -> dict[str, Any]:
    """A copy for the caller to change: {"Parameters": .., "Conditions": .., "Resources": ..}.

    A state machine has its definition inline, under "Definition", before its substitutions.
    """
    copy: dict[str, Any] = json.loads(_text())
    return copy


@cache
def _text() -> str:
    """As text, because reading JSON is the fastest copy there is."""
    os.environ.setdefault("AWS_DEFAULT_REGION", REGION)
    written = yaml_parse((ROOT / "template.yaml").read_text())
    written["Globals"]["Function"]["CodeUri"] = f"{UPLOADED}functions.zip"
    for resource in written["Resources"].values():
        if resource["Type"] == "AWS::Serverless::StateMachine":
            properties = resource["Properties"]
            properties["DefinitionUri"] = UPLOADED + properties["DefinitionUri"]
    parameters = {name: value.get("Default") for name, value in written["Parameters"].items()}
    expanded = transform(written, parameters, _NoManagedPolicies())
    for resource in expanded["Resources"].values():
        if resource["Type"] == "AWS::StepFunctions::StateMachine":
            file = resource["Properties"].pop("DefinitionS3Location")["Key"]
            resource["Properties"]["Definition"] = json.loads((ROOT / file).read_text())
    # The translator leaves the order of resources to chance; a run must not depend on it.
    expanded["Resources"] = dict(sorted(expanded["Resources"].items()))
    return json.dumps(expanded)


class _NoManagedPolicies:
    def load(self) -> dict[str, str]:
        return {}
