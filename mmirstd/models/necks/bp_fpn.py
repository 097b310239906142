"""BP-FPN: a wrapper that changes how a pyramid's gradients flow."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from typing import Any

import torch
from torch import Tensor, nn

from mmirstd.registry import MODELS

from ..auxiliary_loss import AuxiliaryLossModule
from ..losses.dgr_loss import DEFAULT_FORM, FORMS, LOSS_FORMS, DGRLoss
from .gils import GILS
from .top_down_taps import TopDownTaps, Watch


class _Step:
    """What a training step adds to the detector's loss dict, once for all passes through the neck."""

    def __init__(self, dgr: DGRLoss | None, log: dict[str, Tensor]) -> None:
        self.dgr = dgr
        self.log = log
        self.levels: list[tuple[Tensor, ...]] = []
        self.paths: list[tuple[Tensor, ...]] | None = None

    def add(self, levels: tuple[Tensor, ...], path: tuple[Tensor, ...] | None) -> None:
        self.levels.append(levels)
        if path is not None:
            self.paths = [*(self.paths or []), path]

    def __call__(self, detector_loss: Tensor, images: Any, data_samples: Any) -> dict[str, Tensor]:
        if self.dgr is None:
            return self.log
        size = tuple(images.shape[-2:]) if torch.is_tensor(images) else None
        own = detector_loss if self.dgr.needs_detector_loss else None
        return {**self.log, self.dgr.loss_name: self.dgr(self.levels, own, data_samples, size, self.paths)}


def _input_channels(neck: nn.Module, cfg: Mapping[str, Any]) -> list[int]:
    """Channels of the levels that a neck takes; where it keeps none (mmdet.ChannelMapper), those of its config."""
    channels = getattr(neck, 'in_channels', cfg.get('in_channels'))
    if channels is None:
        raise ValueError(
            f'BPFPN: {type(neck).__name__} has no in_channels, from which the wrapper learns how many levels it takes\n'
            '  cure: a neck of your own gets one (self.in_channels, a list, finest first); others cannot be wrapped'
        )
    return [channels] if isinstance(channels, int) else list(channels)


