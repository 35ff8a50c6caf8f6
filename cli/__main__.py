"""Start the command line, from any folder."""

import sys
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent


def main() -> None:
    # `src` holds what ships; the command line shares its ids, amounts and readers.
    for folder in (PROJECT / "src", PROJECT):
        if str(folder) not in sys.path:
            sys.path.insert(0, str(folder))
    from cli.app import run

    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
