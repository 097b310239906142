"""Measures as text tables for the log."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Any

from mmirstd.utils.result_table import ResultTable

from .scr_bins import bin_name


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


def terminal_table(table: ResultTable, hidden: Sequence[str] = (), width: int = 200) -> str:
    """A table of results with its notes, as wide as it needs to be.

    Args:
        table: Its first column names the rows.
        hidden: Headings of columns to leave out.
        width: At most.
    """
    shown = new_table(table.columns[0].heading)
    columns = [index for index, column in enumerate(table.columns) if column.heading not in hidden]
    for index in columns[1:]:
        shown.add_column(
            table.columns[index].heading, justify='left' if table.columns[index].format is None else 'right'
        )
    for texts in table.texts():
        shown.add_row(*(texts[index] for index in columns))
    return '\n'.join([as_text(shown, width=width), *table.all_notes()])


def sequence_tables(tables: Mapping[str, Any], shown: Sequence[str]) -> str:
    """Measures of sequences and of all, and below them those of classes and Pd by SCR where they are known.

    Args:
        tables: ``sequences`` (name -> measures), ``overall`` (measures), and perhaps ``classes`` (name ->
            measures) and ``scr`` (rows with their bin).
        shown: Measures, a column each.
    """
    view = new_table('sequence')
    for name in shown:
        view.add_column(heading(name), justify='right', no_wrap=True)
    for name, table in [*tables['sequences'].items(), ('all', tables['overall'])]:
        view.add_row(name, *(cell(key, table[key]) for key in shown))
    views = [view]
    if tables.get('classes'):
        by_class = new_table('class')
        for name in (columns := list(next(iter(tables['classes'].values())))):
            by_class.add_column(name, justify='right')
        for class_name, row in tables['classes'].items():
            by_class.add_row(class_name, *(cell(name, row[name]) for name in columns))
        views.append(by_class)
    if 'scr' in tables:
        counted = ('targets', 'detected', 'Pd')
        by_scr = new_table('SCR')
        for name in counted:
            by_scr.add_column(name)
        for row in tables['scr']:
            by_scr.add_row(bin_name(row), *(cell(name, row[name]) for name in counted))
        views.append(by_scr)
    return as_text(*views, width=60 + 20 * len(shown))
