"""A table of results as Markdown, LaTeX (booktabs), CSV or HTML, with the best values marked.

::

    table = ResultTable(
        (ResultColumn('network'), ResultColumn('IoU', '.3f', 'higher'), ResultColumn('Fa (1e-6)', '.1f', 'lower')),
        (ResultRow(('ACM', (0.712, 0.004), 12.0)), ResultRow(('DNANet', 0.75, None), note='seed 1 failed')),
        notes=('Mean ± standard deviation over the seeds.',),
    )
    write_result_tables('results.tex', table)
"""

from __future__ import annotations

import csv
import html
import io
import math
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from .errors import ConfigError
from .files import write_text

#: Text, a number, mean and standard deviation (None: of one value), or nothing.
ResultCell = str | float | tuple[float, float | None] | None

_PAGE = """\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
body {{ font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 70rem; padding: 0 1rem; color: #1b1b1b;
  background: #fff; }}
div {{ overflow-x: auto; }}
table {{ border-collapse: collapse; border: solid; border-width: 2px 0; font-variant-numeric: tabular-nums; }}
th, td {{ padding: .3rem .8rem; text-align: right; white-space: nowrap; }}
th.text, td.text {{ text-align: left; }}
thead th {{ border-bottom: 1px solid; }}
</style>
</head>
<body>
{sections}</body>
</html>
"""


@dataclass(frozen=True)
class ResultColumn:
    """A column.

    Attributes:
        heading: Its heading.
        format: Python format of its numbers, e.g. ``'.3f'``; None: it holds text, set to the left.
        better: ``'higher'`` or ``'lower'``: the best value is marked; None: none is.
    """

    heading: str
    format: str | None = None
    better: str | None = None


@dataclass(frozen=True)
class ResultRow:
    """A row.

    Attributes:
        cells: One a column; NaN and None are written as ``-``.
        note: What is to be said of this row, e.g. why it has no values.
    """

    cells: tuple[ResultCell, ...]
    note: str = ''


@dataclass(frozen=True)
class ResultTable:
    """A table.

    Attributes:
        columns: At least one; the first names the rows in their notes.
        rows: Each with as many cells as there are columns.
        notes: Sentences below the table.
        title: Heading of a page, and the caption in LaTeX.
    """

    columns: tuple[ResultColumn, ...]
    rows: tuple[ResultRow, ...]
    notes: tuple[str, ...] = ()
    title: str = 'Results'

    def texts(self) -> list[list[str]]:
        """The cells as text, ``0.712 ± 0.004``."""
        return [[_text(cell, column) for cell, column in zip(row.cells, self.columns)] for row in self.rows]

    def best(self) -> list[list[bool]]:
        """Whether a cell is the best of its column. All that look equal to the best, rounded as shown, are."""
        marks = [[False] * len(self.columns) for _ in self.rows]
        for index, column in enumerate(self.columns):
            means = [_mean(row.cells[index]) for row in self.rows]
            known = [mean for mean in means if mean is not None]
            if column.better is None or column.format is None or len(known) < 2:
                continue
            best = format(max(known) if column.better == 'higher' else min(known), column.format)
            for row, mean in enumerate(means):
                marks[row][index] = mean is not None and format(mean, column.format) == best
        return marks

    def all_notes(self) -> list[str]:
        """The notes of the rows, with the row's name before them, then those of the table."""
        own = [f'{_text(row.cells[0], self.columns[0])}: {row.note}' for row in self.rows if row.note]
        return [*own, *self.notes]


def markdown_table(table: ResultTable, mark_best: bool = True) -> str:
    """The table and its notes as Markdown (GitHub's), best values in bold."""
    lines = [
        markdown_row([column.heading for column in table.columns]),
        '|' + ''.join('---|' if column.format is None else '---:|' for column in table.columns),
    ]
    for texts, best in zip(table.texts(), table.best()):
        lines.append(markdown_row([f'**{text}**' if mark and mark_best else text for text, mark in zip(texts, best)]))
    for note in table.all_notes():
        lines += ['', note]
    return '\n'.join(lines) + '\n'


def markdown_row(cells: Sequence[str]) -> str:
    """A line of a Markdown table."""
    return '| ' + ' | '.join(cell.replace('|', '\\|').replace('\n', ' ') for cell in cells) + ' |'


def latex_table(table: ResultTable) -> str:
    """A ``table`` of LaTeX with the rules of the package booktabs, best values in bold; notes are comments."""
    heads = []
    for column in table.columns:
        arrow = {'higher': r' $\uparrow$', 'lower': r' $\downarrow$'}.get(column.better or '', '')
        heads.append(_latex(column.heading) + arrow)
    lines = [r'% \usepackage{booktabs}']
    lines += [f'% {line}' for note in table.all_notes() for line in note.splitlines()]
    lines += [
        r'\begin{table}',
        r'\centering',
        rf'\caption{{{_latex(table.title)}}}',
        rf'\begin{{tabular}}{{{"".join("l" if column.format is None else "r" for column in table.columns)}}}',
        r'\toprule',
        ' & '.join(heads) + r' \\',
        r'\midrule',
    ]
    for texts, best in zip(table.texts(), table.best()):
        cells = [rf'\textbf{{{_latex(text)}}}' if mark else _latex(text) for text, mark in zip(texts, best)]
        lines.append(' & '.join(cells) + r' \\')
    return '\n'.join([*lines, r'\bottomrule', r'\end{tabular}', r'\end{table}']) + '\n'


