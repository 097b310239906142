"""Checks of one network against the recorded figures of its official implementation.

Float64 decides.  Run in float64, two right implementations differ by float64's rounding alone, so ours must equal the
recorded float64 outputs to that.  Where only float32 figures were recorded (training, deep supervision, two networks
whose official code knows no float64), ours in float64 must equal them to the rounding of the official float32 run; and
our float32 results must equal our float64 results to the same.  How much rounding does to a network is its own
conditioning, see :mod:`tests.rounding`; it is recorded in tests/data/golden_rounding.json, so that no check depends on
how the machine at hand rounds.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.registry import init_default_scope
from torch import Tensor, nn

from mmirstd.key_maps import ARCHS
from mmirstd.key_maps.golden import golden_input, official_state_dict, samples
from mmirstd.registry import MODELS
from tests.networks import network_model
from tests.rounding import DRAWS, UNIT, RoundingNoise
from tests.shared import DATA, load_golden

ROUNDING = DATA / 'golden_rounding.json'
# A result may be this many times the root-mean-square effect of rounding away.  The largest of 64 samples of a normal
# distribution is about 3 times it; the places of one map do not all have the same, and where rounding changes signs
# (UIU-Net's training) the distribution is wider than a normal one.  With AVX-512, AVX2 and SSE4.1 and with one and two
# threads, the largest of all networks' results was 4.0.
MARGIN = 12
# Float64's rounding in units of float32's: to first order, all effects of rounding are as much smaller.
DOUBLE = 2.0**-29

Levels = Callable[[list[Tensor]], Sequence[Tensor]]
Change = Callable[[nn.Module], None]


def prediction(levels: list[Tensor]) -> list[Tensor]:
    """Of all supervised levels the first, the prediction."""
    return levels[:1]


class Figures:
    """What is recorded of a tensor: its shape, 64 samples, mean, standard deviation and range."""

    def __init__(self, tensor: Tensor) -> None:
        double = tensor.detach().double()
        self.shape = list(tensor.shape)
        self.samples = samples(double)
        self.mean = float(double.mean())
        self.std = float(double.std(unbiased=False))
        self.min = float(double.min())
        self.max = float(double.max())

    def check(self, record: Mapping[str, Any], atol: float) -> None:
        """Equal to a record: no sample, and so neither mean nor range, is further from it than ``atol``."""
        assert self.shape == record['shape']
        np.testing.assert_allclose(self.samples, record['samples'], rtol=0, atol=atol)
        # A mean and a deviation are sums of all entries, whose order is the recorder's.
        summed = math.prod(self.shape) * UNIT * DOUBLE
        for name in {'mean', 'std', 'min', 'max'} & record.keys():
            extra = summed * self.std if name in ('mean', 'std') else 0
            assert getattr(self, name) == pytest.approx(record[name], rel=0, abs=atol + extra), name

    def sigmoid_samples(self) -> np.ndarray:
        """The samples of what official networks call their output."""
        return torch.from_numpy(self.samples).sigmoid().numpy()


@dataclass
class Step:
    """A forward and backward pass in training mode.

    Attributes:
        outputs: In the official order.
        scalars: ``gradient_norm`` over all parameters, and the sums ``running_mean`` and ``running_var`` of the
            batch-norm statistics' magnitudes after it.
        without_gradient: Names of the parameters that got none.
    """

    outputs: list[Figures]
    scalars: dict[str, float]
    without_gradient: list[str]


class GoldenNetwork:
    """An architecture with the recorded weights, carried over by the converter's key map.

    Args:
        name: File in tests/data/golden, without ``.json``.
        arch: The converter's ``--arch``; its key map names the config.
        levels: From the logits of all supervised levels (the prediction's first) to the recorded outputs.
        training_levels: The same for training; ``levels`` by default.
        variants: The same for the recorded variants of the evaluation.
        options: Changes of the config beside the input channels, e.g. ``{'model.backbone.official_unused': True}``.
        keep_unused: Keep what the official network never uses, as the converter's ``--keep-unused``.
        gradient_norm: Of the official training step in float64, where somebody ran it.
        equal_terms: How many equal numbers float32 may add, one after the other, to a bias's gradient (each pixel's
            part in the mean that is the loss): their rounding errors are equal, too, and do not average out as noise.
    """

    def __init__(
        self,
        name: str,
        arch: str,
        levels: Levels = prediction,
        training_levels: Levels | None = None,
        variants: Mapping[str, Levels] | None = None,
        options: dict[str, Any] | None = None,
        keep_unused: bool = False,
        gradient_norm: float | None = None,
        equal_terms: int = 0,
    ) -> None:
        self.golden = load_golden(name)
        self.arch = arch
        self.key_map = ARCHS[arch]
        self.levels = levels
        self.training_levels = training_levels or levels
        self.variants = dict(variants or {})
        self.options = {**self.golden.get('our_options', {}), **(options or {})}
        self.keep_unused = keep_unused
        self.gradient_norm = gradient_norm
        self.equal_terms = equal_terms
        self.channels = self.golden['input']['shape'][1]
        self._evaluations: dict[tuple, dict[str | None, list[Figures]]] = {}
        self._steps: dict[torch.dtype, Step] = {}

    # The network

    @cached_property
    def official(self) -> dict[str, Tensor]:
        """The official state dict."""
        return official_state_dict(self.golden)

    @property
    def folds(self) -> bool:
        """Whether the official network sees one gray channel three times, so that ours can see it once."""
        return self.channels == 3 and not self.key_map.unfoldable

    def new(self, in_channels: int, training: bool = False) -> nn.Module:
        """Our network before it gets its weights."""
        init_default_scope('mmseg')
        cfg = Config(dict(model=network_model(self.key_map.network)))
        cfg.merge_from_dict({'model.backbone.in_channels': in_channels, **self.options})
        return MODELS.build(cfg.model)

    def build(
        self, in_channels: int | None = None, dtype: torch.dtype = torch.float32, training: bool = False
    ) -> nn.Module:
        """Our network with the official weights; every entry must have its place and the other way round."""
        in_channels = in_channels or self.channels
        torch.manual_seed(0)
        model = self.new(in_channels, training).to(dtype).train(training)
        official = {
            key: value.to(dtype) if value.is_floating_point() else value for key, value in self.official.items()
        }
        missing, unexpected = model.load_state_dict(
            self.key_map.convert(official, in_channels, self.keeps_unused(training)), strict=False
        )
        assert not missing
        assert not unexpected
        return model

    def keeps_unused(self, training: bool) -> bool:
        """Whether the network has the parameters that the official one never uses."""
        return self.keep_unused

    def input(self, in_channels: int | None = None, training: bool = False) -> Tensor:
        """The recorded input."""
        spec = self.golden['input']
        return golden_input(
            {**spec, 'shape': self.golden['train_forward']['input_shape']} if training else spec, in_channels
        )

    def logits(self, model: nn.Module, image: Tensor) -> list[Tensor]:
        """Logits of all supervised levels, the prediction's first."""
        return model.decode_head.level_logits(model.extract_feat(image))

    def prediction(self, model: nn.Module, image: Tensor) -> Tensor:
        """What of the logits is the prediction, which the segmentor must give."""
        return self.logits(model, image)[0]

    # Its results

    def evaluate(self, dtype: torch.dtype, in_channels: int | None = None) -> dict[str | None, list[Figures]]:
        """Outputs in evaluation mode, by variant; the plain ones under None."""
        key = (dtype, in_channels)
        if key not in self._evaluations:
            self._evaluations[key] = self._evaluate(dtype, in_channels)
        return self._evaluations[key]

    def _evaluate(
        self, dtype: torch.dtype, in_channels: int | None = None, noise: int | None = None, change: Change | None = None
    ) -> dict[str | None, list[Figures]]:
        model = self.build(in_channels, dtype)
        if change:
            change(model)
        image = self.input(in_channels).to(dtype)
        with torch.no_grad():
            if noise is None:
                logits = self.logits(model, image)
            else:
                with RoundingNoise(noise):
                    logits = self.logits(model, image)
            return {
                variant: [Figures(x) for x in levels(logits)]
                for variant, levels in {None: self.levels, **self.variants}.items()
            }

    def train(self, dtype: torch.dtype) -> Step:
        """The recorded training step: dropout off, the loss is the sum of the outputs' means."""
        if dtype not in self._steps:
            self._steps[dtype] = self._train(dtype)
        return self._steps[dtype]

    def _train(self, dtype: torch.dtype, noise: int | None = None, change: Change | None = None) -> Step:
        model = self.build(dtype=dtype, training=True)
        for module in model.modules():
            if isinstance(module, (nn.Dropout, nn.Dropout2d)):
                module.p = 0.0
        if change:
            change(model)
        image = self.input(training=True).to(dtype)
        if noise is None:
            outputs = self._step(model, image)
        else:
            with RoundingNoise(noise):
                outputs = self._step(model, image)
        parameters = dict(model.named_parameters())
        scalars = dict(
            gradient_norm=sum(float(p.grad.double().square().sum()) for p in parameters.values() if p.grad is not None)
            ** 0.5
        )
        for kind in ('running_mean', 'running_var'):
            ours = [value for key, value in model.state_dict().items() if key.endswith(kind)]
            # What the official network never uses keeps its values.
            ours += [v for k, v in self.official.items() if k.endswith(kind) and self.key_map.is_dropped(k)]
            scalars[kind] = sum(float(value.double().abs().sum()) for value in ours)
        return Step([Figures(x) for x in outputs], scalars, [k for k, p in parameters.items() if p.grad is None])

    def _step(self, model: nn.Module, image: Tensor) -> Sequence[Tensor]:
        outputs = self.training_outputs(model, image)
        sigmoid = self.golden['official_output'] == 'sigmoid'
        sum((x.sigmoid() if sigmoid else x).mean() for x in outputs).backward()
        return outputs

    def training_outputs(self, model: nn.Module, image: Tensor) -> Sequence[Tensor]:
        """All outputs of a training step in the official order."""
        return self.training_levels(self.logits(model, image))

    # Its conditioning

    def measure_rounding(self, draws: int = DRAWS) -> dict[str, Any]:
        """How far float32 rounding moves the results: root mean squares over samples and draws of the noise."""
        exact = self.evaluate(torch.float64)
        noisy = [self._evaluate(torch.float64, noise=seed) for seed in range(draws)]
        step = self.train(torch.float64)
        noisy_steps = [self._train(torch.float64, noise=seed) for seed in range(draws)]
        variants = {variant: _scatter(figures, [run[variant] for run in noisy]) for variant, figures in exact.items()}
        return dict(
            outputs=variants.pop(None),
            variants=variants,
            training=_scatter(step.outputs, [run.outputs for run in noisy_steps]),
            **{name: _rms([run.scalars[name] - value for run in noisy_steps]) for name, value in step.scalars.items()},
        )

    @cached_property
    def rounding(self) -> dict[str, Any]:
        """The recorded :meth:`measure_rounding`."""
        return rounding_records()[self.arch]

    # The checks

    def check_weights(self) -> None:
        """The official weights are those of the record, and ours are as many."""
        total = sum(float(v.double().sum()) for v in self.official.values())
        assert total == pytest.approx(self.golden['fill_check']['sum_all_float64'], abs=1e-6), 'fill protocol differs'
        # The dropped ones are constants that our network computes, and what the official network never uses.
        kept = [key for key, scale in self.golden['scale'].items() if scale == 'keep']
        buffers = ('running_mean', 'running_var', 'num_batches_tracked', *self.golden.get('kept_values', {}), *kept)
        dropped = sum(
            value.numel()
            for key, value in self.official.items()
            if self.key_map.is_dropped(key) and not key.endswith(buffers)
        )
        ours = sum(p.numel() for p in self.build(training=True).parameters())
        assert ours + dropped == self.golden['params_trainable']

    def check_outputs(self, in_channels: int | None = None, change: Change | None = None) -> None:
        """Outputs in evaluation mode and float64 equal the recorded ones."""
        runs = (
            self._evaluate(torch.float64, in_channels, change=change)
            if change
            else self.evaluate(torch.float64, in_channels)
        )
        double = 'outputs_float64' in self.golden
        self._check(
            runs[None],
            self.golden['outputs_float64' if double else 'outputs'],
            self.rounding['outputs'],
            MARGIN * (DOUBLE if double else 1),
        )
        for variant in self.variants:
            self._check(
                runs[variant], self.golden['variants'][variant]['outputs'], self.rounding['variants'][variant], MARGIN
            )

    def check_training(self, change: Change | None = None) -> None:
        """A training step in float64 equals the recorded one of the official network, which ran in float32."""
        step = self._train(torch.float64, change=change) if change else self.train(torch.float64)
        record = self.golden['train_forward']
        self._check(step.outputs, record['outputs'], self.rounding['training'], MARGIN)
        scalars = dict(
            gradient_norm=record['grad_norm'],
            running_mean=record['running_mean_abs_sum_after'],
            running_var=record['running_var_abs_sum_after'],
        )
        for name, value in step.scalars.items():
            # The sums were themselves summed in float32.
            assert value == pytest.approx(scalars[name], rel=0, abs=self._scalar_atol(name, value)), name
        if self.gradient_norm is not None:
            assert step.scalars['gradient_norm'] == pytest.approx(self.gradient_norm, rel=1e-9)
        named = [name for name, _ in self.build(training=True).named_parameters()]
        unused = (
            {self.key_map.rename(key) for key in record['params_without_grad'] if not self.key_map.is_dropped(key)}
            if self.keeps_unused(True)
            else set()
        )
        assert step.without_gradient == [name for name in named if name in unused]
        assert len(step.without_gradient) == len(unused)

    def check_float32(self, change: Change | None = None) -> None:
        """Our outputs in float32 equal those in float64."""
        runs = self._evaluate(torch.float32, change=change) if change else self.evaluate(torch.float32)
        for variant, exact in self.evaluate(torch.float64).items():
            bounds = self.rounding['outputs'] if variant is None else self.rounding['variants'][variant]
            for figures, expected, bound in zip(runs[variant], exact, bounds, strict=True):
                figures.check(vars(expected), MARGIN * bound)

    def check_float32_training(self) -> None:
        """A training step in float32 equals that in float64."""
        step, exact = self.train(torch.float32), self.train(torch.float64)
        for figures, expected, bound in zip(step.outputs, exact.outputs, self.rounding['training'], strict=True):
            figures.check(vars(expected), MARGIN * bound)
        for name, value in exact.scalars.items():
            atol = self._scalar_atol(name, value)
            if name == 'gradient_norm':  # the sum of the equal terms is 1
                atol += UNIT * self.equal_terms
            assert step.scalars[name] == pytest.approx(value, rel=0, abs=atol), name
        assert step.without_gradient == exact.without_gradient

    def _scalar_atol(self, name: str, value: float) -> float:
        return MARGIN * max(self.rounding[name], UNIT * abs(value))

    def _check(self, runs: Sequence[Figures], records: Sequence[dict], bounds: Sequence[float], margin: float) -> None:
        for figures, record, bound in zip(runs, records, bounds, strict=True):
            # Random weights saturate sigmoids, so logits are compared where they were recorded, the sigmoids as well.
            raw = record.get('pre_sigmoid')
            figures.check(record if raw is None else raw, margin * bound)
            if raw is not None:
                np.testing.assert_allclose(
                    figures.sigmoid_samples(), record['samples'], rtol=0, atol=margin * max(bound / 4, UNIT)
                )


def _rms(values: Sequence[float] | np.ndarray) -> float:
    return float(np.sqrt(np.mean(np.square(values))))


def _scatter(exact: Sequence[Figures], noisy: Sequence[Sequence[Figures]]) -> list[float]:
    return [_rms(np.stack([run[i].samples - figures.samples for run in noisy])) for i, figures in enumerate(exact)]


@cache
def rounding_records() -> dict[str, dict[str, Any]]:
    """The recorded effect of rounding, by ``--arch`` name."""
    return json.loads(ROUNDING.read_text())
