"""The ways in which papers on moving targets measure boxes."""

from __future__ import annotations

from collections.abc import Iterable

from .coco_evaluation import CocoEvaluation
from .ultralytics_evaluation import ultralytics_measures

BOX_PROTOCOLS = {
    'default': 'pycocotools, all frames',
    'sstnet': 'pycocotools, frames with an annotation, as the test scripts of SSTNet and its relatives',
    'ultralytics': 'as Ultralytics until 8.4.36, all frames, precision, recall and F1 at the score of the greatest F1',
    'ultralytics-8.4.37': 'as Ultralytics from 8.4.37 on: average precision without a line from the last detection on',
}


def summarize_boxes(
    coco: CocoEvaluation, protocol: str = 'default', indices: Iterable[int] | None = None
) -> dict[str, float]:
    """``mAP`` (IoU .5 to .95), ``mAP50``, ``mAP75``, ``precision``, ``recall``, ``F1`` by a protocol.

    Args:
        coco: All frames, matched once.
        protocol: A key of ``BOX_PROTOCOLS``.
        indices: Positions of the frames that are summarized; None: all.

    Raises:
        KeyError: An unknown protocol.
    """
    if protocol not in BOX_PROTOCOLS:
        raise KeyError(f'protocol {protocol!r} is unknown; known: {", ".join(BOX_PROTOCOLS)}')
    chosen = range(len(coco.frames)) if indices is None else sorted(set(indices))
    if protocol.startswith('ultralytics'):
        frames = [coco.frames[index] for index in chosen]
        return ultralytics_measures(frames, coco.num_classes, to_the_end=protocol == 'ultralytics')
    return coco.summarize(k for k in chosen if protocol == 'default' or len(coco.frames[k].targets))
