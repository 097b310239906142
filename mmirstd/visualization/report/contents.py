"""Put analyzed runs side by side: the data of a report's page."""

from __future__ import annotations

import base64
import math
import time
from collections.abc import Sequence
from typing import Any

import numpy as np

from mmirstd.evaluation.functional import get_protocol
from mmirstd.evaluation.functional.box_protocols import BOX_PROTOCOLS
from mmirstd.utils.errors import DataError

from .auc_facts import auc_facts
from .charts import build_charts
from .clips import chosen_items, neighbors
from .crops import ALARM_SIDE, Window, target_window, thumbnail, window_around
from .evaluated_size import evaluated_size
from .image_table import image_row
from .limits import MAX_ALARMS, MAX_CLIPS, MAX_TARGETS
from .painter import Painter
from .run_analysis import RunAnalysis
from .run_groups import LEVEL, RunGroup, draw_resamples, summarize_group
from .threshold_findings import IOU_STEPS, FalseAlarms
from .thresholds import REPORT_THRESHOLDS

# Alarms of two runs whose peaks are nearer than this (px) are shown in one card.
_SAME_PLACE = 3.0
_CROPS_PER_CHUNK = 100


def build_contents(
    runs: Sequence[RunAnalysis],
    title: str,
    max_alarms: int = MAX_ALARMS,
    groups: Sequence[RunGroup] | None = None,
    max_clips: int = MAX_CLIPS,
    max_targets: int = MAX_TARGETS,
) -> dict[str, Any]:
    """The data of a page.

    Args:
        runs: Of the same images, all of masks or all of boxes.
        title: Of the page.
        max_alarms: False alarms shown of each run.
        groups: Which runs differ by their seed only; None: each run is a group of its own.
        max_clips: Findings of sequences that get a clip.
        max_targets: Targets shown, those first that most runs and thresholds miss.

    Returns:
        ``data``: everything but pictures, fit for strict JSON; ``chunks``: the pictures of the items (gray values,
        ground truth, then of each run its threshold levels or its boxes), ``chunkSize`` items in each; ``clips``: lists
        of such pictures, in the order of ``data['clips']``.

    Raises:
        DataError: The runs are not of the same images and ground truth, or not of one kind.
    """
    if groups is None:
        groups = [RunGroup(run.name, (index,)) for index, run in enumerate(runs)]
    by_name = _same_images(runs)
    draws = draw_resamples(runs)
    summaries = [summarize_group(group, runs, draws) for group in groups]
    start = _start(runs)
    limits = [_score_limit([image.alarms for image in run.images], max_alarms) for run in runs]
    images, items, pictures = [], [], []
    shown_targets = _hardest_targets(runs, draws.order, max_targets)
    for number, first in enumerate(runs[0].images):
        places = [int(order[number]) for order in draws.order]
        painter = Painter(runs, places)
        analyzed = [names[first.name] for names in by_name]
        height, width = painter.shape
        found = [
            *_target_items(analyzed, shown_targets[number], (height, width)),
            *_alarm_items([image.alarms for image in analyzed], limits, (height, width)),
        ]
        images.append(
            dict(
                name=first.name,
                height=height,
                width=width,
                thumbnail=thumbnail(painter.gray) if found else None,  # seen beside a finding alone
                sequence=runs[0].sequences[number],
                **image_row(runs, places),
            )
        )
        for item, window in found:
            items.append(dict(item, image=number, window=[window.top, window.left, window.height, window.width]))
            pictures.append(painter.paint(window))
    clips, moving = _clips(runs, draws.order, items, start, max_clips)
    for item in items:
        item.pop('detected', None)
    chunks = [pictures[first : first + _CROPS_PER_CHUNK] for first in range(0, len(pictures), _CROPS_PER_CHUNK)]
    data = dict(
        title=title,
        made=time.strftime('%Y-%m-%d %H:%M'),
        kind=runs[0].kind,
        thresholds=list(REPORT_THRESHOLDS),
        start=start,
        chunkSize=_CROPS_PER_CHUNK,
        protocols=[_protocol(name, runs) for name in runs[0].summary['own']],
        runs=[_run(run) for run in runs],
        groups=summaries,
        draws=dict(units=draws.units, count=draws.count, level=LEVEL, resamples=len(draws.weights)),
        charts=build_charts(groups, summaries, runs, draws),
        images=images,
        items=items,
        clips=moving,
    )
    return dict(data=_plain(data), chunks=chunks, clips=clips)


