"""Networks counted, and compared with their official codes."""

from __future__ import annotations

import copy
import json
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from mmengine.config import Config
from mmengine.registry import init_default_scope
from torch import Tensor

from mmirstd.costs.cost_table import machine
from mmirstd.engine.complexity import count_params_and_flops
from mmirstd.key_maps import ARCHS
from mmirstd.key_maps.golden import golden_input, official_state_dict, samples
from mmirstd.registry import MODELS
from mmirstd.utils.resources import resource_root

from .networks import is_classical, is_clip_detector, is_of_clips

from mmseg.models.utils import resize  # isort: skip # behind what mmirstd puts into mmcv

REFERENCE = 'ggl-net'
# By the recorded precision.  The tests have bounds of each network's own; these are for a table.
TOLERANCES = {64: 1e-10, 32: 1e-5}


@dataclass
class Difference:
    """From the recorded output of an official network.

    Attributes:
        largest: Of the samples, divided by the larger of 1 and the record's largest value.
        bits: Of the recorded floating-point numbers, 64 or 32.
    """

    largest: float
    bits: int

    @property
    def is_none(self) -> bool:
        """Whether it is no more than rounding."""
        return self.largest <= TOLERANCES[self.bits]

    def __str__(self) -> str:
        return f'{"equal" if self.is_none else "DIFFERS"} ({self.largest:.0e}{", float32" if self.bits == 32 else ""})'


@dataclass
class Figures:
    """What was measured of a network.

    Attributes:
        params: Number of parameters, 0 for a classical method.
        flops: Of one gray image or clip, None for a classical method.
        frames: Of a clip; 1 of networks of single images.
        time: Backend -> median time divided by that of GGL-Net in PyTorch; empty: not measured.
        costs: Backend -> ``ms``, ``ms_p95`` and, where they are known, ``mib`` and ``joules`` of an image.
        golden: ``--arch`` name -> difference from the official outputs.
    """

    params: int
    flops: int | None
    frames: int = 1
    time: dict[str, float] = field(default_factory=dict)
    costs: dict[str, dict[str, float]] = field(default_factory=dict)
    golden: dict[str, Difference] = field(default_factory=dict)

    def to_record(self, compared: bool) -> dict[str, Any]:
        """For :func:`.record.update_record`; what was not measured is None.

        Args:
            compared: Whether the official outputs were at hand.
        """
        return dict(
            params=self.params,
            flops=self.flops,
            frames=self.frames,
            time=self.time or None,
            costs=self.costs or None,
            machine=machine() if self.time else None,
            golden={arch: str(difference) for arch, difference in self.golden.items()} if compared else None,
        )


def golden_records() -> dict[str, dict]:
    """Recorded figures of the official networks, by ``--arch`` name; none outside a checkout."""
    records = (json.loads(path.read_text()) for path in sorted((resource_root() / 'tests/data/golden').glob('*.json')))
    return {record['arch']: record for record in records if 'arch' in record}


def golden_difference(cfg: Config, arch: str, record: dict) -> Difference:
    """How far the prediction with the official weights is from the recorded output nearest to it.

    Records of networks with several outputs list all of them, so the nearest is the prediction's.

    Raises:
        ValueError: If weights and network do not fit, or no recorded output has the prediction's shape.
    """
    channels = record['input']['shape'][1]
    cfg = copy.deepcopy(cfg)
    cfg.merge_from_dict({'model.backbone.in_channels': channels, **record.get('our_options', {})})
    detector = is_clip_detector(cfg)
    if detector:
        for part in (cfg.model.get('motion_branch'), *cfg.model.get('clip_backbones', ())):
            if part is not None:
                part.in_channels = channels
        init_default_scope('mmdet')
    elif is_of_clips(cfg):
        cfg.model.num_frames = record['input']['shape'][2]
    model = MODELS.build(cfg.model).double().eval()
    missing, unexpected = model.load_state_dict(
        ARCHS[arch].convert(official_state_dict(record), channels), strict=False
    )
    if missing or unexpected:
        raise ValueError(f'{arch}: converted weights do not fit, missing {missing[:3]}, unexpected {unexpected[:3]}')
    image = golden_input(record['input']).double()
    with torch.no_grad():
        if detector:
            forms = [_raw_map(*model(image.transpose(1, 2), mode='tensor'))]
        elif is_of_clips(cfg):
            forms = _clip_logits(model, image.transpose(1, 2))
        elif record['official_output'].startswith('2-class'):
            # Ours is the difference of the two, which the record does not have.
            forms = [model.decode_head.class_logits(model.extract_feat(image))[0][0]]
        else:
            # Where our heads end at a coarser size, the segmentor upsamples; official networks do it themselves.
            size, corners = image.shape[2:], model.align_corners
            forms = [resize(model(image, mode='tensor'), size, mode='bilinear', align_corners=corners, warning=False)]
    bits = 64 if 'outputs_float64' in record else 32
    differences = [
        _difference(logits, output, record['official_output'] == 'sigmoid')
        for output in record['outputs_float64' if bits == 64 else 'outputs']
        for logits in forms
        if output['shape'] == list(logits.shape)
    ]
    if not differences:
        raise ValueError(f'{arch}: no recorded output has the shape {" or ".join(str(list(x.shape)) for x in forms)}')
    return Difference(min(differences), bits)


def _raw_map(scores: list[Tensor], boxes: list[Tensor], objectness: list[Tensor]) -> Tensor:
    """A detector's map as the official code orders it: box regressions, objectness, class."""
    return torch.cat([boxes[0], objectness[0], scores[0]], dim=1)


def _clip_logits(model: Any, clips: Tensor) -> list[Tensor]:
    """Logits of clips (B, T, C, H, W) in the forms in which official codes give them: of all frames, or the last."""
    if not model.has_all_frames:
        return [model(clips, mode='tensor').unsqueeze(2)]
    logits = model.decode_head.forward(model.extract_all_frames(clips)).unflatten(0, clips.shape[:2])
    return [logits, logits.transpose(1, 2), logits.squeeze(2)]


def _difference(logits: Tensor, output: dict, is_probability: bool) -> float:
    raw = output.get('pre_sigmoid')
    if raw is None:
        raw, logits = output, logits.sigmoid() if is_probability else logits
    scale = max(1.0, abs(raw['min']), abs(raw['max']))
    return float(np.abs(samples(logits) - np.asarray(raw['samples'])).max() / scale)


def count_and_compare(name: str, cfg: Config, size: int, records: dict[str, dict]) -> Figures:
    """Everything but the time."""
    if is_classical(cfg):
        return Figures(0, None)
    init_default_scope('mmdet' if is_clip_detector(cfg) else 'mmseg')
    network = MODELS.build(cfg.model)
    params, flops = count_params_and_flops(network, (size, size))
    figures = Figures(params, flops, getattr(network, 'num_frames', 1))
    for arch, record in records.items():
        if ARCHS[arch].model == name:
            figures.golden[arch] = golden_difference(cfg, arch, record)
    return figures
