"""From the levels of key frames to what a graph of a model of clips gives."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from mmirstd.models.layers.direction_coded import DirectionCodedUShape
from mmirstd.utils.config_parts import bare_type
from mmirstd.utils.errors import ConfigError

from .box_suppression import suppress, suppression_error
from .graph_padding import crop
from .largest_difference import largest
from .resampling import Placement
from .target_decision import TargetDecision

Levels = tuple[Tensor, ...]
#: Share of the pixels that must agree where a network decides by the largest of several values (DTUM).
DECIDED = 0.95


class Results(nn.Module, ABC):
    """From the levels of key frames to what a graph gives.

    Args:
        model: The model of clips.
    """

    #: Outputs whose first axis is the batch, then height and width.
    maps: tuple[str, ...] = ()

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model: Any = model

    @property
    @abstractmethod
    def outputs(self) -> dict[str, str]:
        """Names of the outputs -> what they are."""

    @abstractmethod
    def forward(self, levels: Levels, size: tuple[Any, Any], placement: Placement | None) -> tuple[Tensor, ...]:
        """See ``outputs``.

        Args:
            levels: As the model's ``extract_feat`` gives them.
            size: Height and width of the image as given, and of the network's.
            placement: Of a letterbox.
        """

    @abstractmethod
    def difference(self, expected: Sequence[Tensor], found: Sequence[Tensor]) -> float:
        """How far outputs are from those of this graph (``expected`` as :meth:`reference` gives it)."""

    def reference(self, levels: Levels, size: tuple[Any, Any], placement: Placement | None) -> tuple[Tensor, ...]:
        """What outputs are compared with."""
        return self(levels, size, placement)


class MapResults(Results):
    """Probability and mask of a segmentor.

    Args:
        model: An ``mmirstd.MultiFrameSegmentor``.
        decision: What makes the mask.

    Raises:
        ConfigError: The model gives maps of all frames.
    """

    maps = ('probability', 'mask', 'logit')

    def __init__(self, model: nn.Module, decision: TargetDecision) -> None:
        super().__init__(model)
        self.decision = decision

    @property
    def outputs(self) -> dict[str, str]:
        """See the base class."""
        return {
            'probability': '(B, H, W) float32 in [0, 1], of the key frame',
            **self.decision.outputs,
            'logit': '(B, H, W) float32: the probability before the sigmoid',
        }

    def forward(self, levels: Levels, size: tuple[Any, Any], placement: Placement | None) -> tuple[Tensor, ...]:
        """See the base class."""
        if placement is not None:
            raise ConfigError('a letterbox before a segmentor has no graph; expected mmirstd.PadToMultiple')
        (height, width), shape = size
        meta = dict(img_shape=shape, pad_shape=shape, ori_shape=shape)
        logits = self.model.decode_levels(levels, [meta])
        logit = crop(logits[:, 0], height, width)
        probability = logit.sigmoid()
        return probability, *self.decision(probability, logit), logit

    def difference(self, expected: Sequence[Tensor], found: Sequence[Tensor]) -> float:
        """Of the probabilities."""
        apart = (expected[0] - found[0]).abs()
        if any(isinstance(module, DirectionCodedUShape) for module in self.model.modules()):
            # Which of four pixels is the largest is a decision: rounding may turn a few, which changes places around.
            return float(apart.flatten().quantile(DECIDED)) if not torch.isnan(apart).any() else float('inf')
        return largest(apart)


class BoxResults(Results):
    """Boxes of a detector after the suppression of overlapping ones.

    Args:
        model: An ``mmirstd.MultiFrameDetector`` with a YOLOXHead.

    Raises:
        ConfigError: Another head, or another way of suppression.
    """

    def __init__(self, model: nn.Module) -> None:
        super().__init__(model)
        head = self.model.bbox_head
        if type(head).__name__ != 'YOLOXHead':
            raise ConfigError(f'bbox_head is a {type(head).__name__}, which has no graph', expected='YOLOXHead')
        cfg: Any = head.test_cfg
        if set(cfg.nms) - {'type', 'iou_threshold'} or (bare_type(cfg.nms) or 'nms') != 'nms':
            raise ConfigError(
                f'test_cfg.nms is {dict(cfg.nms)}, which has no graph', expected="dict(type='nms', iou_threshold=...)"
            )
        self.iou = float(cfg.nms['iou_threshold'])
        self.least = float(cfg.score_thr)

    @property
    def outputs(self) -> dict[str, str]:
        """See the base class."""
        return {
            'boxes': '(N, 4) float32: x1, y1, x2, y2 in pixels of the frame as given',
            'scores': '(N,) float32 in [0, 1], descending for each image and class',
            'labels': '(N,) int64: number of the class',
            'image_index': '(N,) int64: which image of the batch',
        }

    def candidates(self, levels: Levels) -> tuple[Tensor, Tensor]:
        """Boxes (B, N, 4) in the network's image and scores (B, C, N); a box has the score of its best class alone."""
        head = self.model.bbox_head
        classes, boxes, objectness = head(levels)
        priors = torch.cat(
            head.prior_generator.grid_priors(
                [level.shape[2:] for level in classes], classes[0].dtype, classes[0].device, with_stride=True
            )
        )
        flat_classes, flat_boxes, flat_objectness = (
            torch.cat([level.flatten(2) for level in found], dim=2).transpose(1, 2)
            for found in (classes, boxes, objectness)
        )
        scores = flat_classes.sigmoid() * flat_objectness.sigmoid()
        if scores.shape[2] > 1:
            # the first of equal ones, as in mmdet: scores that are rounded to 1 are equal
            label = torch.arange(scores.shape[2], device=scores.device)
            scores = torch.where(label == scores.argmax(dim=2, keepdim=True), scores, torch.zeros_like(scores))
        return head._bbox_decode(priors, flat_boxes), scores.transpose(1, 2)

    def forward(self, levels: Levels, size: tuple[Any, Any], placement: Placement | None) -> tuple[Tensor, ...]:
        """See the base class."""
        boxes, scores = self.candidates(levels)
        image, label, place = suppress(boxes, scores, self.iou, self.least).unbind(1)
        kept = boxes[image, place]
        return (kept if placement is None else placement.undo(kept)), scores[image, label, place], label, image

    def reference(self, levels: Levels, size: tuple[Any, Any], placement: Placement | None) -> tuple[Tensor, ...]:
        """The candidates: rounding may decide which of two equal boxes stays."""
        boxes, scores = self.candidates(levels)
        return (boxes if placement is None else placement.undo(boxes)), scores

    def difference(self, expected: Sequence[Tensor], found: Sequence[Tensor]) -> float:
        """See :func:`~.box_suppression.suppression_error`; of two references, that of the candidates."""
        boxes, scores = expected
        if len(found) == 2:
            sides = (boxes[..., 2:] - boxes[..., :2]).amin(dim=-1).clamp(min=1)
            moved = (boxes - found[0]).abs().amax(dim=-1) / sides
            return max(largest(moved), largest((scores - found[1]).abs()))
        errors = []
        for image in range(scores.shape[0]):
            for label in range(scores.shape[1]):
                own = (found[3] == image) & (found[2] == label)
                kept = found[0][own].to(boxes), found[1][own].to(boxes)
                errors.append(
                    suppression_error(boxes[image], scores[image, label], *kept, iou=self.iou, least=self.least)
                )
        return max(errors)


def clip_results(model: nn.Module, boxes: bool, decision: TargetDecision) -> Results:
    """Those of a detector, or of a segmentor."""
    return BoxResults(model) if boxes else MapResults(model, decision)