def _start(runs: Sequence[RunAnalysis]) -> int:
    """Where the slider starts: at 0.5, or at the threshold that the detectors were tested at."""
    wanted = runs[0].summary.get('score_threshold', 0.5)
    return min(range(len(REPORT_THRESHOLDS)), key=lambda k: abs(REPORT_THRESHOLDS[k] - wanted))


def _clips(
    runs: Sequence[RunAnalysis], orders: Sequence[np.ndarray], items: Sequence[dict[str, Any]], start: int, limit: int
) -> tuple[list[list[Any]], list[dict[str, Any]]]:
    """The pictures of each clip; and of each its item, the numbers of its frames and the finding's place among them."""
    pictures, clips = [], []
    painters: dict[int, Painter] = {}
    for position in chosen_items(items, start, limit) if any(runs[0].sequences) else ():
        item = items[position]
        frames = neighbors(runs[0].sequences, item['image'])
        if len(frames) < 2:
            continue
        for number in [number for number in painters if number not in frames]:
            del painters[number]
        for number in frames:
            painters.setdefault(number, Painter(runs, [int(order[number]) for order in orders]))
        window = Window(*item['window'])
        pictures.append([painters[number].paint(window) for number in frames])
        clips.append(dict(item=position, frames=frames, at=frames.index(item['image'])))
    return pictures, clips


def _same_images(runs: Sequence[RunAnalysis]) -> list[dict[str, Any]]:
    """Name -> image of each run; raise unless all hold the same."""
    by_name = [{image.name: image for image in run.images} for run in runs]
    other = next((run for run in runs if run.kind != runs[0].kind), None)
    if other is not None:
        raise DataError(
            f'{other.dump.folder} is of {other.kind} and {runs[0].dump.folder} of {runs[0].kind}; '
            'make two reports: their measures cannot be compared'
        )
    for run, names in zip(runs[1:], by_name[1:]):
        where = f'{run.dump.folder} and {runs[0].dump.folder}'
        only = sorted(set(names) ^ set(by_name[0]))
        if only:
            raise DataError(
                f'{where}: runs side by side need the same images; {len(only)} are in one of them only, '
                f'the first is {only[0]!r}. Test both on the same split, or make two reports'
            )
        for name, image in names.items():
            if image.truth_key != by_name[0][name].truth_key:
                raise DataError(
                    f'{where}: the ground truth of {name!r} differs, in size or in pixels. Test both on '
                    'the same data, with the same --eval-size'
                )
    return by_name


def _score_limit(alarms: Sequence[FalseAlarms], limit: int) -> float:
    """The score that a site must reach to be shown, so that about ``limit`` are (more where scores are equal)."""
    scores = np.concatenate([found.scores for found in alarms])
    if len(scores) <= limit:
        return 0.0
    return float(np.sort(scores)[len(scores) - limit]) if limit else math.inf


def _hardest_targets(runs: Sequence[RunAnalysis], orders: Sequence[np.ndarray], limit: int) -> list[np.ndarray]:
    """Of each image the indices of the targets that are shown: those found least, then those of the least IoU."""
    counts = [len(image.targets) for image in runs[0].images]
    if sum(counts) <= limit:
        return [np.arange(count) for count in counts]
    found, quality = np.zeros((2, sum(counts)), np.int64)
    for run, order in zip(runs, orders):
        codes = [run.images[int(place)].iou_codes for place in order]
        found += np.concatenate([np.count_nonzero(one, axis=1) for one in codes])
        quality += np.concatenate([one.sum(axis=1, dtype=np.int64) for one in codes])
    shown = np.zeros(len(found), bool)
    shown[np.lexsort((quality, found))[:limit]] = True
    return [np.flatnonzero(part) for part in np.split(shown, np.cumsum(counts)[:-1])]


def _target_items(
    analyzed: Sequence[Any], shown: np.ndarray, shape: tuple[int, int]
) -> list[tuple[dict[str, Any], Any]]:
    first = analyzed[0]
    found = []
    for index in shown.tolist():
        row, column = first.targets.centroids[index]
        found.append(
            (
                dict(
                    kind='target',
                    number=index + 1,
                    y=round(float(row), 2),
                    x=round(float(column), 2),
                    area=int(first.targets.areas[index]),
                    scr=_rounded(first.scr[index], 3),
                    detected=[image.iou_codes[index] > 0 for image in analyzed],
                    runs=[
                        dict(
                            codes=base64.b64encode(image.iou_codes[index].tobytes()).decode(),
                            peak=_rounded(image.scores[index], 6),
                        )
                        for image in analyzed
                    ],
                ),
                target_window(first.targets.boxes[index], shape),
            )
        )
    return found


