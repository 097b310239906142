"""How costs grow: with the size of the image, the frames of a clip, the number of images and of processes."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

from mmirstd.utils.errors import DataError
from mmirstd.utils.files import write_json
from mmirstd.utils.json_text import parse_json
from mmirstd.utils.result_table import ResultColumn, ResultRow, ResultTable

from .growth_work import folder_of_images, frame_of_clips, image_of
from .memory import MIB
from .own_process import run_alone

#: Curve -> what its x is, and what its unit of work is.
CURVES: dict[str, tuple[str, str]] = {
    'size': ('side of the image in pixels', 'pixel'),
    'frames': ('frames T of a clip', 'frame of the clip'),
    'images': ('images of 64x64 in a folder', 'image'),
    'processes': ('processes that share a folder', 'image'),
}
#: What the processes of networks import, once for all of them.
PRELOAD = ('torch', 'mmirstd.apis.irstd_inferencer', 'mmirstd.apis.streaming_detector', 'mmirstd.costs.windowed')
#: Largest image that is measured in one piece, too.
WHOLE = 2048


@dataclass(frozen=True)
class GrowthPoint:
    """One measurement.

    Attributes:
        curve: Of ``CURVES``.
        series: Name of the line that it is on.
        x: Where on the line.
        units: Units of work.
        cpu: Seconds of CPU time.
        wall: Seconds that passed.
        mib: Peak memory of the process; None where the system does not tell.
    """

    curve: str
    series: str
    x: int
    units: int
    cpu: float
    wall: float
    mib: float | None


@dataclass(frozen=True)
class PlannedPoint:
    """A measurement to come; see :class:`GrowthPoint`."""

    curve: str
    series: str
    x: int
    units: int
    work: Callable[[], Mapping[str, Any]]

    @property
    def key(self) -> tuple[str, str, int]:
        """What tells it from the others."""
        return self.curve, self.series, self.x


def plan(
    sizes: Sequence[int],
    frames: Sequence[int],
    images: Sequence[int],
    processes: Sequence[int],
    network: str,
    detector: str,
    method: str,
    threads: int = 1,
) -> list[PlannedPoint]:
    """All points, the cheap ones of a curve first.

    Args:
        sizes: Sides of images in pixels.
        frames: Frames T of a clip.
        images: Images of a folder.
        processes: Processes that share a folder of the fewest ``images`` but one.
        network: Of the sizes: a segmentation network with weights.
        detector: Of the frames: config of a detector of moving targets with a temporal neck.
        method: Of the folders: one without weights.
        threads: Of PyTorch.
    """
    found = []
    for size in sorted(sizes):
        for series, whole in (('tiled', False), ('in one piece', True)):
            if not whole or size <= WHOLE:
                work = partial(run_alone, image_of, size, network, whole, threads, preload=PRELOAD)
                found.append(PlannedPoint('size', series, size, size * size, work))
    for count in sorted(frames):
        for series, streaming in (('windowed', False), ('streaming', True)):
            work = partial(run_alone, frame_of_clips, count, streaming, detector, threads, preload=PRELOAD)
            found.append(PlannedPoint('frames', series, count, count, work))
    for count in sorted(images):
        found.append(
            PlannedPoint('images', method, count, count, partial(run_alone, folder_of_images, count, method, 1))
        )
    if images and processes:
        shared = sorted(images)[min(1, len(images) - 1)]
        for count in sorted(processes):
            work = partial(run_alone, folder_of_images, shared, method, count)
            found.append(PlannedPoint('processes', f'{method}, {shared} images', count, shared, work))
    return found


def read_points(path: Path) -> list[GrowthPoint]:
    """The points of a record; none where there is no such file.

    Raises:
        DataError: It is no such record.
    """
    if not path.is_file():
        return []
    try:
        return [GrowthPoint(**point) for point in parse_json(path.read_text(encoding='utf-8'))['points']]
    except (ValueError, KeyError, TypeError) as error:
        raise DataError(
            f'{path}', found=f'{type(error).__name__}', expected='what `mmirstd speed growth` wrote'
        ) from None


def measure_growth(
    planned: Sequence[PlannedPoint], path: Path, about: Mapping[str, Any], say: Callable[[str], None]
) -> list[GrowthPoint]:
    """Measure each point in a process of its own, and write the record after each: the same call goes on there.

    Args:
        planned: What to measure; what the record has is not measured again.
        path: The record.
        about: Further entries of the record.
        say: Called with a line for each point.

    Raises:
        DataError: The record is of something else, by ``about``: another network, or another machine.
    """
    points = read_points(path)
    if points:
        recorded = parse_json(path.read_text(encoding='utf-8'))
        for key, value in about.items():
            if recorded.get(key) != value:
                raise DataError(
                    f'{path}: its points are of another {key}',
                    found=str(recorded.get(key)),
                    expected=str(value),
                    cure='another --out, or delete the record',
                )
    known = {(point.curve, point.series, point.x) for point in points}
    for number, point in enumerate(planned, 1):
        if point.key in known:
            continue
        found = point.work()
        mib = None if found['peak'] is None else found['peak'] / MIB
        points.append(GrowthPoint(*point.key, point.units, found['cpu'], found['wall'], mib))
        write_json(path, dict(about, points=[asdict(one) for one in points]))
        say(f'{number}/{len(planned)} {point.curve}, {point.series}, {point.x}: {found["cpu"]:.2f} s of CPU time')
    order = list(CURVES)
    return sorted(points, key=lambda point: (order.index(point.curve), point.series, point.x))


def growth_table(points: Sequence[GrowthPoint], notes: Sequence[str] = ()) -> ResultTable:
    """One row a point; the cost of a unit is over that of the line's first point, so 1 means: grows in proportion."""
    first: dict[tuple[str, str], GrowthPoint] = {}
    rows = []
    for point in points:
        start = first.setdefault((point.curve, point.series), point)
        unit = (point.cpu / point.units) / (start.cpu / start.units)
        rows.append(ResultRow((point.curve, point.series, point.x, point.cpu, point.wall, unit, point.mib)))
    return ResultTable(
        (
            ResultColumn('grows with'),
            ResultColumn('how'),
            ResultColumn('x', 'd'),
            ResultColumn('CPU s', '.3f'),
            ResultColumn('wall s', '.3f'),
            ResultColumn('CPU of a unit, first = 1', '.2f'),
            ResultColumn('peak MiB', '.0f'),
        ),
        tuple(rows),
        tuple(notes),
        'How it grows',
    )


