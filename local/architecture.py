"""What the functions are built for: the engine runs them on this machine, not on AWS's."""

import platform


def of_this_machine() -> str:
    """`arm64` or `x86_64`, as the template's parameter spells it."""
    return "arm64" if platform.machine().lower() in {"arm64", "aarch64"} else "x86_64"
