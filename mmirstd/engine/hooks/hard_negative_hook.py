"""Find where the network in training sees targets that are none."""

from __future__ import annotations

from typing import Any

import numpy as np
from mmengine.dist import all_gather_object, get_rank, get_world_size
from mmengine.hooks import Hook
from mmengine.runner import EpochBasedTrainLoop, Runner
from numpy.typing import NDArray

from mmirstd.datasets.hard_negatives import FalseTarget, HardNegativeDataset, leaf_of, leaves
from mmirstd.datasets.transforms.free_window import near_targets
from mmirstd.evaluation.maps import logit_map_of
from mmirstd.registry import HOOKS
from mmirstd.utils.errors import CheckpointError, ConfigError

from .training_images import predict_loaded, predicting

_KEY = 'hard_negatives'


@HOOKS.register_module()
class HardNegativeHook(Hook):
    """Mine hard negatives: where there is no target, the strongest responses of the network in training.

    After an epoch the network predicts some of the training images, whole and without augmentation. In each the
    strongest responses that lie away from all masks are noted. The strongest of all are shown in the next epochs
    (:class:`mmirstd.HardNegativeDataset`, which must be the training data set). Half of the images are those whose
    false targets are shown now, so that hard ones stay as long as they are hard; the others are drawn by the run's
    seed and the epoch.

    What is shown is saved in each checkpoint, and a run that continues goes on with it. Of several processes each
    predicts its part of the images.

    Args:
        start_epoch: First after so many epochs.
        interval: Then after each so many.
        max_images: How many images are predicted each time, at most.
        per_image: How many false targets of one image are shown, at most.
        margin: False targets keep more than this many pixels from masks.
        distance: And from each other.

    Raises:
        ValueError: An option is out of its range.
    """

    def __init__(
        self,
        start_epoch: int = 1,
        interval: int = 1,
        max_images: int = 200,
        per_image: int = 2,
        margin: int = 4,
        distance: int = 32,
    ) -> None:
        least = dict(start_epoch=1, interval=1, max_images=1, per_image=1, margin=0, distance=0)
        given = dict(
            start_epoch=start_epoch,
            interval=interval,
            max_images=max_images,
            per_image=per_image,
            margin=margin,
            distance=distance,
        )
        for name, value in given.items():
            if value < least[name]:
                raise ValueError(f'HardNegativeHook: {name} is {value}; expected {least[name]} or more')
        self.start_epoch = start_epoch
        self.interval = interval
        self.max_images = max_images
        self.per_image = per_image
        self.margin = margin
        self.distance = distance

    def before_train(self, runner: Runner) -> None:
        """See that there is something to find them for.

        Raises:
            ConfigError: The training data or the loop are of another kind, or a pipeline loads clips or no masks.
        """
        dataset = _data_set(runner)
        dataset.check_crops()
        for leaf in leaves(dataset.dataset):  # not after an epoch that may take hours
            _load(leaf, 0)
        dataset.expect_false_targets()

    def after_train_epoch(self, runner: Runner, metrics: dict | None = None) -> None:
        """Find them, if it is time and there is an epoch to show them in."""
        done = runner.epoch + 1
        last = runner.max_epochs is not None and done >= runner.max_epochs
        if last or done < self.start_epoch or (done - self.start_epoch) % self.interval:
            return
        dataset = _data_set(runner)
        indices = self._images(dataset, np.random.default_rng([runner.seed or 0, done]))
        own: list[tuple[float, FalseTarget]] = []
        with predicting(runner.model):
            for index in indices[get_rank() :: get_world_size()]:
                own += self._of_image(runner.model, dataset, index)
        # Sorted by all they hold, so that any number of processes comes to the same order.
        found = sorted((one for part in all_gather_object(own) for one in part), key=lambda one: (-one[0], one[1]))
        found = found[: dataset.capacity]
        dataset.false_targets = [place for _, place in found]
        if found:
            runner.logger.info(
                f'hard negatives after {done} epochs: {len(found)} windows of {len(indices)} images, '
                f'logits {found[0][0]:.1f} to {found[-1][0]:.1f}'
            )
        else:
            runner.logger.warning(
                f'HardNegativeHook: none of {len(indices)} images has a place without target; random windows are shown'
            )

    def before_save_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        """Save what is shown."""
        checkpoint[_KEY] = [tuple(found) for found in _data_set(runner).false_targets]

    def after_load_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        """Continue with what was shown.

        Raises:
            CheckpointError: The run began without this hook, or with other data.
        """
        if not runner._resume:
            return
        if _KEY not in checkpoint:
            raise CheckpointError(
                'the run cannot continue with HardNegativeHook: the checkpoint has no hard negatives',
                cure='start a new run from the weights: --cfg-options load_from=CKPT',
            )
        try:
            _data_set(runner).false_targets = [FalseTarget(int(index), y, x) for index, y, x in checkpoint[_KEY]]
        except IndexError as error:
            raise CheckpointError(
                f'the run cannot continue with HardNegativeHook: the checkpoint has a hard negative of {error}',
                cure='continue with the data the run began with',
            ) from None

    def _images(self, dataset: HardNegativeDataset, rng: np.random.Generator) -> list[int]:
        """Samples of the data set, each image once."""
        first: dict[tuple[int, int], int] = {}
        for index in range(len(dataset.dataset)):
            leaf, inner = leaf_of(dataset.dataset, index)
            first.setdefault((id(leaf), inner), index)
        shown = list(dict.fromkeys(found.sample for found in dataset.false_targets))[: self.max_images // 2]
        others = np.array(sorted(set(first.values()) - set(shown)), np.int64)
        count = min(self.max_images - len(shown), len(others))
        return [*shown, *rng.choice(others, count, replace=False).tolist()]

    def _of_image(self, model: Any, dataset: HardNegativeDataset, index: int) -> list[tuple[float, FalseTarget]]:
        """The strongest responses away from masks, with their logits."""
        leaf, inner = leaf_of(dataset.dataset, index)
        loaded = _load(leaf, inner)
        mask = loaded['gt_seg_map']
        logits = logit_map_of(predict_loaded(model, loaded)).astype(np.float64)
        logits[near_targets(mask, self.margin) > 0] = -np.inf
        found = []
        for _ in range(self.per_image):
            row, column = np.unravel_index(int(logits.argmax()), logits.shape)
            if not np.isfinite(logits[row, column]):
                break
            place = FalseTarget(index, (row + 0.5) / logits.shape[0], (column + 0.5) / logits.shape[1])
            found.append((float(logits[row, column]), place))
            _clear(logits, int(row), int(column), self.distance)
        return found


def _clear(logits: NDArray[Any], row: int, column: int, distance: int) -> None:
    logits[max(row - distance, 0) : row + distance + 1, max(column - distance, 0) : column + distance + 1] = -np.inf


def _load(leaf: Any, index: int) -> dict[str, Any]:
    """A sample after the steps that load image and mask."""
    loaded = leaf.sample(index)
    for step in leaf.pipeline.transforms:
        loaded = step(loaded)
        if loaded.get('gt_seg_map') is not None:
            break
    else:
        raise ConfigError(f'HardNegativeHook: the pipeline of {type(leaf).__name__} loads no masks')
    if loaded['img'].ndim != 2:
        raise ConfigError(
            f'HardNegativeHook: the pipeline of {type(leaf).__name__} loads clips; expected single frames '
            '(num_frames=1)'
        )
    return dict(loaded)


def _data_set(runner: Runner) -> HardNegativeDataset:
    loop = runner.train_loop
    if not isinstance(loop, EpochBasedTrainLoop):
        raise ConfigError(f'HardNegativeHook: needs a training by epochs, found {type(loop).__name__}')
    dataset = loop.dataloader.dataset
    if not isinstance(dataset, HardNegativeDataset):
        raise ConfigError(
            f'HardNegativeHook: the training data are a {type(dataset).__name__}, which shows no hard negatives',
            cure="train_dataloader.dataset: dict(type='mmirstd.HardNegativeDataset', dataset=...)",
        )
    return dataset
