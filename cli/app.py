"""The commands, and what they share: which system they talk to, and how faults are told."""

from typing import Annotated

import typer
from botocore.exceptions import BotoCoreError, ClientError

from cli import account, dispute, excess, parked, reference, rules, screen, sequences
from cli.audit.command import audit
from cli.balance import balance
from cli.correct import correct
from cli.doors import pause, resume
from cli.errors import UserError, line_for_aws
from cli.explain import explain
from cli.reconcile import reconcile
from cli.redrive import redrive
from cli.repairs import rebuild_balances, republish, sweep, timers
from cli.replay import replay
from cli.run import run as run_samples
from cli.settle import settle
from cli.statement import statement
from cli.status import status
from cli.submit import submit
from cli.system import DEFAULT_STACK, Choice
from cli.trial_balance_view import trial_balance
from cli.up import down, up
from domain.errors import PostingError
from local import LocalError

app = typer.Typer(
    name="posting",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback()
def choose(
    context: typer.Context,
    stack: Annotated[
        str | None,
        typer.Option(
            envvar="POSTING_STACK", help=f"Name of the stack; {DEFAULT_STACK} if not given."
        ),
    ] = None,
    aws: Annotated[
        bool, typer.Option("--aws", help="Talk to AWS even if the local engine runs.")
    ] = False,
    profile: Annotated[
        str | None, typer.Option(help="Profile of ~/.aws/config; implies --aws.")
    ] = None,
    region: Annotated[str | None, typer.Option(help="AWS region.")] = None,
) -> None:
    """Post card transactions to a double-entry ledger, and ask what became of them.

    **Which system?** The embedded engine when one runs on this machine ('./posting up'), else
    AWS. --aws or --profile asks for AWS in any case. Every command says on standard error which
    system it talks to.
    """
    context.obj = Choice(stack=stack, aws=aws, profile=profile, region=region)


app.command("run", rich_help_panel="The local system")(run_samples)
app.command("up", rich_help_panel="The local system")(up)
app.command("down", rich_help_panel="The local system")(down)
app.add_typer(reference.app, name="reference", rich_help_panel="Send in")
app.add_typer(rules.app, name="rules", rich_help_panel="Send in")
app.command("submit", rich_help_panel="Send in")(submit)
app.command("settle", rich_help_panel="Send in")(settle)
app.command("status", rich_help_panel="Ask")(status)
app.command("explain", rich_help_panel="Ask")(explain)
app.command("balance", rich_help_panel="Ask")(balance)
app.command("statement", rich_help_panel="Ask")(statement)
app.command("trial-balance", rich_help_panel="Ask")(trial_balance)
app.command("audit", rich_help_panel="Ask")(audit)
app.command("reconcile", rich_help_panel="Ask")(reconcile)
app.add_typer(parked.app, name="parked", rich_help_panel="Decide and mend")
app.add_typer(sequences.app, name="sequences", rich_help_panel="Decide and mend")
app.add_typer(account.app, name="account", rich_help_panel="Decide and mend")
app.command("correct", rich_help_panel="Decide and mend")(correct)
app.add_typer(dispute.app, name="dispute", rich_help_panel="Decide and mend")
app.add_typer(excess.app, name="excess", rich_help_panel="Decide and mend")
app.command("redrive", rich_help_panel="Decide and mend")(redrive)
app.command("sweep", rich_help_panel="Decide and mend")(sweep)
app.command("timers", rich_help_panel="Decide and mend")(timers)
app.command("republish", rich_help_panel="Decide and mend")(republish)
app.command("rebuild-balances", rich_help_panel="Decide and mend")(rebuild_balances)
app.command("replay", rich_help_panel="Decide and mend")(replay)
app.command("pause", rich_help_panel="Decide and mend")(pause)
app.command("resume", rich_help_panel="Decide and mend")(resume)


def run(arguments: list[str]) -> int:
    """The exit status: 0 done, 1 a fault or a finding, 2 a wrong command line, 130 interrupted."""
    try:
        app(arguments, prog_name="posting")
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else 1
    except (UserError, LocalError, PostingError, OSError) as error:
        screen.complain(str(error))
    except (BotoCoreError, ClientError) as error:
        screen.complain(line_for_aws(error))
    except KeyboardInterrupt:
        return 130
    return 1
