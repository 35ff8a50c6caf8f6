"""`up` and `down`: the local system, shown step by step."""

import local
from cli import screen


def up() -> None:
    """Start the local system, or bring it up to date: engine, stack, pipes.

    Harmless when everything runs already; only what changed is built and deployed.
    """
    endpoint = start()
    screen.out.print(f"Running at {endpoint.url}. Next: './posting run', or './posting status'.")


def down() -> None:
    """Stop the local system; work under way is let finish, and everything is kept."""
    with screen.notes.status("stopping") as status:
        local.down(status.update)
    screen.out.print("Stopped. './posting up' starts it again with all that was booked.")


def start() -> local.Endpoint:
    """The running local system, started if need be."""
    with screen.notes.status("looking at the local system") as status:
        return local.up(status.update)