def draw_growth(points: Sequence[GrowthPoint], networks: Sequence[tuple[float, Mapping[str, float]]] = ()) -> str:
    """CPU time above, peak memory below; a column a curve, both axes logarithmic.

    Args:
        points: Of all curves.
        networks: GFLOPs and, by backend, time over GGL-Net's of each network of the zoo, for a panel of their own.

    Returns:
        SVG, the same for the same points with one version of Matplotlib.
    """
    import matplotlib
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    curves = [name for name in CURVES if name != 'processes' and any(point.curve == name for point in points)]
    figure = Figure(figsize=(3.3 * (len(curves) + bool(networks)), 5.4), layout='constrained')
    FigureCanvasSVG(figure)
    axes = figure.subplots(2, len(curves) + bool(networks), squeeze=False)
    for column, curve in enumerate(curves):
        own = [point for point in points if point.curve == curve]
        for color, series in zip(_COLORS, dict.fromkeys(point.series for point in own)):
            line = [point for point in own if point.series == series]
            options: dict[str, Any] = dict(marker='o', markersize=4, linewidth=1.3, color=color, label=series)
            axes[0][column].plot([point.x for point in line], [point.cpu for point in line], **options)
            told = [point for point in line if point.mib is not None]
            axes[1][column].plot([point.x for point in told], [point.mib for point in told], **options)
        start = own[0]
        ends = (min(point.units for point in own), max(point.units for point in own))
        xs = [next(point.x for point in own if point.units == end) for end in ends]
        expected = [start.cpu * end / start.units for end in ends]
        axes[0][column].plot(xs, expected, color='0.6', linewidth=1, linestyle='--', label='in proportion')
        axes[0][column].set_title(f'{CURVES[curve][0]}', fontsize=9)
        axes[0][column].legend(fontsize=7, frameon=False)
        top = max((point.mib or 0 for point in own), default=0)
        axes[1][column].set_ylim(0, 1.08 * top or 1)
        for row in (0, 1):
            axes[row][column].set_xscale('log', base=2 if curve == 'size' else 10)
            ticks = sorted({point.x for point in own})
            axes[row][column].set_xticks(ticks, [f'{tick:,}' for tick in ticks], fontsize=7, rotation=30)
            axes[row][column].minorticks_off()
        axes[0][column].set_yscale('log')
    if networks:
        _draw_networks(axes[0][-1], networks)
        axes[1][-1].set_axis_off()
    axes[0][0].set_ylabel('CPU time (s)', fontsize=8)
    axes[1][0].set_ylabel('peak memory (MiB)', fontsize=8)
    for axis in axes.flat:
        axis.grid(alpha=0.25)
        axis.tick_params(which='both', labelsize=7)
        axis.spines[['right', 'top']].set_visible(False)
    file = io.StringIO()
    with matplotlib.rc_context({'svg.hashsalt': 'mmirstd', 'svg.fonttype': 'path'}):
        figure.savefig(file, format='svg', metadata={'Date': None}, facecolor='white')
    return '\n'.join(line.rstrip() for line in file.getvalue().splitlines()) + '\n'


_COLORS = ('#0072b2', '#d55e00', '#009e73', '#cc79a7')


def _draw_networks(axis: Any, networks: Sequence[tuple[float, Mapping[str, float]]]) -> None:
    for color, backend in zip(_COLORS, ('torch', 'onnxruntime', 'openvino')):
        dots = [(gflops, times[backend]) for gflops, times in networks if backend in times]
        axis.scatter(*zip(*dots), s=12, color=color, label=backend, alpha=0.8) if dots else None
    axis.set_xscale('log')
    axis.set_yscale('log')
    axis.set_title('GFLOPs of a network of the zoo', fontsize=9)
    axis.set_ylabel("CPU time over GGL-Net's in torch", fontsize=8)
    axis.legend(fontsize=7, frameon=False)
