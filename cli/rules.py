"""`rules`: versions of the rule set: which there are, what they say, and which one is in force."""

import json
from typing import Annotated

import typer

from cli import screen
from cli.connection import DryRun, Json, connect
from cli.errors import UserError
from cli.invocation import caller, invoke
from cli.rule_versions import checks_of, standing
from cli.rules_shadow import shadow

Version = Annotated[str, typer.Argument(help="A version that is loaded: v2.")]

app = typer.Typer(no_args_is_help=True, help="Rule sets: list, show, try and activate versions.")
app.command("shadow")(shadow)


@app.command("list")
def list_versions(context: typer.Context, as_json: Json = False) -> None:
    """The versions that are loaded, the one in force, and each activation."""
    system = connect(context)
    told = standing(system)
    if as_json:
        screen.show_json(told)
        return
    rows = [
        (each["rule_version"], each["loaded_at"], "in force" if each["in_force"] else "")
        for each in told["versions"]
    ]
    screen.out.print(screen.table("Rule sets", ("version", "loaded", ""), rows))
    for each in told["activations"]:
        was = f" after {each['was']}" if each.get("was") else ""
        screen.line(f"{each['at']}  {each['rule_version']}{was} by {each['by']}: {each['note']}")


@app.command("show")
def show(context: typer.Context, version: Version, as_json: Json = False) -> None:
    """What a version says, check by check."""
    checks = checks_of(connect(context), version)
    if as_json:
        screen.show_json({"rule_version": version, "rows": checks})
        return
    for check in checks:
        screen.line(f"{check['id']}  {json.dumps(check['params'], sort_keys=True)}")


@app.command("activate")
def activate(
    context: typer.Context,
    version: Version,
    note: Annotated[str, typer.Option(help="Why; kept with the change.")],
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Put a loaded version in force for what is enriched from now on.

    What was enriched before is decided by the version that its event names. Going back is another
    activation.
    """
    system = connect(context)
    order = {
        "action": "activate",
        "rule_version": version,
        "by": caller(system),
        "note": note,
        "dry_run": dry_run,
    }
    told = invoke(system, "LoadReference", order)
    if "code" in told:
        raise UserError(f"{told['code']}: {told['message']}")
    if as_json:
        screen.show_json(told)
        return
    if told["was"] == version:
        screen.line(f"{version} is in force already.")
    else:
        would = "would be" if dry_run else "is"
        screen.line(f"{version} {would} in force, after {told['was']}.")
