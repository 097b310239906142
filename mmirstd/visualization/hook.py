"""Comparison pictures during validation and test."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from mmengine.dist import is_main_process
from mmengine.hooks import Hook
from mmengine.logging import print_log

from mmirstd.evaluation.maps import gray_of, map_of
from mmirstd.registry import HOOKS
from mmirstd.utils.errors import DataError
from mmirstd.utils.files import save_png
from mmirstd.utils.listed_classes import listed_classes

from .detection_overlay import draw_detections
from .overlay import draw_comparison


@HOOKS.register_module()
class IRSTDVisualizationHook(Hook):
    """Show image, ground truth and prediction with magnified insets.

    The stock mmseg hook paints the mask over the image, where a target of three
    pixels is not seen, and mmdet's paints boxes that hide it. What is drawn here
    follows from what the network predicts: masks (``seg_logits``) by
    :func:`mmirstd.visualization.draw_comparison`, boxes (``pred_instances``) by
    :func:`mmirstd.visualization.draw_detections`. Boxes and the annotation, the
    sample's ``instances`` (see ``mmirstd.MovingTargetMetric``), are in pixels of
    the image as stored; frames that are context only are passed over.

    The picture shows the image as :func:`read_test_image` reads it. One
    whose size differs from the ground truth's (a protocol that evaluates at a
    fixed size) is resized to it.

    Args:
        show_dir: Test pictures are written here as ``ID.png``; an image in a
            subfolder of the data set keeps its subfolder. None writes none.
        draw_val: Give the visualizer pictures of validation images (to all its
            backends: files, TensorBoard, WandB), named ``val_ID``, with
            the iteration as step. ``tools/train.py --vis tensorboard`` switches it on and
            adds the backend.
        interval: Every how many validation images one is drawn.
        max_images: Validation images drawn per validation at most.
        threshold: Probability above which a pixel counts as target; score from
            which a box counts.
        max_distance: Pixels between centroids below which a target counts as
            detected.

    In distributed runs each rank writes the test pictures of its own samples;
    validation pictures come from rank 0, where the visualizer lives.

    Raises:
        ValueError: ``interval`` or ``max_images`` is less than 1.
    """

    priority = 'NORMAL'

    def __init__(
        self,
        show_dir: str | None = None,
        draw_val: bool = False,
        interval: int = 1,
        max_images: int = 8,
        threshold: float = 0.5,
        max_distance: float = 3.0,
    ) -> None:
        if interval < 1 or max_images < 1:
            raise ValueError(
                'interval and max_images of IRSTDVisualizationHook must be at least 1, '
                f'found {interval} and {max_images}; draw_val=False draws nothing'
            )
        self.show_dir = None if show_dir is None else Path(show_dir)
        self.draw_val = draw_val
        self.interval = interval
        self.max_images = max_images
        self.threshold = threshold
        self.max_distance = max_distance
        self._seen = 0
        self._drawn = 0

    def before_val_epoch(self, runner: Any) -> None:
        """Start counting anew, so that every validation draws the same images."""
        self._seen = self._drawn = 0

    def after_val_iter(
        self, runner: Any, batch_idx: int, data_batch: Any = None, outputs: Sequence | None = None
    ) -> None:
        """Hand pictures to the visualizer."""
        if not self.draw_val or not is_main_process():
            return
        dataset = runner.val_loop.dataloader.dataset
        for index, sample in drawable(outputs):
            due = self._seen % self.interval == 0 and self._drawn < self.max_images
            self._seen += 1
            if not due:
                continue
            self._drawn += 1
            image_id = image_id_of(dataset, sample)
            picture = self._draw(dataset, sample, image_id, data_batch, index)
            # The local backend makes a file of the name and cannot make folders.
            runner.visualizer.add_image(
                'val_' + image_id.replace('/', '_'), cv2.cvtColor(picture, cv2.COLOR_BGR2RGB), runner.iter
            )

    def before_test_epoch(self, runner: Any) -> None:
        """Fail before the first batch, not after the last, if the folder cannot be written."""
        if self.show_dir is not None:
            self.show_dir.mkdir(parents=True, exist_ok=True)

    def after_test_iter(
        self, runner: Any, batch_idx: int, data_batch: Any = None, outputs: Sequence | None = None
    ) -> None:
        """Write one picture per image."""
        if self.show_dir is None:
            return
        dataset = runner.test_loop.dataloader.dataset
        for index, sample in drawable(outputs):
            image_id = image_id_of(dataset, sample)
            picture = self._draw(dataset, sample, image_id, data_batch, index)
            # Not with_suffix: an ID may itself contain a dot.
            save_png(self.show_dir / f'{image_id}.png', picture)

    def after_test_epoch(self, runner: Any, metrics: dict[str, float] | None = None) -> None:
        """Say where the pictures are."""
        if self.show_dir is not None and is_main_process():
            print_log(f'comparison pictures are in {self.show_dir}', logger='current')

    def _draw(self, dataset: Any, sample: Any, image_id: str, data_batch: Any, index: int) -> np.ndarray:
        image = read_test_image(dataset, sample, data_batch, index)
        return draw_sample(dataset, image, sample, image_id, self.threshold, self.max_distance)


def draw_sample(
    dataset: Any, image: np.ndarray, sample: Any, name: str, threshold: float = 0.5, max_distance: float = 3.0
) -> np.ndarray:
    """Image, ground truth and prediction of a data sample, uint8 BGR.

    Args:
        dataset: Where it is from, which names the classes of boxes.
        image: From :func:`read_test_image`.
        sample: With ``seg_logits`` or ``pred_instances``.
        name: The picture's title.
        threshold: As of :class:`IRSTDVisualizationHook`.
        max_distance: As of :class:`IRSTDVisualizationHook`.
    """
    if 'seg_logits' not in sample and 'pred_instances' in sample:
        classes = listed_classes(getattr(dataset, 'metainfo', None))
        return _draw_boxes(image, sample, name, threshold, max_distance, classes if len(classes) > 1 else ())
    prob = map_of(sample.seg_logits)
    gt = map_of(sample.gt_sem_seg) if 'gt_sem_seg' in sample else None
    if gt is not None:
        # The ignore index is no target.
        gt = (gt == 1).astype(np.uint8)
    if image.shape[:2] != prob.shape:
        image = cv2.resize(image, prob.shape[::-1], interpolation=cv2.INTER_LINEAR)
    return draw_comparison(image, gt, prob, name=name, threshold=threshold, max_distance=max_distance)


def _draw_boxes(
    image: np.ndarray, sample: Any, name: str, threshold: float, max_distance: float, classes: Sequence[str]
) -> np.ndarray:
    predicted, annotated = sample.pred_instances, sample.get('instances')
    targets = ignored = target_classes = None
    if annotated is not None:
        targets = np.array([instance['bbox'] for instance in annotated], np.float64).reshape(-1, 4)
        ignored = np.array([bool(instance.get('ignore_flag', 0)) for instance in annotated], bool)
        if classes:
            target_classes = [classes[instance.get('bbox_label', 0)] for instance in annotated]
    boxes = getattr(predicted.bboxes, 'tensor', predicted.bboxes)  # mmdet's boxes
    return draw_detections(
        image,
        targets,
        boxes.detach().cpu().float().numpy(),
        predicted.scores.detach().cpu().float().numpy(),
        name=name,
        threshold=threshold,
        max_distance=max_distance,
        ignored=ignored,
        class_names=[classes[label] for label in predicted.labels.tolist()] if classes else None,
        target_classes=target_classes,
    )


def drawable(outputs: Sequence | None) -> list[tuple[int, Any]]:
    """Samples that are evaluated, without the frames that only feed a state, each with its place in the batch."""
    return [(index, sample) for index, sample in enumerate(outputs or ()) if sample.get('is_key_frame', True)]


def _members(dataset: Any) -> list[Any]:
    """The plain data sets within wrappers (concatenated, repeated)."""
    if hasattr(dataset, 'datasets'):
        return [plain for member in dataset.datasets for plain in _members(member)]
    if hasattr(dataset, 'dataset'):
        return _members(dataset.dataset)
    return [dataset]


def image_id_of(dataset: Any, sample: Any) -> str:
    """The sample's ID, or the image's path below its folder without the suffix."""
    if 'sample_id' in sample:
        return str(sample.sample_id)
    path = Path(sample.img_path)
    for member in _members(dataset):
        prefixes = getattr(member, 'data_prefix', {})
        prefix = prefixes.get('img_path') or prefixes.get('img')
        if prefix and Path(prefix) in path.parents:
            return path.relative_to(prefix).with_name(path.stem).as_posix()
    return path.stem


def read_test_image(dataset: Any, sample: Any, data_batch: Any = None, index: int = 0) -> np.ndarray:
    """The image of a sample as the data set's own loading steps read it, else the raw file.

    The loading steps are those of the pipeline up to ``LoadInfraredImage``. Where they, or OpenCV, cannot read the
    sample's ``img_path`` alone, which happens with data sets and steps of somebody's own, it is what the network was
    given.

    Args:
        dataset: Where the sample is from.
        sample: With ``img_path``.
        data_batch: What the data loader gave.
        index: The sample's place in it.

    Raises:
        DataError: The file cannot be read, and the batch has no image of its size.
    """
    path = sample.get('img_path')
    try:
        return _read_file(dataset, path)
    except Exception as error:  # of a step that is not ours: anything
        size = sample.get('ori_shape')
        image = None if size is None else gray_of(data_batch, index, sample, tuple(size[:2]))
        if image is not None:
            return image
        raise DataError(
            f'{path}: cannot be read for a picture ({type(error).__name__}: {error})',
            cure='begin the pipeline with mmirstd.LoadInfraredImage, behind a step of your own that puts the pixels '
            "under 'img' if the files are of another kind",
        ) from error


def _read_file(dataset: Any, path: str) -> np.ndarray:
    for member in _members(dataset):
        steps = list(getattr(getattr(member, 'pipeline', None), 'transforms', ()))
        names = [type(step).__name__ for step in steps]
        if 'LoadInfraredImage' in names:
            results: dict[str, Any] = {'img_path': path}
            for step in steps[: names.index('LoadInfraredImage') + 1]:
                results = step(results)
            return results['img']
    image = cv2.imdecode(np.fromfile(path, np.uint8), cv2.IMREAD_UNCHANGED)
    if image is None:
        raise DataError(f'{path}: cannot be decoded as an image; is it complete?')
    return image