@MODELS.register_module()
class BPFPN(AuxiliaryLossModule):
    """Any feature pyramid, with a gradient-isolated low-level shortcut and directional gradient regularization.

    OUR READING of "You Only Look Omni Gradient Backpropagation for Moving Infrared Small Target Detection"
    (arXiv 2511.13013), of which only the abstract and overview were available; every choice is a switch.
    A config becomes its BP variant by inheritance::

        model = dict(
            backbone=dict(out_indices=(1, 2, 3, 4)),  # one level more, in front
            neck=dict(_delete_=True, type='mmirstd.BPFPN', pyramid={{_base_.model.neck}}, gils=dict(), dgr=dict()))
        default_hooks = dict(auxiliary_loss=dict(type='mmirstd.AuxiliaryLossHook'))  # for dgr with a loss

    Where the hook is there, the mean size of GILS's scale is logged as ``gils_scale`` (0: the shortcut is closed), and
    the factors of a route with a schedule as ``dgr_alpha_l1`` and so on.

    The pyramid is not changed: its checkpoint (keys ``neck.X``) loads into the wrapper (``neck.pyramid.X``), and at
    inference DGR does not exist.  A variant's weights are at first those of the base network with the same seed.

    Args:
        pyramid: Config of the pyramid: ``mmdet.FPN``, ``PAFPN``, ``YOLOXPAFPN``, ``CSPNeXtPAFPN``, ``mmseg.FPN``,
            ``mmirstd.CSPFPN``, or another neck from a sequence of features, finest first, to one.  A list of configs
            is a chain, as mmdet takes it: FPN and BFP.  The first one gets the backbone's levels and has the top-down
            path.
        gils: None, or the arguments of :class:`GILS`, and

            * ``in_channels``: channels of the low level; by default half of the next level's;
            * ``at``: ``'output'`` (default) or ``'input'``: whether the pyramid's output or input of the next level's
              stride receives the shortcut (chosen on Drone-IR's validation videos, configs/bp_fpn/experiments.md);
            * ``level``: the input of the pyramid that is this next level.  By default its finest.  If that is input 0,
              the low level is a further one, which the backbone puts in front; otherwise it is input ``level - 1``, as
              with mmdet's FPN with ``start_level=1``, which gets C2 and does not use it.
        dgr: None, or the arguments of :class:`DGRLoss` (``in_channels`` is found out), and

            * ``levels``: of the forms with a loss.  ``'output'``: the pyramid's outputs; ``'inner'``: the features of
              its top-down path, all of them even where only one comes out (:class:`TopDownTaps`); ``'auto'``
              (default): outputs, if there are two or more;
            * ``isolate``: of the forms with a loss; with ``target='deep'`` a level follows the deeper one, on which it
              also depends by the top-down path.  True (default): DGR's gradient does not take this way into the deeper
              level, which so learns from the detector's losses alone.  It costs one more backward pass through the
              top-down path.
        init_cfg: mmengine initialization.

    Attributes:
        watch: Of :class:`TopDownTaps`, in training passes without a loss of DGR (which with
            ``isolate`` sends gradients by neither way); :class:`mmirstd.GradientDiagnosticsHook` sets it.

    Raises:
        ValueError: An argument that does not fit the pyramid.
    """

    def __init__(
        self,
        pyramid: dict | Sequence[dict],
        gils: dict | None = None,
        dgr: dict | None = None,
        init_cfg: dict | list[dict] | None = None,
    ) -> None:
        super().__init__(init_cfg)
        self.pyramid: nn.Module = MODELS.build(pyramid)
        self.in_channels = _input_channels(self.first, pyramid if isinstance(pyramid, Mapping) else pyramid[0])
        self.start_level = getattr(self.first, 'start_level', 0)
        self.gils: GILS | None = None
        self.dgr: DGRLoss | None = None
        self.watch: Watch | None = None
        # The rest of the network draws the weights it would draw without, so that runs can be compared in pairs.
        with torch.random.fork_rng(devices=[]):
            if gils is not None:
                self._build_gils(dict(gils))
            if dgr is not None:
                self._build_dgr(dict(dgr))

    @property
    def first(self) -> nn.Module:
        """The pyramid, or the first neck of a chain: the one that gets the backbone's levels."""
        return self.pyramid[0] if isinstance(self.pyramid, nn.Sequential) else self.pyramid

    def _build_gils(self, cfg: dict) -> None:
        self.at = cfg.pop('at', 'output')
        if self.at not in ('input', 'output'):
            raise ValueError(f"BPFPN: gils.at={self.at!r}; expected 'input' or 'output'")
        level = cfg.pop('level', None)
        self.level = self.start_level if level is None else level
        if not self.start_level <= self.level < len(self.in_channels):
            raise ValueError(
                f'BPFPN: gils.level={self.level}; the pyramid uses its inputs {self.start_level} to '
                f'{len(self.in_channels) - 1}'
            )
        low_channels = cfg.pop('in_channels', None)
        if self.level:
            if low_channels not in (None, self.in_channels[self.level - 1]):
                raise ValueError(
                    f'BPFPN: gils.in_channels={low_channels}, but the low level is input {self.level - 1} '
                    f'of the pyramid with {self.in_channels[self.level - 1]} channels'
                )
            low_channels = self.in_channels[self.level - 1]
        channels = self.in_channels[self.level]
        if self.at == 'output':
            out_channels = self._probe()[0]
            self.output = self._output_of_level(len(out_channels))
            channels = out_channels[self.output]
        self.gils = GILS(low_channels or self.in_channels[0] // 2, channels, **cfg)

    def _output_of_level(self, count: int) -> int:
        """Which of the pyramid's ``count`` outputs has the stride of input ``self.level``."""
        levels = list(getattr(self.first, 'out_levels', range(self.start_level, self.start_level + count)))
        if self.level not in levels:
            raise ValueError(
                f"BPFPN: gils.at='output' needs an output at the stride of input {self.level} "
                f'(gils.level), but {type(self.first).__name__} gives out levels {levels}\n  cure: that '
                "level among out_levels, another gils.level, or at='input'"
            )
        return levels.index(self.level)

    def _build_dgr(self, cfg: dict) -> None:
        form = cfg.get('form', DEFAULT_FORM)
        has_loss = form in LOSS_FORMS
        if cfg.get('levels', 'auto') not in ('auto', 'output', 'inner'):
            raise ValueError(f"BPFPN: dgr.levels={cfg['levels']!r}; expected 'auto', 'output' or 'inner'")
        if form in FORMS and not has_loss:
            self._check_no_loss_options(form, cfg)
        levels = cfg.pop('levels', 'auto')
        isolate = cfg.pop('isolate', True)
        out_channels, inner_channels = self._probe()
        if levels == 'auto':
            levels = 'output' if len(out_channels) > 1 else 'inner'
        self.dgr_levels = levels
        self.dgr_isolate = isolate and cfg.get('target', 'deep') == 'deep' and has_loss
        taps = TopDownTaps(self.first) if levels == 'inner' or not has_loss or self.dgr_isolate else None
        if has_loss and taps is not None and len(inner_channels) <= taps.num_edges:
            raise ValueError(
                f'BPFPN: form={form!r} compares all levels of the top-down path, and the finest one of '
                f'{type(self.first).__name__} is not seen\n  cure: give your pyramid top_down_blocks, a ModuleList '
                "whose last module gives that level; or form='route' (the default)"
            )
        channels = out_channels if levels == 'output' else inner_channels
        cfg.setdefault('type', 'mmirstd.DGRLoss')
        if form == 'feature':
            cfg.setdefault('in_channels', channels)
        if len(channels) < 2 and has_loss:
            raise ValueError(
                f'BPFPN: dgr compares adjacent levels; {type(self.first).__name__} has {len(channels)} '
                f'of dgr.levels={levels!r}'
            )
        if len(out_channels) < 2 and form == 'gate':
            raise ValueError(
                "BPFPN: the gate compares the gradient of a level's own output with the one from the "
                f'finer level, but {type(self.first).__name__} has only one output\n  cure: more '
                "outputs, or form='feature', 'gradient' or 'route'"
            )
        self.dgr = MODELS.build(cfg)
        self.num_edges = taps.num_edges if taps is not None else 0
        if form == 'route':
            self._check_route(len(out_channels))

    @staticmethod
    def _check_no_loss_options(form: str, cfg: dict) -> None:
        for name, default in (('levels', 'auto'), ('isolate', True)):
            if cfg.get(name, default) != default:
                raise ValueError(
                    f'BPFPN: dgr.{name}={cfg[name]!r} belongs to the forms with a loss, but form={form!r}\n  cure: '
                    f"form='feature' or 'gradient', or no {name}"
                )

    def _check_route(self, outputs: int) -> None:
        name = type(self.first).__name__
        if not self.num_edges:
            raise ValueError(
                f"BPFPN: form='route' (the default) scales gradients of the top-down path, but {name} has none\n"
                "  cure: dgr=dict(form='feature') or no dgr"
            )
        alpha = None if self.dgr is None else self.dgr.alpha
        assert alpha is not None  # the route has one
        alpha.check_levels(self.num_edges, name)
        if outputs < 2 and not alpha.scheduled and 0 in alpha.start:
            warnings.warn(
                f'BPFPN: alpha=0 in {name} with one output: the deeper levels get no gradient through the pyramid, and '
                'stay as they were initialized.',
                stacklevel=2,
            )

    def _probe(self) -> tuple[list[int], list[int]]:
        """Channels of the pyramid's outputs and of its top-down path, found by running it once on small zeros."""
        try:
            return self._run_on_zeros(coarsest=4)
        except Exception:  # mmdet.SSDNeck makes further levels without padding: larger ones, or an error that tells
            try:
                return self._run_on_zeros(coarsest=32)
            except Exception as error:
                raise ValueError(
                    f'BPFPN: {type(self.first).__name__} does not take levels of {self.in_channels} channels (its '
                    f'in_channels), finest first, each of half the size of the one before it: {error!r}\n'
                    '  cure: a pyramid that does, like mmdet.FPN'
                ) from error

    @torch.no_grad()
    def _run_on_zeros(self, coarsest: int) -> tuple[list[int], list[int]]:
        finest = coarsest * 2 ** (len(self.in_channels) - 1)
        inputs = [torch.zeros(1, c, finest >> i, finest >> i) for i, c in enumerate(self.in_channels)]
        try:
            taps = TopDownTaps(self.first)
        except ValueError:
            taps = None
        training = self.pyramid.training
        self.pyramid.eval()
        with taps or nullcontext():
            outs = self.pyramid(tuple(inputs))
        self.pyramid.train(training)
        return [o.shape[1] for o in outs], [level.shape[1] for level in taps.levels] if taps else []

    def forward(self, inputs: Sequence[Tensor]) -> tuple[Tensor, ...]:
        """Run the pyramid.

        Args:
            inputs: Backbone features, finest first: those of the pyramid, behind the low level of GILS where that is
                a further one.

        Returns:
            The pyramid's outputs.

        Raises:
            ValueError: Another number of features.
            RuntimeError: In training, if DGR's loss would get lost (see :class:`AuxiliaryLossModule`).
        """
        inputs = list(inputs)
        self._check_count(len(inputs))
        low = None
        if self.gils is not None:
            low = inputs[self.level - 1] if self.level else inputs.pop(0)
            if self.at == 'input':
                inputs[self.level] = self.gils(low, inputs[self.level])
        dgr = self.dgr if self.computes_losses else None
        taps = self._taps(dgr)
        with taps or nullcontext():
            outs = list(self.pyramid(tuple(inputs)))
        if self.gils is not None and low is not None and self.at == 'output':
            outs[self.output] = self.gils(low, outs[self.output])
        if self.computes_losses:
            self._defer_step(dgr)
        if dgr is not None and dgr.is_loss:
            inside = () if taps is None else tuple(taps.levels)
            step = self._deferred[0]
            assert isinstance(step, _Step)
            step.add(tuple(outs) if self.dgr_levels == 'output' else inside, inside if self.dgr_isolate else None)
        return tuple(outs)

    def _taps(self, dgr: DGRLoss | None) -> TopDownTaps | None:
        """What this pass needs of the pyramid's inside; None: nothing, which costs nothing."""
        if dgr is not None and dgr.is_loss:
            return TopDownTaps(self.first) if self.dgr_levels == 'inner' or self.dgr_isolate else None
        watch = self.watch if self.computes_losses else None
        if dgr is None:
            return TopDownTaps(self.first, watch=watch) if watch is not None else None
        gates = dgr.gates(self.num_edges, self.progress)
        needed = watch is not None or any(gate is not None for gate in gates)
        return TopDownTaps(self.first, gates, watch) if needed else None

    def _defer_step(self, dgr: DGRLoss | None) -> None:
        """Have losses and what is logged added, once a step; of a clip's frames the first pass does it."""
        if self._deferred:
            return
        loss = dgr if dgr is not None and dgr.is_loss else None
        log = self._log() if self.collected else {}
        if loss is not None or log:
            self.defer_loss(_Step(loss, log))

    def _log(self) -> dict[str, Tensor]:
        log = {}
        if self.gils is not None:
            log['gils_scale'] = self.gils.scale.detach().abs().mean()
        if self.dgr is not None and self.dgr.alpha is not None and self.dgr.alpha.scheduled:
            factors = self.dgr.alpha.at(self.progress, self.num_edges)
            log.update({f'dgr_alpha_l{i}': torch.tensor(factor) for i, factor in enumerate(factors, 1)})
        return log

    def _check_count(self, count: int) -> None:
        further = self.gils is not None and self.level == 0
        expected = len(self.in_channels) + further
        if count != expected:
            cure = 'out_indices of the backbone'
            if further:
                cure = 'gils takes one more, finer level of the backbone: add it in front of its out_indices'
                if len(self.in_channels) > 1:
                    cure += '; where it has none (ResNet, Swin), gils=dict(level=1) leads from input 0 to the next'
            raise ValueError(
                f'BPFPN: got {count} levels, expected {expected} ({type(self.first).__name__} takes '
                f'{len(self.in_channels)})\n  cure: {cure}'
            )

    def translate_state_dict(self, state_dict: dict, prefix: str) -> None:
        """Rename, in place, the keys of the pyramid's own checkpoint, ``neck.X``, to ``neck.pyramid.X``.

        The embeddings of DGR's loss, which only that loss reads, are left out where this module has none.

        Args:
            state_dict: Entries of this module, and maybe others.
            prefix: This module's name and a dot, or ''.
        """
        if self.dgr is None or not self.dgr.embed:
            for key in [key for key in state_dict if key.startswith(f'{prefix}dgr.embed.')]:
                del state_dict[key]
        own = [key for key in state_dict if key.startswith(prefix)]
        parts = tuple(f'{prefix}{name}.' for name in self._modules)
        if any(key.startswith(f'{prefix}pyramid.') for key in own):
            return
        for key in own:
            if not key.startswith(parts):
                state_dict[f'{prefix}pyramid.{key[len(prefix) :]}'] = state_dict.pop(key)

    def _load_from_state_dict(self, state_dict: dict, prefix: str, *args: Any, **kwargs: Any) -> None:
        # Before the children load; they get the entries of this dict.
        self.translate_state_dict(state_dict, prefix)
        super()._load_from_state_dict(state_dict, prefix, *args, **kwargs)
