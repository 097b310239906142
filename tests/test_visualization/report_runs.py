"""Small generated runs for the tests of the report."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np

from mmirstd.evaluation.box_dump import BoxRule, DumpedBoxes, write_boxes
from mmirstd.evaluation.box_maps import box_maps
from mmirstd.evaluation.functional import FrameDetections
from mmirstd.evaluation.prediction_dump import DumpWriter, write_index
from mmirstd.utils.logits import logit_of, probability_of

SHAPE = (72, 96)


def scene(rng: np.random.Generator, quality: float, shape: tuple[int, int] = SHAPE) -> tuple[np.ndarray, ...]:
    """A probability map, mask and image with up to three targets and some clutter.

    Args:
        rng: Where the scene comes from; consumed alike for every quality.
        quality: 0 to 1, how well the map fits the mask.
        shape: Height and width.
    """
    mask, score = np.zeros(shape, np.uint8), np.zeros(shape, np.float32)
    noise = cv2.GaussianBlur(rng.random(shape), (0, 0), 4)
    score += np.float32(0.35 - 0.2 * quality) * (noise - noise.min()) / np.ptp(noise)
    for _ in range(int(rng.integers(0, 4))):
        row, column = (int(rng.integers(8, side - 8)) for side in shape)
        height, width = (int(value) for value in rng.integers(2, 7, 2))
        mask[row : row + height, column : column + width] = 1
        strength, shift, exact = rng.random(3)
        peak = 0.25 + 0.74 * max(strength, quality * 0.9)
        move = 0 if exact < 0.3 + 0.3 * quality else int(5 * shift * (1.2 - quality))
        part = score[row + move : row + move + height, column : column + width]
        part[...] = np.float32(peak)
        part[0] *= 0.55 if move else 1
    for _ in range(int(rng.integers(0, 3))):
        row, column = (int(rng.integers(4, side - 4)) for side in shape)
        peak = rng.random()
        if peak > quality * 0.6:
            score[row : row + 2, column : column + 3] = np.maximum(
                score[row : row + 2, column : column + 3], np.float32(peak)
            )
    clouds = cv2.GaussianBlur(rng.standard_normal(shape), (0, 0), 3)
    image = 4000 + 600 * clouds + rng.normal(0, 20, shape) + 900.0 * mask
    return np.clip(score, 0, 1), mask, image.astype(np.uint16)


def write_run(
    folder: Path,
    images: int = 12,
    quality: float = 0.5,
    names: list[str] | None = None,
    seed: int = 0,
    shape: tuple[int, int] = SHAPE,
    logits: bool = False,
    **record: object,
) -> Path:
    """Write a dump; runs of one seed have the same images and masks.

    With ``logits`` it is that of a network that is eight times too sure, and knows the logits.
    """
    writer, entries = DumpWriter(folder), []
    for index in range(images):
        name = names[index] if names else f'scene{index:03d}'
        score, mask, image = scene(np.random.default_rng([seed, index]), quality, shape)
        logit = None
        if logits:
            logit = (8 * logit_of(score)).astype(np.float32)
            score = probability_of(logit).astype(np.float32)
        entries.append(writer.write(name, score, mask, image, logit=logit))
    write_index(folder, entries)
    if record:
        (folder / 'metrics.json').write_text(json.dumps(record))
    return folder


def write_box_run(
    folder: Path,
    sequences: int = 3,
    frames: int = 6,
    quality: float = 0.6,
    empty: str = '',
    seed: int = 0,
    classes: tuple[str, ...] = (),
    **record: object,
) -> Path:
    """Write a dump of a detector: a target that moves, one that is ignored, detections near them and elsewhere.

    Args:
        folder: Where.
        sequences, frames: How many, and frames of each.
        quality: 0 to 1, how often and how well targets are found.
        empty: ``'boxes'`` (nothing is found), ``'targets'`` (nothing is there) or ``'both'``.
        seed: Runs of one seed have the same images and targets.
        classes: Names; a sequence has the targets of one of them, and each third frame detections of the first.
        record: What goes into ``metrics.json``.
    """
    writer, entries, found = DumpWriter(folder), [], []
    for sequence in range(sequences):
        for number in range(frames):
            rng = np.random.default_rng([seed, sequence, number])
            x, y = 12 + 3.0 * number, 20 + 9.0 * sequence
            targets = np.array([[x, y, x + 4, y + 3], [70, 8, 78, 14]], np.float64)
            shift = (rng.random(4) - 0.5) * 3 * (1.1 - quality)
            boxes = np.array([targets[0] + shift, [72, 9, 77, 13], [40.0, 50, 45, 55]])
            scores = np.array([min(0.99, quality * (0.3 + rng.random())), 0.9, 0.7 * rng.random() * (1.2 - quality)])
            image = np.clip(4000 + rng.normal(0, 30, SHAPE), 0, 65535)
            if empty in ('targets', 'both'):
                targets = targets[:0]
            else:
                image[int(y) : int(y) + 3, int(x) : int(x) + 4] += 600
            if empty in ('boxes', 'both'):
                boxes, scores = boxes[:0], scores[:0]
            name = f'seq{sequence}/{number:03d}'
            label = sequence % max(1, len(classes))
            frame = FrameDetections(
                image=name,
                sequence=f'seq{sequence}',
                shape=SHAPE,
                targets=targets,
                target_labels=np.full(len(targets), label),
                ignored=np.arange(len(targets)) == 1,
                scr=np.full(len(targets), np.nan),
                boxes=boxes,
                scores=scores.astype(np.float32).astype(np.float64),
                labels=np.full(len(boxes), label if number % 3 else 0),
            )
            instances = [dict(bbox=box, ignore_flag=int(i == 1)) for i, box in enumerate(targets)]
            entries.append(writer.write(name, *box_maps(boxes, scores, instances, SHAPE), image.astype(np.uint16)))
            found.append(frame)
    write_boxes(folder, DumpedBoxes(found, BoxRule(num_classes=max(1, len(classes)), classes=classes)))
    write_index(folder, entries)
    if record:
        (folder / 'metrics.json').write_text(json.dumps(record))
    return folder
