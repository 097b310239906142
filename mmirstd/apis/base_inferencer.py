"""What the inferencers share: inputs, batching, errors, the conventions of mmengine's BaseInferencer."""

from __future__ import annotations

import copy
import hashlib
import json
import logging
import os
from pathlib import Path
from typing import Any

import numpy as np
import torch
from mmengine.device import get_device
from mmengine.infer import BaseInferencer
from mmengine.logging import print_log

from mmirstd import __version__
from mmirstd.datasets.gray_normalization import RENAMED_OPTIONS
from mmirstd.engine.checkpoint_meta import stored_operating_point
from mmirstd.engine.normalization import choose_for_inference, normalization
from mmirstd.false_alarms.operating_point import OperatingPoint
from mmirstd.registry import TRANSFORMS
from mmirstd.utils.config_parts import IMAGE_LOADERS, bare_type
from mmirstd.utils.errors import ConfigError
from mmirstd.utils.files import file_sha256
from mmirstd.utils.renamed import renamed_arguments

from .frame_inference import FrameInference
from .frame_result import FrameResult
from .model_loading import ModelLike, as_config, build_network, class_names, config_name


class TargetInferencer(FrameInference, BaseInferencer):
    """Base of :class:`IRSTDInferencer`, :class:`MovingTargetInferencer` and :class:`DetectorInferencer`.

    Args:
        model: Config file, name of one of our configs, Config, or a network that was built.
        weights: Checkpoint file or URL; None for a network that was built or has nothing to learn, or where the
            metafile beside the config names it.
        device: Where to compute; None: the GPU if there is one.
        scope: Default scope where the config has none.
        show_progress: Show a progress bar in :meth:`__call__`.
        threshold: Probability above which a pixel is target, or score from which on a box is; None: the network's.
        min_area: Least area of a target in pixels.
        normalize: How gray values become the network's input: ``'fixed'``, ``'minmax'``, ``'maximum'``,
            ``'percentile'``, ``'robust'`` or ``'auto'`` (see :func:`mmirstd.datasets.gray_normalization.normalize`).
            None: as in training; ``'auto'``, which stretches raw files, for a network of plain images of 8 bits.
        load_options: Further options of the config's loading transform to replace: ``max_value``, ``bit_depth``,
            ``percentiles``, ``nonfinite`` (``'error'`` or ``'median'``), ``invert``.

        operating_point: A threshold of the logits. Without it and without ``threshold`` the checkpoint's own decides,
            if ``mmirstd calibrate`` wrote one into it; this is said.

    Raises:
        ConfigError: The config cannot be used.
        CheckpointError: The weights cannot be used, or are needed and missing.
        ValueError: ``threshold`` and ``operating_point`` are both given, or an argument is out of its range.
    """

    preprocess_kwargs: set = {'recursive', 'raw_format', 'max_frames'}
    visualize_kwargs: set = {'return_vis'}
    postprocess_kwargs: set = {'return_maps'}

    _scope = 'mmseg'
    #: Names of the classes that a detector of boxes tells apart; empty of all other networks.
    classes: tuple[str, ...] = ()
    #: What of the normalization comes from the checkpoint, not from the config.
    _followed: dict[str, Any] = {}

    @renamed_arguments(normalise='normalize')
    def __init__(
        self,
        model: ModelLike,
        weights: str | os.PathLike[str] | None = None,
        device: str | torch.device | None = None,
        scope: str | None = None,
        show_progress: bool = True,
        threshold: float | None = None,
        min_area: int = 1,
        normalize: str | None = None,
        load_options: dict | None = None,
        operating_point: OperatingPoint | None = None,
    ) -> None:
        # mmengine's own __init__ takes no built network and would execute what a checkpoint holds as its config.
        self.cfg = as_config(model)
        self.scope = scope or self._scope
        self.device = torch.device(device or get_device())
        network, self.weights = build_network(model, self.cfg, weights, self.scope)
        self.model: Any = network.to(self.device)
        self.show_progress = show_progress
        self.visualizer = None
        given = {'normalize': normalize, **(load_options or {})}
        self.load_options = {key: value for key, value in given.items() if value is not None}
        self._set_threshold(threshold, operating_point)
        self.min_area = min_area
        self.check_options()
        self.classes = class_names(network, self.cfg, self.weights)
        self.pipeline = self._init_pipeline(self.cfg)
        self.check_operating_point()  # whether there are boxes is known now
        self.warn_of_other_images()

    def _set_threshold(self, threshold: float | None, point: OperatingPoint | None) -> None:
        if threshold is not None and point is not None:
            raise ValueError('threshold and operating_point are two thresholds; expected one')
        if threshold is None and point is None:
            point = stored_operating_point(self.weights)
            if point is not None:
                self._say(f'threshold: {point}, as mmirstd calibrate wrote into the checkpoint')
        self.operating_point = point
        if point is not None:
            threshold = point.threshold
        self.threshold = self._default_threshold() if threshold is None else threshold

    @property
    def name(self) -> str:
        """The config's name."""
        return config_name(self.cfg)

    def provenance(self) -> dict[str, Any]:
        """What the head of a JSON result says of how it was made (docs/inference.md)."""
        weights = self.weights
        digest = file_sha256(weights) if weights is not None and Path(weights).is_file() else None
        normalize = {**self._followed, **self.load_options}
        earlier = {new: old for old, new in RENAMED_OPTIONS.items()}
        return dict(
            min_area=self.min_area,
            model=self.name,
            weights=None if weights is None else Path(weights).name,
            weights_sha256=digest,
            normalize=normalize or 'config',
            # Schema 1.0 had this name; readers may ask for it until 2.0.
            normalise={earlier.get(key, key): value for key, value in normalize.items()} or 'config',
            tiling=self._tiling_record(),
            mmirstd=__version__,
            **self.threshold_record(),
        )

    def model_digest(self) -> str | None:
        """Checksum of the network's config; None for a network that was built."""
        if self.cfg is None:
            return None
        return hashlib.sha256(json.dumps(self.cfg['model'], sort_keys=True, default=str).encode()).hexdigest()

    def _tiling_record(self) -> dict[str, Any] | None:
        return None

    def _default_threshold(self) -> float:
        return 0.5

    def _test_pipeline(self, cfg: Any, default: tuple[dict, ...]) -> list[dict]:
        """The config's test pipeline with our loading options, or the default where there is none.

        Steps before our loading step are of a data set whose files it does not read. They are left out, since what is
        given here is read already.
        """
        dataset = ((cfg or {}).get('test_dataloader') or {}).get('dataset') or {}
        while dataset.get('pipeline') is None and isinstance(dataset.get('dataset'), dict):
            dataset = dataset['dataset']
        steps = [copy.deepcopy(step) for step in (dataset.get('pipeline') or default)]
        ours = [number for number, step in enumerate(steps) if bare_type(step) in IMAGE_LOADERS]
        if ours:
            steps = steps[ours[0] :]
            self._choose_normalization(steps[0], cfg)
        return steps

    def _choose_normalization(self, step: dict, cfg: Any) -> None:
        """Decide how a loading step reads the user's images, and say what the checkpoint changes."""
        before = normalization({**step, **self.load_options})
        said = choose_for_inference(step, self.weights, self.load_options, cfg, self.name)
        if said:
            print_log(f'{self.name}: {said}', logger='current', level=logging.WARNING)
        self._followed = {key: value for key, value in normalization(step).items() if value != before[key]}

    def _build_loader(self, cfg: Any, steps: list[dict], expected: str) -> Any:
        """The pipeline's first step, which turns the user's gray values into what the network saw in training.

        Raises:
            ConfigError: It is another transform than ``mmirstd.<expected>``, or its options are wrong.
        """
        found = bare_type(steps[0])
        if found != expected:
            cure = "put it behind a step of your own that reads files; it takes the pixels that are under 'img' then"
            raise ConfigError(
                f'{config_name(cfg)}: its test pipeline begins with {found}; expected '
                f'mmirstd.{expected}, which normalizes images as in training',
                cure=cure if expected == 'LoadInfraredImage' else None,
            )
        try:
            return TRANSFORMS.build(steps[0])
        except (TypeError, ValueError) as error:
            raise ConfigError(f'{config_name(cfg)}: {found}: {error}') from error

    # mmengine's four steps

    def _inputs_to_list(self, inputs: Any) -> list:
        """Inputs as they are: they are expanded lazily in :meth:`preprocess`."""
        return [inputs]

    def _warn(self, text: str) -> None:
        print_log(text, logger='current', level=logging.WARNING)

    def _say(self, text: str) -> None:
        print_log(text, logger='current', level=logging.INFO)

    def visualize(
        self, inputs: list, preds: list[FrameResult], return_vis: bool = False, **_: Any
    ) -> list[np.ndarray] | None:
        """Pictures of the results, (H, W, 3) uint8 BGR, if ``return_vis``."""
        return [result.picture() for result in preds] if return_vis else None

    def postprocess(
        self,
        preds: list[FrameResult],
        visualization: list[np.ndarray] | None,
        return_datasamples: bool = False,
        return_maps: bool = False,
    ) -> dict:
        """``predictions``: records as in the JSON files, or data samples; ``visualization``: pictures or None.

        Args:
            preds: Results.
            visualization: Of :meth:`visualize`.
            return_datasamples: mmseg's or mmdet's data samples in place of records.
            return_maps: Add ``mask`` (H, W) bool and ``probability`` (H, W) float32 to the records.
        """
        if return_datasamples:
            predictions = [self._data_sample(result) for result in preds]
        else:
            predictions = [dict(result.record(), frame=result.frame) for result in preds]
            if return_maps:
                for record, result in zip(predictions, preds):
                    record.update(mask=result.mask, probability=result.probability)
        return dict(predictions=predictions, visualization=visualization)

    def _data_sample(self, result: FrameResult) -> Any:
        return result.data_sample