def _alarm_items(
    alarms: Sequence[FalseAlarms], limits: Sequence[float], shape: tuple[int, int]
) -> list[tuple[dict[str, Any], Any]]:
    """One item a site; a site of another run nearby joins the first run's that has none of that run yet."""
    sites: list[tuple[float, float, list[dict[str, Any] | None]]] = []
    for run, (found, limit) in enumerate(zip(alarms, limits)):
        before = len(sites)
        for peak, score, areas in zip(found.peaks, found.scores, found.areas):
            if score < limit:
                continue
            row, column = divmod(int(peak), shape[1])
            entry = dict(areas=_trimmed(areas), peak=_rounded(score, 6))
            near = [
                site
                for site in sites[:before]
                if site[2][run] is None and math.hypot(site[0] - row, site[1] - column) < _SAME_PLACE
            ]
            if near:
                min(near, key=lambda site: math.hypot(site[0] - row, site[1] - column))[2][run] = entry
            else:
                sites.append((row, column, [entry if other == run else None for other in range(len(alarms))]))
    return [
        (dict(kind='alarm', y=row, x=column, runs=entries), window_around(row, column, ALARM_SIDE, shape))
        for row, column, entries in sites
    ]


def _trimmed(areas: np.ndarray) -> list[int]:
    """The first threshold with a component, then the areas from there to the last with one."""
    present = np.flatnonzero(areas)
    return [int(present[0]), *areas[present[0] : present[-1] + 1].tolist()] if len(present) else [0]


def _run(run: RunAnalysis) -> dict[str, Any]:
    record = run.dump.record
    versions = record.get('versions') or {}
    facts = dict(
        images=len(run.images),
        config=_file_name(record.get('config')),
        checkpoint=_file_name(record.get('checkpoint')),
        checkpoint_sha256=str(record.get('checkpoint_sha256') or '')[:16],
        evaluated_at=record.get('eval_size'),
        score_threshold=run.summary.get('score_threshold'),
        tested=record.get('time'),
        mmirstd=versions.get('mmirstd'),
        torch=versions.get('torch'),
    )
    kept: dict[str, Any] = {
        key: run.summary[key] for key in ('own', 'sweep', 'totals', 'notices', 'classes') if key in run.summary
    }
    return dict(
        kept,
        name=run.name,
        facts={key: str(v) for key, v in facts.items() if v},
        auc=auc_facts(run),
        types=_target_types(run),
    )


def _target_types(run: RunAnalysis) -> dict[str, list[int]]:
    """How many targets are of each error type at each threshold, those without a card included."""
    missed, found, good, perfect = np.zeros((4, len(REPORT_THRESHOLDS)), np.int64)
    for image in run.images:
        codes = image.iou_codes
        missed += np.count_nonzero(codes == 0, axis=0)
        found += np.count_nonzero(codes, axis=0)
        good += np.count_nonzero(codes > IOU_STEPS // 2, axis=0)
        perfect += np.count_nonzero(codes == 1 + IOU_STEPS, axis=0)
    counts = dict(missed=missed, poor=found - good, good=good - perfect, perfect=perfect)
    return {name: values.tolist() for name, values in counts.items()}


def _protocol(name: str, runs: Sequence[RunAnalysis]) -> dict[str, Any]:
    if runs[0].kind == 'boxes':
        return dict(
            name=name, description=BOX_PROTOCOLS[name], source='', defects=[], parts={}, resolution={}, size=None
        )
    spec = get_protocol(name)
    return dict(
        name=name,
        description=spec.description,
        source=spec.source,
        defects=list(spec.defects),
        parts={part: str(rule) for part, rule in spec.parts.items()},
        resolution={key: size or 'native' for key, size in spec.resolution.items()},
        size=evaluated_size(spec, runs[0].dump),
    )


def _file_name(path: Any) -> str:
    """Without its folder: a report is passed on, and where its maker keeps files is no one's business."""
    return str(path).replace('\\', '/').rsplit('/', 1)[-1] if path else ''


def _rounded(value: float, digits: int) -> float | None:
    return round(float(value), digits) if math.isfinite(value) else None


def _plain(value: Any) -> Any:
    """Fit for strict JSON: NaN and infinities become None, NumPy's numbers Python's."""
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, np.generic):
        value = value.item()
    return None if isinstance(value, float) and not math.isfinite(value) else value
