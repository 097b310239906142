"""Make visible what gradients a pyramid's levels get."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import torch
from mmengine.dist import master_only
from mmengine.hooks import Hook
from mmengine.model import is_model_wrapper
from mmengine.runner import Runner
from torch import Tensor, nn
from torch.nn import functional as F

from mmirstd.registry import HOOKS

from ..optim_wrapper import single_wrappers


def level_cosine(shallow: Tensor, deep: Tensor) -> float:
    """Cosine between the gradients of two adjacent levels.

    The deeper one is brought to the size of the shallower one (bilinear).  Where the two have different numbers of
    channels, which have nothing in common, the mean over the channels takes their place.  The cosine is that of all
    values of an image (so places with large gradients count most), averaged over the images that have gradients.

    Args:
        shallow: (B, C, H, W).
        deep: (B, C', h, w).

    Returns:
        In [-1, 1]; nan if no image has gradients in both.
    """
    shallow, deep = shallow.double(), deep.double()
    if shallow.shape[1] != deep.shape[1]:
        shallow, deep = (x.mean(dim=1, keepdim=True) for x in (shallow, deep))
    deep = F.interpolate(deep, size=shallow.shape[2:], mode='bilinear', align_corners=False)
    shallow, deep = shallow.flatten(1), deep.flatten(1)
    norms = shallow.norm(dim=1) * deep.norm(dim=1)
    some = norms > 0
    return ((shallow * deep).sum(dim=1)[some] / norms[some]).mean().item()


class _Level:
    """A feature, and the gradient that arrives at it in the end."""

    def __init__(self, feature: Tensor) -> None:
        self.size = tuple(feature.shape[2:])
        self.gradient: Tensor | None = None
        feature.register_hook(self._arrived)

    def _arrived(self, gradient: Tensor) -> None:
        # DGR's gradient form asks for it once before the backward pass: the last one counts.
        self.gradient = gradient.detach()


class _Edge:
    """The two gradients that meet at a level that feeds a finer one, as they arrive and as DGR lets them through."""

    def __init__(self, own: Tensor, incoming: Tensor, kept_own: Tensor, kept_incoming: Tensor) -> None:
        self.size = tuple(own.shape[2:])
        self.changed = own is not kept_own or incoming is not kept_incoming
        self.own, self.incoming = own.detach(), incoming.detach()
        self.kept_own, self.kept_incoming = kept_own.detach(), kept_incoming.detach()


@HOOKS.register_module()
class GradientDiagnosticsHook(Hook):
    """Record, at an interval, the gradients that a pyramid's levels get, and write them to the visualizer.

    Scalars, by the level's stride s: ``grad_norm/P_s8``: L2 norm over the batch of the gradient of the whole loss with
    respect to a level of the pyramid; ``grad_norm/C_s8``: to a backbone level that the pyramid takes (this shows what
    the isolation of GILS keeps from the early layers); ``grad_cos/P_s8_s16``: cosine between adjacent levels,
    :func:`level_cosine`.

    Of a known top-down path (:class:`mmirstd.models.necks.TopDownTaps`) also, for each level that feeds a finer one,
    the two parts of its gradient as they arrive: ``grad_norm/own_s16``, by the level's own output,
    ``grad_norm/top_down_s16``, by the finer level, and ``grad_cos/own_top_down_s16``, the cosine between them; behind
    a gate or route of BPFPN ``grad_norm/own_kept_s16`` and ``grad_norm/top_down_kept_s16``, what is let through.  With
    a loss of DGR's these are left out.

    AMP's loss scale and the division by gradient accumulation are taken out; with several optimizers those of the one
    that trains the neck, and of several backward passes through it the last one counts.  Of a neck that is
    called several times a step (frames of a clip), the squares of the norms add up and cosines are averaged.  In
    distributed training they are those of rank 0.  ``tools/analysis_tools/plot_gradients.py`` compares two runs.

    It works with any neck, so that a base network can be compared with its BP variant, and costs nothing in the
    iterations between.

    Args:
        interval: Iterations between records; the first iteration is recorded, too.
        module: Name of the neck in the model.
        levels: ``'output'``: the neck's outputs; ``'inner'``: the levels of its top-down path
            (:class:`mmirstd.models.necks.TopDownTaps`); ``'auto'``: outputs, if there are two or more.

    Raises:
        ValueError: An interval below 1 or unknown levels; in training, a module that the model does not have.
    """

    # After OptimWrapper's step; before LoggerHook.
    priority = 'NORMAL'

    def __init__(self, interval: int = 50, module: str = 'neck', levels: str = 'auto') -> None:
        if interval < 1:
            raise ValueError(f'GradientDiagnosticsHook: interval={interval}; expected 1 or more')
        if levels not in ('auto', 'output', 'inner'):
            raise ValueError(f"GradientDiagnosticsHook: levels={levels!r}; expected 'auto', 'output' or 'inner'")
        self.interval = interval
        self.module = module
        self.levels = levels
        self._handles: list[Any] = []
        self._taps: Any = None
        self._neck: Any = None
        self._levels_inside: list[Tensor] = []
        # for each call of the neck: backbone levels, pyramid levels
        self._calls: list[tuple[list[_Level | None], list[_Level | None]]] = []
        # for each call of the neck: level -> the last gradients that met there (see _Level)
        self._edges: list[dict[int, _Edge]] = []
        self._image_size: tuple[int, int] | None = None
        self._scale = 1.0

    def before_train(self, runner: Runner) -> None:
        """Check that the model has the module."""
        self._find(_unwrap(runner.model))

    def before_train_iter(self, runner: Runner, batch_idx: int, data_batch: Any = None) -> None:
        """Watch the neck in this iteration, if it is one to record."""
        self._release()
        if runner.iter and (runner.iter + 1) % self.interval:
            return
        model = _unwrap(runner.model)
        neck = self._find(model)
        self._handles = [
            model.register_forward_pre_hook(self._see_image, with_kwargs=True),
            neck.register_forward_pre_hook(self._before_neck),
            neck.register_forward_hook(self._after_neck),
        ]
        self._scale = _loss_scale(_wrapper_of(neck, runner.optim_wrapper))

    def after_train_iter(self, runner: Runner, batch_idx: int, data_batch: Any = None, outputs: Any = None) -> None:
        """Write what was recorded."""
        if not self._handles:
            return
        scalars = self._scalars()
        self._release()
        self._write(runner, scalars)

    def after_train(self, runner: Runner) -> None:
        """Leave the network as it was."""
        self._release()

    @master_only
    def _write(self, runner: Runner, scalars: dict[str, float]) -> None:
        if scalars:
            runner.visualizer.add_scalars(scalars, step=runner.iter + 1)

    def _find(self, model: nn.Module) -> nn.Module:
        try:
            return model.get_submodule(self.module)
        except AttributeError:
            names = ', '.join(name for name, _ in model.named_children())
            raise ValueError(
                f'GradientDiagnosticsHook: {type(model).__name__} has no module={self.module!r}; it has {names}'
            ) from None

    def _see_image(self, model: nn.Module, args: tuple, kwargs: dict) -> None:
        images = kwargs.get('inputs', args[0] if args else None)
        self._image_size = (images.shape[-2], images.shape[-1]) if torch.is_tensor(images) else None

    def _before_neck(self, neck: Any, args: tuple) -> None:
        from mmirstd.models.necks import BPFPN, TopDownTaps

        if not torch.is_grad_enabled():
            return
        edges: dict[int, _Edge] = {}
        self._edges.append(edges)

        def watch(level: int, *gradients: Tensor) -> None:
            edges[level] = _Edge(*gradients)

        wrapped = isinstance(neck, BPFPN)
        pyramid = neck.first if wrapped else getattr(neck, 'pyramid', neck)
        try:
            self._taps = TopDownTaps(pyramid, watch=None if wrapped else watch)
        except ValueError:
            if self.levels == 'inner':
                raise
            self._taps = None
            return
        if wrapped:  # it puts its own gates in, and must be asked
            self._neck, neck.watch = neck, watch
        self._taps.__enter__()

    def _after_neck(self, neck: nn.Module, args: tuple, outs: Any) -> None:
        levels = [outs] if torch.is_tensor(outs) else list(outs)
        if self._taps is not None:
            self._leave()
            if self.levels == 'inner' or (self.levels == 'auto' and len(levels) < 2):
                levels = self._levels_inside
        # The gradient hooks come after those that BPFPN's gate put on the same features: they see what it let through.
        inputs = args[0] if args and isinstance(args[0], Sequence) else []
        before, after = ([_Level(x) if x.requires_grad else None for x in group] for group in (inputs, levels))
        self._calls.append((before, after))

    def _leave(self) -> None:
        """Take the neck's taps away."""
        if self._taps is not None:
            self._taps.__exit__()
            self._levels_inside = self._taps.levels
        if self._neck is not None:
            self._neck.watch = None
        self._taps = self._neck = None

    def _stride_name(self, size: Sequence[int]) -> str:
        assert self._image_size is not None
        ratio = max(full / mine for full, mine in zip(self._image_size, size))
        return f's{2 ** max(0, round(math.log2(ratio)))}'

    def _stride_names(self, group: list[_Level | None]) -> list[str]:
        """s8, s16, ...; with the index in the group where strides cannot be told, or one occurs twice."""
        names = []
        for index, level in enumerate(group):
            if level is None or self._image_size is None:
                names.append(f'l{index}')
                continue
            name = self._stride_name(level.size)
            names.append(f'{name}_l{index}' if name in names else name)
        return names

    def _scalars(self) -> dict[str, float]:
        sums: dict[str, list[float]] = {}
        for inputs, levels in self._calls:
            for letter, group in (('C', inputs), ('P', levels)):
                names = self._stride_names(group)
                for name, level in zip(names, group):
                    if level is not None and level.gradient is not None:
                        sums.setdefault(f'grad_norm/{letter}_{name}', []).append(self._square(level.gradient))
                if letter == 'C':
                    continue
                for name, shallow, deep_name, deep in zip(names, group, names[1:], group[1:]):
                    if shallow is None or deep is None or shallow.gradient is None or deep.gradient is None:
                        continue
                    cosine = level_cosine(shallow.gradient, deep.gradient)
                    if math.isfinite(cosine):
                        sums.setdefault(f'grad_cos/P_{name}_{deep_name}', []).append(cosine)
        for edges in self._edges:
            for number, edge in edges.items():
                self._add_edge(sums, edge, f'l{number}' if self._image_size is None else self._stride_name(edge.size))
        # An overflow that AMP skips is no measurement.
        scalars = {
            key: math.sqrt(sum(values)) if key.startswith('grad_norm') else sum(values) / len(values)
            for key, values in sums.items()
        }
        return {key: value for key, value in scalars.items() if math.isfinite(value)}

    def _add_edge(self, sums: dict[str, list[float]], edge: _Edge, name: str) -> None:
        for part, arrived, kept in (
            ('own', edge.own, edge.kept_own),
            ('top_down', edge.incoming, edge.kept_incoming),
        ):
            sums.setdefault(f'grad_norm/{part}_{name}', []).append(self._square(arrived))
            if edge.changed:
                sums.setdefault(f'grad_norm/{part}_kept_{name}', []).append(self._square(kept))
        cosine = level_cosine(edge.own, edge.incoming)
        if math.isfinite(cosine):
            sums.setdefault(f'grad_cos/own_top_down_{name}', []).append(cosine)

    def _square(self, gradient: Tensor) -> float:
        return gradient.double().square().sum().item() / self._scale**2

    def _release(self) -> None:
        for handle in self._handles:
            handle.remove()
        self._leave()  # the pass may have failed inside the neck
        self._handles = []
        self._calls = []
        self._edges = []


def _unwrap(model: Any) -> nn.Module:
    return model.module if is_model_wrapper(model) else model


def _wrapper_of(module: nn.Module, optim_wrapper: Any) -> Any:
    """Of several optimizers the one that trains a module's parameters; the first where none does."""
    wrappers, own = single_wrappers(optim_wrapper), {id(parameter) for parameter in module.parameters()}
    for wrapper in wrappers:
        if any(id(parameter) in own for group in wrapper.param_groups for parameter in group['params']):
            return wrapper
    return wrappers[0]


def _loss_scale(optim_wrapper: Any) -> float:
    """By what the loss is multiplied before the backward pass of this iteration."""
    scale = float(optim_wrapper.scale_loss(torch.ones(())))
    scaler = getattr(optim_wrapper, 'loss_scaler', None)
    return scale * (float(scaler.get_scale()) if scaler is not None else 1.0)