def csv_table(table: ResultTable) -> str:
    """The numbers unrounded, with a column ``... std`` where one has standard deviations, and a row's note last.

    Notes of the whole table have no place in a CSV file.
    """
    spread = [any(isinstance(row.cells[k], tuple) for row in table.rows) for k in range(len(table.columns))]
    noted = any(row.note for row in table.rows)
    heads: list[str] = []
    for column, wide in zip(table.columns, spread):
        heads += [column.heading, f'{column.heading} std'] if wide else [column.heading]
    file = io.StringIO()
    writer = csv.writer(file, lineterminator='\n')
    writer.writerow([*heads, *(['note'] if noted else [])])
    for row in table.rows:
        values: list[object] = []
        for cell, wide in zip(row.cells, spread):
            mean, deviation = cell if isinstance(cell, tuple) else (cell, None)
            values += [mean, deviation] if wide else [mean]
        cells = ['' if value is None or value != value else _plain(value) for value in values]
        writer.writerow([*cells, *([row.note] if noted else [])])
    return file.getvalue()


def _plain(value: object) -> object:
    """A number without the noise of binary fractions: 397.823, not 397.82300000000004."""
    return float(f'{value:.12g}') if isinstance(value, float) else value


def html_table(table: ResultTable) -> str:
    """A ``<table>``, best values in ``<strong>``, without notes."""

    def row(tag: str, texts: Sequence[str]) -> str:
        kinds = ['' if column.format is not None else ' class="text"' for column in table.columns]
        return '<tr>' + ''.join(f'<{tag}{kind}>{text}</{tag}>' for text, kind in zip(texts, kinds)) + '</tr>\n'

    body = ''
    for texts, best in zip(table.texts(), table.best()):
        shown = [html.escape(text) for text in texts]
        body += row('td', [f'<strong>{text}</strong>' if mark else text for text, mark in zip(shown, best)])
    head = row('th', [html.escape(column.heading) for column in table.columns])
    return f'<table>\n<thead>\n{head}</thead>\n<tbody>\n{body}</tbody>\n</table>\n'


def html_page(*tables: ResultTable) -> str:
    """A page of its own with tables and their notes."""
    sections = ''
    for table in tables:
        notes = ''.join(f'<p>{html.escape(note)}</p>\n' for note in table.all_notes())
        sections += f'<h1>{html.escape(table.title)}</h1>\n<div>\n{html_table(table)}</div>\n{notes}'
    return _PAGE.format(title=html.escape(', '.join(table.title for table in tables)), sections=sections)


def _markdown_page(*tables: ResultTable) -> str:
    return '\n'.join(f'## {table.title}\n\n{markdown_table(table)}' for table in tables)


def _latex_page(*tables: ResultTable) -> str:
    return '\n'.join(map(latex_table, tables))


def _csv_page(*tables: ResultTable) -> str:
    if len(tables) > 1:
        raise ValueError('a CSV file holds one table')
    return csv_table(tables[0])


#: Suffix -> what writes it; a CSV file holds one table alone.
RESULT_FORMATS: dict[str, Callable[..., str]] = {
    '.md': _markdown_page,
    '.tex': _latex_page,
    '.csv': _csv_page,
    '.html': html_page,
}


def check_result_path(path: str | os.PathLike[str], *also: str) -> Path:
    """The path, if its suffix is one of ``RESULT_FORMATS``; to be called before hours of work.

    Args:
        path: The file.
        also: Further suffixes, which the caller writes itself (``'.json'``).

    Raises:
        ConfigError: It is not, or it is a folder.
    """
    path = Path(path).expanduser()
    if path.suffix.lower() not in (suffixes := [*RESULT_FORMATS, *also]):
        raise ConfigError(
            f'{path}: a table cannot be written there',
            found=f'the suffix {path.suffix!r}',
            expected=f'one of {", ".join(suffixes)}',
        )
    if path.is_dir():
        raise ConfigError(f'{path}: is a folder', expected='the name of a file')
    return path


def write_result_tables(path: str | os.PathLike[str], *tables: ResultTable) -> list[Path]:
    """Write tables in the format that the path's suffix names; its folder is made.

    Args:
        path: The file. Several tables as CSV are files of their own: ``results-1.csv``, ``results-2.csv``, ...
        tables: One or more.

    Returns:
        The files that were written.

    Raises:
        ConfigError: See :func:`check_result_path`.
    """
    path = check_result_path(path)
    form = RESULT_FORMATS[path.suffix.lower()]
    if form is not _csv_page or len(tables) == 1:
        write_text(path, form(*tables))
        return [path]
    files = [path.with_stem(f'{path.stem}-{number}') for number in range(1, len(tables) + 1)]
    for file, table in zip(files, tables):
        write_text(file, csv_table(table))
    return files


def _mean(cell: ResultCell) -> float | None:
    mean = cell[0] if isinstance(cell, tuple) else cell
    return None if mean is None or isinstance(mean, str) or math.isnan(mean) else mean


def _text(cell: ResultCell, column: ResultColumn) -> str:
    if isinstance(cell, str):
        return cell
    mean, deviation = _mean(cell), cell[1] if isinstance(cell, tuple) else None
    if mean is None:
        return '-'
    form = column.format or ''
    return format(mean, form) + ('' if deviation is None else f' ± {format(deviation, form)}')


_LATEX = {
    '\\': r'\textbackslash{}',
    '±': r'$\pm$',
    '~': r'\textasciitilde{}',
    '^': r'\textasciicircum{}',
    '<': r'\textless{}',
    '>': r'\textgreater{}',
    '|': r'\textbar{}',
    **{character: f'\\{character}' for character in '&%$#_{}'},
}


def _latex(text: str) -> str:
    return ''.join(_LATEX.get(character, character) for character in text)
