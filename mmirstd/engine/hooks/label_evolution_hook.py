"""What the ways of learning from points share: labels that a network in training lets grow."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np
import torch.distributed as torch_dist
from mmengine.dist import get_rank, get_world_size
from mmengine.hooks import Hook
from mmengine.runner import EpochBasedTrainLoop, Runner
from numpy.typing import NDArray

from mmirstd.datasets import SIRSTDataset
from mmirstd.datasets.points.label_store import LabelStore
from mmirstd.evaluation.maps import map_of
from mmirstd.utils.errors import CheckpointError, ConfigError

from .training_images import load_training_image, predict_loaded, predicting

_KEY = 'label_evolution'
# Store, index of the image, probability (H, W) -> the new label, None: no change.
Rule = Callable[[LabelStore, int, NDArray[Any]], NDArray[Any] | None]


class LabelEvolutionHook(Hook):
    """Labels that grow with what the network predicts on the whole training images.

    A subclass says when, and by which rule. The training data are a ``SIRSTDataset`` with the option ``points``, or
    several in wrappers; any network that predicts a map can be trained. Images are predicted as the data set loads
    them, one by one, without augmentation, padded by reflection to a multiple of 32. Labels, and what the subclass
    notes, are saved in each checkpoint, and a run that continues goes on with them. Of several processes each predicts
    its part of the images.
    """

    def __init__(self) -> None:
        self._datasets: list[SIRSTDataset] = []
        self._continued = False

    def before_train(self, runner: Runner) -> None:
        """Find the labels; begin with them where the run is new.

        Raises:
            ConfigError: There are none, or the training does not count epochs.
        """
        self._find(runner)
        if not self._continued:
            self.begin(runner)

    def begin(self, runner: Runner) -> None:
        """What a subclass does before a new run."""

    @abstractmethod
    def state_dict(self) -> dict[str, Any]:
        """What else a run needs to continue."""

    @abstractmethod
    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take it up."""

    def before_save_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        """Save the labels."""
        stores = [store.state_dict() for store in self.stores()]
        checkpoint[_KEY] = dict(type=type(self).__name__, stores=stores, own=self.state_dict())

    def after_load_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        """Continue with the labels that were saved.

        Raises:
            CheckpointError: There are none, or they are of another method or of other images.
        """
        if not runner._resume:
            return
        state = checkpoint.get(_KEY)
        if state is None or state['type'] != type(self).__name__:
            what = 'no grown labels' if state is None else f'labels grown by {state["type"]}'
            raise CheckpointError(
                f'the run cannot continue with {type(self).__name__}: the checkpoint has {what}',
                cure='start a new run from the weights: --cfg-options load_from=CKPT',
            )
        self._find(runner)
        stores = self.stores()
        if len(stores) != len(state['stores']):
            raise CheckpointError(
                f'the checkpoint has the labels of {len(state["stores"])} data sets, the config trains on '
                f'{len(stores)}',
                cure='continue with the data the run began with',
            )
        for store, saved in zip(stores, state['stores']):
            store.load_state_dict(saved)
        self.load_state_dict(state['own'])
        self._continued = True

    def stores(self) -> list[LabelStore]:
        """The labels of each data set."""
        return [dataset.label_store for dataset in self._datasets if dataset.label_store is not None]

    def _find(self, runner: Runner) -> None:
        name = type(self).__name__
        loop = runner.train_loop
        if not isinstance(loop, EpochBasedTrainLoop):
            raise ConfigError(f'{name}: needs a training by epochs, found {type(loop).__name__}')
        self._datasets = list(_point_datasets(loop.dataloader.dataset))
        if not self._datasets:
            raise ConfigError(
                f'{name}: no training data with points',
                cure="train_dataloader.dataset.points: dict(kind='coarse'), or dict(file='points.csv')",
            )

    def images(self) -> Iterator[tuple[SIRSTDataset, int]]:
        """All training images: data set and index."""
        return ((dataset, index) for dataset in self._datasets for index in range(len(dataset)))

    def grow(self, runner: Runner, wanted: Callable[[LabelStore, int], bool], rule: Rule) -> list[tuple[int, int]]:
        """Predict images and let their labels grow.

        Args:
            runner: Of the training.
            wanted: Which images.
            rule: Gives the new label; the image then trains.

        Returns:
            The number of the data set, and the index in it, of each image that got a label.
        """
        changed = []
        with predicting(runner.model):
            for number, dataset in enumerate(self._datasets):
                store = dataset.label_store
                assert store is not None
                own = [index for index in range(get_rank(), len(dataset), get_world_size()) if wanted(store, index)]
                trains = store.trains
                for index, label in _of_all_ranks(_grown(runner.model, dataset, store, own, rule)):
                    store.put(index, label)
                    trains[index] = True
                    changed.append((number, index))
                store.trains = trains
        return changed

    def describe(self) -> str:
        """The labels in a line: target pixels, and IoU with the masks where the points were made from masks."""
        pixels = shared = united = 0
        for dataset, index in self.images():
            store = dataset.label_store
            assert store is not None
            label = store.label(index) > 0.5
            pixels += int(label.sum())
            sample = dataset.get_data_info(index)
            if 'seg_map_path' in sample:
                mask = dataset.load_mask(sample, store.sizes[index]) > 0
                shared, united = shared + int((label & mask).sum()), united + int((label | mask).sum())
        points = sum(len(found) for store in self.stores() for found in store.points)
        return f'{points} points, {pixels} target pixels' + (
            f', IoU with the masks {shared / united:.3f}' if united else ''
        )


def _point_datasets(dataset: Any) -> Iterator[SIRSTDataset]:
    """The data sets with points in a data set or in what it wraps."""
    if isinstance(dataset, SIRSTDataset):
        dataset.full_init()
        if dataset.label_store is not None:
            yield dataset
        return
    for inner in (*getattr(dataset, 'datasets', ()), *([dataset.dataset] if hasattr(dataset, 'dataset') else [])):
        yield from _point_datasets(inner)


def _grown(
    model: Any, dataset: SIRSTDataset, store: LabelStore, indices: Iterable[int], rule: Rule
) -> Iterator[tuple[int, NDArray[Any]]]:
    for index in indices:
        sample = predict_loaded(model, load_training_image(dataset, index))
        label = rule(store, index, map_of(sample.seg_logits))
        if label is not None:
            yield index, label


def _of_all_ranks(found: Iterator[tuple[int, NDArray[Any]]]) -> Iterable[tuple[int, NDArray[Any]]]:
    if get_world_size() == 1:
        return found
    gathered: list[Any] = [None] * get_world_size()
    torch_dist.all_gather_object(gathered, [(index, np.asarray(label, np.float32)) for index, label in found])
    return sorted((pair for part in gathered for pair in part), key=lambda pair: int(pair[0]))
