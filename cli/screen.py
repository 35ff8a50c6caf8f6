"""What a person sees: tables and lines on standard output, notes and progress on standard error."""

import json
import os
import sys
from collections.abc import Iterable
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

# What is not a terminal is read by programs: ids and amounts must not be broken over lines there.
_PIPED_WIDTH = 160
_width = None if sys.stdout.isatty() or "COLUMNS" in os.environ else _PIPED_WIDTH
# Without emoji codes: an account is called settle:ATM:EUR, and means it.
out = Console(highlight=False, emoji=False, width=_width)
notes = Console(stderr=True, highlight=False, emoji=False)

GOOD, BAD, DIM = "green", "bold red", "dim"


def show_json(value: Any) -> None:
    """Machine output: nothing else is written to standard output."""
    sys.stdout.write(json.dumps(value, indent=2, ensure_ascii=False, default=str) + "\n")


def data(content: bytes) -> None:
    """A document as it is: nothing else is written to standard output."""
    sys.stdout.flush()
    sys.stdout.buffer.write(content)


def line(text: str) -> None:
    """Data as it is: no markup in it, and no break within an id that a person copies."""
    out.print(text, markup=False, soft_wrap=True)


def note(text: str) -> None:
    notes.print(escape(text), style=DIM)


def complain(text: str) -> None:
    notes.print(f"[{BAD}]posting:[/] {escape(text)}", soft_wrap=True)


def table(title: str, columns: Iterable[str], rows: Iterable[Iterable[object]]) -> Table:
    """A plain table. `>` before a column's name aligns it to the right, as amounts are.

    `!` keeps a column on one line, as ids are that a person copies.
    """
    made = Table(
        title=title or None,
        title_justify="left",
        title_style="bold",
        box=None,
        pad_edge=False,
        padding=(0, 2, 0, 0),
        header_style=DIM,
    )
    for column in columns:
        right = column.startswith(">")
        made.add_column(
            column.lstrip(">!"),
            justify="right" if right else "left",
            no_wrap=right or column.startswith("!"),
            overflow="fold",
        )
    for row in rows:
        made.add_row(*(cell if isinstance(cell, Marked) else escape(str(cell)) for cell in row))
    return made


class Marked(str):
    """Text that may carry markup; every other cell is shown as it is."""

    __slots__ = ()


def mark(text: object, style: str) -> Marked:
    return Marked(f"[{style}]{escape(str(text))}[/]")
