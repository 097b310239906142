"""Measures as text tables for the log."""

from __future__ import annotations

import io
from typing import Any


def cell(name: str, value: float) -> str:
    """A measure's value; Fa in units of 1e-6 needs fewer digits than a fraction."""
    if value != value:
        return 'n/a'
    return f'{value:.2f}' if name == 'Fa_e6' else f'{value:d}' if isinstance(value, int) else f'{value:.4f}'


def heading(name: str) -> str:
    """A measure's name as a column's title."""
    return 'Fa (1e-6)' if name == 'Fa_e6' else name


def new_table(first: str) -> Any:
    """An empty table of plain characters (:class:`rich.table.Table`) with its first column."""
    from rich import box
    from rich.table import Table

    table = Table(box=box.ASCII)
    table.add_column(first, no_wrap=True)
    return table


def as_text(*tables: Any, width: int) -> str:
    """The tables one below the other, at most ``width`` characters wide."""
    from rich.console import Console

    buffer = io.StringIO()
    console = Console(file=buffer, width=width)
    for table in tables:
        console.print(table)
    return buffer.getvalue().rstrip()
