"""Accuracy against cost of the zoo as a picture."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

from .catalog import DATA_SET, ZooEntry

_PUBLISHED, _OWN = '#0072b2', '#d55e00'
_LETTER = 7  # height of a name in points
_BEFORE = {'left': 0, 'right': 1, 'center': 0.5, 'bottom': 0, 'top': 1}  # part of a name before its anchor


def draw_scatter(entries: Sequence[ZooEntry], data_set: str = DATA_SET) -> str:
    """IoU over GFLOPs (logarithmic), published filled and own hollow; the area of a dot grows with the parameters.

    The same entries give the same text with one version of Matplotlib: no date and no random name is in it.

    Args:
        entries: Those without FLOPs or without IoU on the data set are left out.
        data_set: Whose IoU.

    Returns:
        SVG.
    """
    import matplotlib
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D

    figure = Figure(figsize=(9, 5.2), layout='constrained')
    FigureCanvasSVG(figure)
    axis = figure.subplots()
    dots = []
    for color, filled, figures in ((_PUBLISHED, True, 'published'), (_OWN, False, 'own')):
        for entry in entries:
            value = getattr(entry, figures).get(data_set)
            if value is None or not entry.flops:
                continue
            area = 18 + 12 * (entry.params / 1e6)
            axis.scatter(
                entry.flops / 1e9,
                value,
                s=area,
                facecolors=color if filled else 'none',
                edgecolors=color,
                alpha=0.75 if filled else 1.0,
                linewidths=1.2,
            )
            dots.append((entry.name, entry.flops / 1e9, value, area**0.5 / 2, color))
    axis.set_xscale('log')
    axis.set_xlabel('GFLOPs of one image of 256x256', fontsize=9)
    axis.set_ylabel(f'IoU on {data_set}', fontsize=9)
    axis.grid(alpha=0.25)
    axis.margins(x=0.14)
    axis.spines[['right', 'top']].set_visible(False)
    legend = [
        Line2D([], [], marker='o', linestyle='', color=_PUBLISHED, label='published, official weights'),
        Line2D(
            [],
            [],
            marker='o',
            linestyle='',
            color=_OWN,
            markerfacecolor='none',
            label='own records (short CPU budgets)',
        ),
    ]
    axis.legend(handles=legend, fontsize=8, frameon=False, loc='lower right')
    figure.draw_without_rendering()  # so that places in points are known
    _label(axis, dots)
    buffer = io.StringIO()
    with matplotlib.rc_context({'svg.hashsalt': 'mmirstd', 'svg.fonttype': 'path'}):
        figure.savefig(buffer, format='svg', metadata={'Date': None})
    return '\n'.join(line.rstrip() for line in buffer.getvalue().splitlines()) + '\n'


def _label(axis: Any, dots: Sequence[tuple[str, float, float, float, str]]) -> None:
    """Write each name beside its dot, on the first side where it covers no other dot and no name."""
    scale = 72 / axis.figure.dpi
    places = [tuple(scale * axis.transData.transform((x, y))) for _, x, y, _, _ in dots]
    taken = [(x - radius, y - radius, x + radius, y + radius) for (x, y), (_, _, _, radius, _) in zip(places, dots)]
    for (x, y), (name, at, value, radius, color) in zip(places, dots):
        wide, gap = 0.55 * _LETTER * len(name), radius + 3
        sides = (
            (gap, 0, 'left', 'center'),
            (-gap, 0, 'right', 'center'),
            (0, gap, 'center', 'bottom'),
            (0, -gap, 'center', 'top'),
        )
        boxes = [(x + dx - wide * _BEFORE[across], y + dy - _LETTER * _BEFORE[up]) for dx, dy, across, up in sides]
        covered = [
            sum(_overlap((left, low, left + wide, low + _LETTER), other) for other in taken) for left, low in boxes
        ]
        best = covered.index(min(covered))
        left, low = boxes[best]
        taken.append((left, low, left + wide, low + _LETTER))
        chosen = sides[best]
        axis.annotate(
            name,
            (at, value),
            xytext=chosen[:2],
            textcoords='offset points',
            ha=chosen[2],
            va=chosen[3],
            fontsize=_LETTER,
            color=color,
        )


def _overlap(a: tuple[float, ...], b: tuple[float, ...]) -> float:
    """The area that two boxes (left, low, right, high) share."""
    return max(0.0, min(a[2], b[2]) - max(a[0], b[0])) * max(0.0, min(a[3], b[3]) - max(a[1], b[1]))
