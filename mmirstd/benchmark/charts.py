"""Differences between runs as a picture: what a table of them says, seen at once."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

from .differences import Difference, Differences
from .suite import Suite

#: Who is better (None: a single pair, which has no interval) -> color, dot filled, meaning. The colors are told apart
#: without telling red from green.
_STYLES = {
    1: ('#0072b2', True, 'the upper one is better'),
    -1: ('#d55e00', True, 'the lower one is better'),
    0: ('#8c8c8c', False, 'no difference seen'),
    None: ('#c8c8c8', False, 'one pair says nothing'),
}

#: Characters of a heading that stands in one line with what is better.
_SHORT = 18


def draw_differences(suite: Suite, found: Differences) -> str:
    """A panel a figure, a row a pair: the difference, upper run less lower run, and its 95% interval.

    Where the interval leaves out 0 the dot is filled. The same differences give the same text with one version of
    Matplotlib: no date and no random name is in it, so that a rebuilt picture that says the same is no change.

    Args:
        suite: For labels and groups.
        found: With at least one row.

    Returns:
        SVG.
    """
    import matplotlib
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    pairs = list(dict.fromkeys((row.first, row.second) for row in found.rows))
    columns = list(dict.fromkeys(row.column for row in found.rows))
    places = _places(suite, pairs)
    top, bottom = min(places.values()) - (1.1 if _group(suite, pairs[0]) else 0.7), max(places.values()) + 0.7
    figure = Figure(figsize=(3.4 + 1.75 * len(columns), 0.9 + 0.42 * (bottom - top)), layout='constrained')
    FigureCanvasSVG(figure)
    axes = figure.subplots(1, len(columns), sharey=True, squeeze=False)[0]
    # In one line a long heading would run into its neighbor's.
    after = '\n' if any(len(column.heading) > _SHORT for column in columns) else ' '
    for axis, column in zip(axes, columns):
        for row in found.rows:
            if row.column == column and row.defined:
                _draw_row(axis, row, places[row.first, row.second])
        axis.axvline(0, color='black', linewidth=0.8, zorder=0)
        axis.set_title(f'{column.heading},{after}{column.better} is better', fontsize=8)
        axis.grid(axis='x', alpha=0.25)
        axis.tick_params(axis='x', labelsize=7)
        axis.tick_params(axis='y', length=0)
        axis.locator_params(axis='x', nbins=4)
        axis.spines[['left', 'top', 'right']].set_visible(False)
    axes[0].set_ylim(bottom, top)
    axes[0].set_yticks(list(places.values()), [_row_label(suite, pair, found) for pair in pairs], fontsize=8)
    _write_groups(axes[0], suite, pairs, places)
    figure.legend(handles=_legend(found.rows), loc='outside lower center', ncols=4, fontsize=8, frameon=False)
    file = io.StringIO()
    with matplotlib.rc_context({'svg.hashsalt': 'mmirstd', 'svg.fonttype': 'none', 'font.family': 'sans-serif'}):
        figure.savefig(file, format='svg', metadata={'Date': None, 'Creator': None}, facecolor='white')
    # Matplotlib ends some lines in a space, which editors and git complain of
    return '\n'.join(line.rstrip() for line in file.getvalue().splitlines()) + '\n'


def write_chart(path: Path, svg: str) -> bool:
    """Write a chart, with its folder.

    Returns:
        Whether the file changed.
    """
    if path.is_file() and path.read_text(encoding='utf-8') == svg:
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(svg, encoding='utf-8')
    return True


def _group(suite: Suite, pair: tuple[str, str]) -> str:
    first, second = (suite.run(name).group for name in pair)
    return first if first == second else ''


def _places(suite: Suite, pairs: Sequence[tuple[str, str]]) -> dict[tuple[str, str], float]:
    """Pair -> height, downwards, with a line free above each group for its name."""
    places, height, last = {}, 0.0, ''
    for pair in pairs:
        group = _group(suite, pair)
        if group != last:
            height += 0.9 if group else 0.4
        places[pair], last = height, group
        height += 1
    return places


def _row_label(suite: Suite, pair: tuple[str, str], found: Differences) -> str:
    first, second = (suite.run(name).label for name in pair)
    seeds = next(row.seeds for row in found.rows if (row.first, row.second) == pair)
    return f'{first}\nless {second}, {seeds} seed{"s" if seeds > 1 else ""}'


def _write_groups(axis, suite: Suite, pairs: Sequence[tuple[str, str]], places: dict[tuple[str, str], float]) -> None:
    last = ''
    for pair in pairs:
        group = _group(suite, pair)
        if group and group != last:
            axis.annotate(
                group,
                (0, places[pair] - 0.75),
                xycoords=axis.get_yaxis_transform(),
                xytext=(-4, 0),
                textcoords='offset points',
                ha='right',
                va='center',
                fontsize=8,
                fontweight='bold',
                annotation_clip=False,
            )
        last = group


def _style(row: Difference) -> int | None:
    return None if row.result is None or row.result.low is None else row.better


def _draw_row(axis, row: Difference, height: float) -> None:
    color, filled, _ = _STYLES[_style(row)]
    result = row.result
    assert result is not None  # undefined rows are not drawn
    if result.low is not None:
        axis.plot([result.low, result.high], [height] * 2, color=color, linewidth=2, solid_capstyle='butt')
    axis.plot([result.mean], [height], 'o', color=color, markersize=5, markerfacecolor=color if filled else 'white')


def _legend(rows: Sequence[Difference]) -> list:
    from matplotlib.lines import Line2D

    shown = {_style(row) for row in rows if row.defined}
    return [
        Line2D(
            [],
            [],
            color=color,
            marker='o',
            markersize=5,
            linewidth=2,
            label=meaning,
            markerfacecolor=color if filled else 'white',
        )
        for style, (color, filled, meaning) in _STYLES.items()
        if style in shown
    ]
