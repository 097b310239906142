"""Networks counted, timed, and compared with their official codes."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import torch
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmseg.models.utils import resize
from torch import Tensor

import mmirstd.registry  # noqa: F401
from mmirstd.apis.irstd_inferencer import IRSTDInferencer
from mmirstd.compat.hardware import read_cpu
from mmirstd.costs.alternating import time_turns
from mmirstd.costs.backend_sides import SESSIONS, TORCH, TORCH_BF16, session_sides, torch_sides
from mmirstd.costs.cost_table import machine
from mmirstd.costs.energy import EnergyCounter
from mmirstd.costs.memory import MIB
from mmirstd.engine.complexity import count_params_and_flops
from mmirstd.engine.config_names import networks
from mmirstd.engine.data_option import base_part
from mmirstd.key_maps import ARCHS
from mmirstd.key_maps.golden import golden_input, official_state_dict, samples
from mmirstd.models.segmentors import ClassicalSegmentor, MultiFrameSegmentor
from mmirstd.registry import MODELS
from mmirstd.utils.errors import UserError
from mmirstd.utils.resources import resource_root

REFERENCE = 'ggl-net'
_REFERENCE_SIDE = 'GGL-Net'
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
        time: Backend -> median time divided by that of GGL-Net in PyTorch; empty: not measured.
        costs: Backend -> ``ms``, ``ms_p95`` and, where they are known, ``mib`` and ``joules`` of an image.
        golden: ``--arch`` name -> difference from the official outputs.
    """

    params: int
    flops: int | None
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
            time=self.time or None,
            costs=self.costs or None,
            machine=machine() if self.time else None,
            golden={arch: str(difference) for arch, difference in self.golden.items()} if compared else None,
        )


def segmentation_models() -> dict[str, Config]:
    """Configs of networks of segmentation, of single images and of clips, by name, sorted.

    Variants are left out: what is made of another network's file in ``configs/_base_/models`` and has no official
    weights.
    """
    files = networks()
    official = {key_map.network for key_map in ARCHS.values()}
    configs = {
        name: Config.fromfile(path)
        for name, path in files.items()
        if name in official or path.stem == name or _is_made_of(path) not in files
    }
    init_default_scope('mmseg')
    return {
        name: cfg
        for name, cfg in configs.items()
        if cfg.model.type == 'EncoderDecoder' or is_classical(cfg) or is_of_clips(cfg)
    }


def _is_made_of(config: Path) -> str | None:
    """The name of the file in ``_base_/models`` that a config begins with."""
    part = base_part(config, 'models')
    return None if part is None else part.stem


def is_classical(cfg: Config) -> bool:
    """Whether a model config is that of a method without weights."""
    return _is_a(cfg, ClassicalSegmentor)


def is_of_clips(cfg: Config) -> bool:
    """Whether a model config is that of a segmentor of clips."""
    return _is_a(cfg, MultiFrameSegmentor)


def _is_a(cfg: Config, kind: type) -> bool:
    built = MODELS.get(cfg.model.type)
    return isinstance(built, type) and issubclass(built, kind)


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
    cfg = cfg.copy()
    cfg.merge_from_dict({'model.backbone.in_channels': channels, **record.get('our_options', {})})
    if is_of_clips(cfg):
        cfg.model.num_frames = record['input']['shape'][2]
    model = MODELS.build(cfg.model).double().eval()
    missing, unexpected = model.load_state_dict(
        ARCHS[arch].convert(official_state_dict(record), channels), strict=False
    )
    if missing or unexpected:
        raise ValueError(f'{arch}: converted weights do not fit, missing {missing[:3]}, unexpected {unexpected[:3]}')
    image = golden_input(record['input']).double()
    with torch.no_grad():
        if is_of_clips(cfg):
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


def measure_backends(
    name: str, cfg: Config, reference: Callable[[], Any], size: int, rounds: int, say: Callable[[str], None]
) -> tuple[dict[str, float], dict[str, dict[str, float]]]:
    """Time a network in each backend, by turns with GGL-Net in PyTorch.

    With one thread it is CPU time. Peak memory is measured of exported files, which run without PyTorch.

    Args:
        name: Of the network, for messages.
        cfg: Its config.
        reference: Runs GGL-Net once.
        size: Side of the image.
        rounds: Runs of each that count.
        say: Called with why a backend is missing.

    Returns:
        Backend -> median time over GGL-Net's, and backend -> costs of an image.
    """
    network = MODELS.build(cfg.model).eval()
    sides = torch_sides(cfg.model, network, (size, size))
    if not read_cpu().bfloat16:
        sides.pop(TORCH_BF16, None)
    with tempfile.TemporaryDirectory() as folder:
        if not is_of_clips(cfg):
            try:
                inferencer = IRSTDInferencer(network, device='cpu', backend='torch')
                sides.update(session_sides(inferencer, (size, size), Path(folder), lambda text: say(f'{name}: {text}')))
            except UserError as error:
                say(f'{name}: not exported: {error.message}')
        for backend, side in list(sides.items()):
            try:
                side.run()
            except RuntimeError as error:  # e.g. an operator that a runtime has in float32 alone
                say(f'{name}: {backend} left out: {str(error).splitlines()[0]}')
                del sides[backend]
        runs = {_REFERENCE_SIDE: reference, **{backend: side.run for backend, side in sides.items()}}
        turns = time_turns(runs, rounds, EnergyCounter())
        own_threads = torch.get_num_threads() == 1
        times = {
            backend: [1000 * (turn.seconds.cpu if own_threads else turn.seconds.wall) for turn in taken]
            for backend, taken in turns.items()
        }
        scale = median(times.pop(_REFERENCE_SIDE))
        costs = {}
        for backend, taken in times.items():
            joules = [turn.joules for turn in turns[backend] if turn.joules is not None]
            peak = sides[backend].peak() if backend in SESSIONS else None
            costs[backend] = {
                'ms': round(median(taken), 2),
                'ms_p95': round(float(np.percentile(taken, 95)), 2),
                **({} if peak is None else {'mib': round(peak / MIB)}),
                **({'joules': round(sum(joules) / len(joules), 4)} if joules else {}),
            }
    return {backend: round(median(taken) / scale, 4) for backend, taken in times.items()}, costs


def reference_run(cfg: Config, size: int) -> Callable[[], Any]:
    """A function that runs a network once in PyTorch."""
    return torch_sides(cfg.model, MODELS.build(cfg.model).eval(), (size, size))[TORCH].run


def count_and_compare(name: str, cfg: Config, size: int, records: dict[str, dict]) -> Figures:
    """Everything but the time."""
    if is_classical(cfg):
        return Figures(0, None)
    params, flops = count_params_and_flops(MODELS.build(cfg.model), (size, size))
    figures = Figures(params, flops)
    for arch, record in records.items():
        if ARCHS[arch].model == name:
            figures.golden[arch] = golden_difference(cfg, arch, record)
    return figures
