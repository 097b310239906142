"""Checks of one segmentation network against the recorded figures of its official implementation."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.registry import init_default_scope
from torch import Tensor, nn

from mmirstd.registry import MODELS
from tests.golden import golden_input, load_golden, official_state_dict, samples
from tests.shared import REPO
from tools.model_converters.key_maps import ARCHS

Levels = Callable[[list[Tensor]], Sequence[Tensor]]


def _prediction(levels: list[Tensor]) -> list[Tensor]:
    return levels[:1]


class GoldenNetwork:
    """An architecture with the recorded weights, carried over by the converter's key map.

    Args:
        name: File in tests/data/golden, without ``.json``.
        arch: The converter's ``--arch``; its key map names the config.
        options: Changes of the config beside the input channels, e.g. ``{'model.backbone.official_unused': True}``.
        keep_unused: Keep what the official network never uses, as the converter's ``--keep-unused``.
    """

    def __init__(self, name: str, arch: str, options: dict[str, Any] | None = None, keep_unused: bool = False) -> None:
        self.golden = load_golden(name)
        self.key_map = ARCHS[arch]
        self.options = options or {}
        self.keep_unused = keep_unused
        self.official = official_state_dict(self.golden)
        self.channels = self.golden['input']['shape'][1]

    def build(self, in_channels: int | None = None, seed: int = 0) -> nn.Module:
        """The network with the official weights; every entry must have its place and the other way round."""
        init_default_scope('mmseg')
        in_channels = in_channels or self.channels
        cfg = Config.fromfile(REPO / self.key_map.model)
        cfg.merge_from_dict({'model.backbone.in_channels': in_channels, **self.options})
        torch.manual_seed(seed)
        model = MODELS.build(cfg.model)
        state = self.key_map.convert(self.official, in_channels, self.keep_unused)
        missing, unexpected = model.load_state_dict(state, strict=False)
        assert not missing
        assert not unexpected
        return model

    def check_fill(self) -> None:
        """The official weights are those of the record."""
        total = sum(float(v.double().sum()) for v in self.official.values())
        assert total == pytest.approx(self.golden['fill_check']['sum_all_float64'], abs=1e-6), 'fill protocol differs'

    def check_parameter_count(self, model: nn.Module) -> None:
        """Our parameters and those official ones that the key map drops are as many as the official network learns."""
        buffers = ('running_mean', 'running_var', 'num_batches_tracked', *self.golden.get('kept_values', {}))
        dropped = sum(value.numel() for key, value in self.official.items()
                      if self.key_map.is_dropped(key) and not key.endswith(buffers))
        assert sum(p.numel() for p in model.parameters()) + dropped == self.golden['params_trainable']

    def check_outputs(self, in_channels: int | None = None, levels: Levels = _prediction, atol: float = 1e-5,
                      variant: str | None = None) -> None:
        """Evaluation-mode outputs in float32, relative to the logits' scale where that is above 1.

        Args:
            in_channels: 1 checks the form whose repeated gray channels are folded.
            levels: From the head's logits (the prediction first) to the official order of outputs.
            atol: Largest difference, in units of the larger of 1 and the recorded logits' largest size.
            variant: Record to compare with; the plain one by default.
        """
        model = self.build(in_channels).eval()
        if in_channels is None:
            self.check_parameter_count(model)
        image = golden_input(self.golden['input'], channels=in_channels)
        with torch.no_grad():
            outputs = levels(self.logits(model, image))
            torch.testing.assert_close(model(image, mode='tensor'), self.logits(model, image)[0])
        record = self.golden['variants'][variant] if variant else self.golden
        self._compare(outputs, record['outputs'], atol)

    def check_float64(self, levels: Levels = _prediction, atol: float = 1e-10) -> None:
        """Evaluation-mode outputs in double precision."""
        model = self.build().double().eval()
        with torch.no_grad():
            outputs = levels(self.logits(model, golden_input(self.golden['input']).double()))
        self._compare(outputs, self.golden['outputs_float64'], atol)

    def check_training(self, levels: Levels = _prediction, atol: float = 5e-5, without_gradient: Sequence[str] = (),
                       compared: slice = slice(None), gradient_rtol: float | None = 1e-3,
                       statistics_rtol: float = 1e-5) -> None:
        """Training-mode outputs, gradient norm and batch-norm statistics; dropout is off, as in the record.

        Args:
            levels: See :meth:`check_outputs`.
            atol: See :meth:`check_outputs`.
            without_gradient: Our names of the parameters that get none.
            compared: The outputs to compare; the gradient is that of all.
            gradient_rtol: Relative tolerance of the gradient's norm; None where rounding decides it.
            statistics_rtol: Relative tolerance of the batch-norm statistics.
        """
        model = self.build().train()
        for module in model.modules():
            if isinstance(module, (nn.Dropout, nn.Dropout2d)):
                module.p = 0.0
        record = self.golden['train_forward']
        outputs = levels(self.logits(model, golden_input(self.golden['input'])))
        assert len(outputs) == len(record['outputs'])
        self._compare(outputs[compared], record['outputs'][compared], atol)
        if self.golden['official_output'] == 'sigmoid':
            outputs = [x.sigmoid() for x in outputs]
        sum(x.mean() for x in outputs).backward()
        assert [name for name, p in model.named_parameters() if p.grad is None] == list(without_gradient)
        norm = sum(float(p.grad.double().square().sum()) for p in model.parameters() if p.grad is not None)**0.5
        assert gradient_rtol is None or norm == pytest.approx(record['grad_norm'], rel=gradient_rtol)
        for kind in ('mean', 'var'):
            ours = sum(float(v.abs().sum()) for k, v in model.state_dict().items() if k.endswith(f'running_{kind}'))
            # What the official network never uses keeps its values.
            total = ours + sum(float(v.abs().sum()) for k, v in self.official.items()
                               if k.endswith(f'running_{kind}') and self.key_map.is_dropped(k))
            assert total == pytest.approx(record[f'running_{kind}_abs_sum_after'], rel=statistics_rtol)

    @staticmethod
    def logits(model: nn.Module, image: Tensor) -> list[Tensor]:
        """Logits of all supervised levels, the prediction's first."""
        return model.decode_head.level_logits(model.extract_feat(image))

    def _compare(self, outputs: Sequence[Tensor], records: Sequence[dict], atol: float) -> None:
        assert len(outputs) == len(records)
        for logits, record in zip(outputs, records):
            assert list(logits.shape) == record['shape']
            # Random weights saturate sigmoids, so logits are compared where they were recorded.
            raw = record.get('pre_sigmoid')
            if raw is None:
                raw, logits = record, logits.sigmoid() if self.golden['official_output'] == 'sigmoid' else logits
            scale = max(1.0, abs(raw['min']), abs(raw['max']))
            np.testing.assert_allclose(samples(logits), raw['samples'], rtol=0, atol=atol * scale)
            assert float(logits.detach().double().mean()) == pytest.approx(raw['mean'], abs=atol * scale)
