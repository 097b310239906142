"""Directional gradient regularization."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from mmirstd.registry import MODELS

from ..training_progress import TrainingProgress
from .route_factor import RouteFactor
from .target_weight import target_weights

Gate = Callable[[Tensor, Tensor], 'tuple[Tensor, Tensor]']

FORMS = ('feature', 'gradient', 'gate', 'route')
LOSS_FORMS = FORMS[:2]
DEFAULT_FORM = 'route'
TARGETS = ('deep', 'shallow', 'both')


def cosine_map(student: Tensor, teacher: Tensor, eps: float) -> Tensor:
    """Cosine over the channels at each place: (B, C, H, W) twice -> (B, 1, H, W), in float32.

    ``eps`` is an absolute length in quadrature, so that vectors much shorter than it count as without direction.
    """

    def unit(vector: Tensor) -> Tensor:
        vector = vector.float()
        return vector * torch.rsqrt(vector.square().sum(dim=1, keepdim=True) + eps**2)

    return (unit(student) * unit(teacher)).sum(dim=1, keepdim=True)


def relative(gradient: Tensor) -> Tensor:
    """A gradient in units of its longest vector in each image: float32 has no trouble with what follows."""
    gradient = gradient.float()
    peak = gradient.detach().square().sum(dim=1, keepdim=True).amax(dim=(2, 3), keepdim=True).sqrt()
    return gradient / peak.clamp_min(torch.finfo(torch.float32).tiny)


def without_path(loss: Tensor, ways: Sequence[Sequence[Tensor]]) -> Tensor:
    """The same loss, whose gradient does not go through some features.

    The gradient that it would send into them is computed now, and taken away by a term that is 0 and has this
    gradient with the opposite sign.  As part of the loss it scales with it, whatever scales the loss later.

    Args:
        loss: Scalar.
        ways: Groups of features on which the loss may depend, each group before those from which it is computed.

    Returns:
        Scalar, of the same value; its gradient with respect to the features is 0 up to rounding.
    """
    for group in ways:
        features = [x for x in group if x.requires_grad]
        if not features:
            continue
        # Half precision would lose small gradients.
        factor = 2.0**10 if features[0].dtype == torch.float16 else 1.0
        gradients = torch.autograd.grad(loss * factor, features, retain_graph=True, allow_unused=True)
        for feature, gradient in zip(features, gradients):
            if gradient is not None:
                zero = (feature.float() * (gradient.float() / factor)).sum()
                loss = loss - (zero - zero.detach())
    return loss


def remove_opposition(vector: Tensor, reference: Tensor, over: str = 'location') -> Tensor:
    """Remove from a gradient the component that points against a reference; keep it where they agree.

    As in gradient surgery for several tasks (PCGrad, arXiv 2001.06782), here at each place or over each image.

    Args:
        vector: (B, C, H, W).
        reference: Of the same shape; where it is zero, nothing is removed.
        over: ``'location'``: vectors are the channels at one place; ``'sample'``: all of an image.

    Returns:
        Of the vector's shape and type; its product with the reference is nowhere negative, up to rounding.
    """
    dims = (1,) if over == 'location' else (1, 2, 3)
    # Unit directions: products of tiny (unscaled) or huge (scaled for AMP) gradients would leave float32's range.
    ref, vec = reference.float(), vector.float()
    peak = ref.abs().amax(dim=dims, keepdim=True)
    ref = ref / peak.clamp_min(torch.finfo(torch.float32).tiny)
    square = ref.square().sum(dim=dims, keepdim=True)
    along = (vec * ref).sum(dim=dims, keepdim=True) / square.clamp_min(0.5)  # square is 0 or at least 1
    return (vec - along.clamp_max(0) * ref).to(vector.dtype)


def _scaled(factor: float) -> Gate:
    # At 0 an overflow of half precision (inf) must not become nan.
    def scale(own: Tensor, incoming: Tensor) -> tuple[Tensor, Tensor]:
        return own, incoming * factor if factor else torch.zeros_like(incoming)

    return scale


@MODELS.register_module()
class DGRLoss(nn.Module):
    """Adjacent levels of a pyramid shall agree in direction.

    OUR READING of BP-FPN's directional gradient regularization, which "enforces hierarchical feature consistency
    during backpropagation" (arXiv 2511.13013, of which only the abstract and overview were available).  Four forms:

    * ``'feature'``: ``mean_x w(x) (1 - cos(phi(P_l)(x), stop_gradient[up(phi(P_l+1))](x)))`` over pairs of levels.
    * ``'gradient'``: the same cosine between the gradients of the detector's own losses with respect to the two
      levels, made differentiable (double backward).  Where the levels have different channels, which have nothing in
      common, gradient times feature, summed over channels, takes the gradient's place (how the loss changes when the
      feature at a place is scaled), and the cosine is that of the two maps.  A detector with operations that cannot be
      differentiated twice (mmcv's compiled focal loss, SyncBN) cannot use this form.  On CPU train it without
      ``ChannelsLastHook``, with which PyTorch's double backward of batch norm is slow.
    * ``'gate'``: no loss.  In the backward pass of the top-down path, a level gets its own gradient (from its output)
      and one from the finer level; the component of one that points against the other is removed (:meth:`gate`).
    * ``'route'``: no loss.  In the backward pass a level's gradient is its own plus ``alpha`` times the one from the
      finer level: 0 cuts the way by which a finer output trains deeper levels, 1 is the usual sum.  Where a deep level
      has no output of its own (a pyramid with one output), alpha scales all that it learns from through the pyramid.

    Args:
        form: See above.  The route is the default, because it led on hard generated sequences
            (configs/bp_fpn/README.md).
        target: Which side is the teacher, behind a stop-gradient: ``'deep'``: the shallower level follows the deeper
            one; ``'shallow'``: the other way; ``'both'``: each follows the other, at half weight.  For the gate, the
            teacher is the gradient that is kept: ``'deep'`` keeps the level's own and cleans the incoming one.
        in_channels: Channels of each level, finest first.  Needed by ``'feature'`` with an embedding.
        embed_channels: Channels of the embedding ``phi``, a 1x1 convolution: one for all levels where their channels
            are the same, one a level otherwise (a level that is only ever a teacher keeps its random, frozen one).
            None: compare the features themselves; the levels must have the same channels.
        weight: None: every place counts the same.  ``dict(source='targets', radius=1.0, background=0.0)``: only
            neighborhoods of targets count, see :func:`target_weights`.  ``dict(source='magnitude')``: each place
            counts by the length of the teacher's vector.
        gate_over: ``'location'`` or ``'sample'``, see :func:`remove_opposition`.
        alpha: Of the route: a number, one a level, or a schedule, see :class:`~.route_factor.RouteFactor`; by default
            0.25.
        loss_weight: Factor of the loss.
        loss_name: Its key in the loss dict; it must contain ``loss`` to be optimized.

    Raises:
        ValueError: An unknown form, target, weight, gate_over or alpha, ``'feature'`` without the channels it needs,
            or an argument of another form.
    """

    def __init__(
        self,
        form: str = DEFAULT_FORM,
        target: str = 'deep',
        in_channels: Sequence[int] | None = None,
        embed_channels: int | None = 64,
        weight: dict | None = None,
        gate_over: str = 'location',
        alpha: float | Sequence[float] | Mapping[str, Any] | None = None,
        loss_weight: float = 0.1,
        loss_name: str = 'loss_dgr',
    ) -> None:
        super().__init__()
        for name, value, known in (
            ('form', form, FORMS),
            ('target', target, TARGETS),
            ('gate_over', gate_over, ('location', 'sample')),
        ):
            if value not in known:
                raise ValueError(f'DGRLoss: {name}={value!r}; expected one of {", ".join(known)}')
        if form == 'route' and target != 'deep':
            raise ValueError(
                f"DGRLoss: target={target!r}; form='route' scales what the deep level gets, target='deep'\n  cure: "
                "form='feature', 'gradient' or 'gate', or no target"
            )
        belonging: tuple[tuple[str, Any, Any, tuple[str, ...]], ...] = (
            ('alpha', alpha, None, ('route',)),
            ('gate_over', gate_over, 'location', ('gate',)),
            ('embed_channels', embed_channels, 64, ('feature',)),
            ('weight', weight, None, LOSS_FORMS),
            ('loss_weight', loss_weight, 0.1, LOSS_FORMS),
        )
        for name, value, default, forms in belonging:
            if form not in forms and value != default:
                belongs = ' or '.join(f'form={f!r}' for f in forms)
                raise ValueError(
                    f'DGRLoss: {name}={value!r} belongs to {belongs}, but form={form!r}\n'
                    f'  cure: {belongs}, or no {name}'
                )
        weight = dict(weight) if weight else None
        self.source = weight.pop('source', None) if weight else None
        if weight is not None and (
            self.source not in ('targets', 'magnitude')
            or set(weight) - ({'radius', 'background'} if self.source == 'targets' else set())
        ):
            raise ValueError(
                f'DGRLoss: weight={dict(source=self.source, **weight)}; expected None, '
                "dict(source='targets', radius=1.0, background=0.0) or dict(source='magnitude')"
            )
        if 'loss' not in loss_name:
            raise ValueError(f'DGRLoss: loss_name={loss_name!r} must contain "loss", or mmengine would only log it')
        self.form = form
        self.target = target
        self.weight = weight or {}
        self.gate_over = gate_over
        self.alpha = RouteFactor(0.25 if alpha is None else alpha) if form == 'route' else None
        self.loss_weight = loss_weight
        self.loss_name = loss_name
        self.embed = nn.ModuleList()
        if form == 'feature':
            self._build_embeddings(in_channels, embed_channels)

    def _build_embeddings(self, in_channels: Sequence[int] | None, embed_channels: int | None) -> None:
        channels = list(in_channels or ())
        if embed_channels is None:
            if len(set(channels)) > 1:
                raise ValueError(
                    f'DGRLoss: embed_channels=None compares the features themselves, but the levels have '
                    f'{channels} channels\n  cure: embed_channels=64'
                )
            return
        if len(channels) < 2:
            raise ValueError(f"DGRLoss: form='feature' needs in_channels of two levels or more, got {channels}")
        if len(set(channels)) == 1:
            self.embed.append(nn.Conv2d(channels[0], embed_channels, 1, bias=False))
            return
        self.embed.extend(nn.Conv2d(c, embed_channels, 1, bias=False) for c in channels)
        # Never a student, hence never trained; DistributedDataParallel must not wait for its gradient.
        if self.target != 'both':
            self.embed[-1 if self.target == 'deep' else 0].requires_grad_(False)

    @property
    def is_loss(self) -> bool:
        """Whether there is a loss to compute (not for gate and route)."""
        return self.form in LOSS_FORMS

    @property
    def needs_detector_loss(self) -> bool:
        """Whether :meth:`forward` needs the detector's own loss."""
        return self.form == 'gradient'

    def gates(self, count: int, progress: TrainingProgress | None = None) -> list[Gate | None]:
        """What the forms without a loss do to the gradients of the top-down path.

        Args:
            count: Levels that feed a finer one.
            progress: Where the training is, for a schedule of alpha.

        Returns:
            For each of them, finest first, a function of (own gradient, gradient from the finer level) that returns
            the two as they shall be; None where both stay as they are.

        Raises:
            RuntimeError: See :meth:`RouteFactor.at`.
        """
        if self.alpha is None:
            return [self.gate] * count
        return [None if factor == 1 else _scaled(factor) for factor in self.alpha.at(progress, count)]

    def gate(self, own: Tensor, incoming: Tensor) -> tuple[Tensor, Tensor]:
        """Clean the two gradients that meet at a level of the top-down path.

        Args:
            own: From the level's own output, (B, C, H, W).
            incoming: From the finer level, of the same shape.

        Returns:
            The two, of which the one that is not the teacher has lost what points against the teacher.
        """
        cleaned_own, cleaned_incoming = own, incoming
        if self.target in ('deep', 'both'):
            cleaned_incoming = remove_opposition(incoming, own, self.gate_over)
        if self.target in ('shallow', 'both'):
            cleaned_own = remove_opposition(own, incoming, self.gate_over)
        return cleaned_own, cleaned_incoming

    def forward(
        self,
        levels: Sequence[Tensor] | Sequence[Sequence[Tensor]],
        detector_loss: Tensor | None = None,
        data_samples: Sequence[Any] | None = None,
        image_size: tuple[int, int] | None = None,
        path: Sequence[Tensor] | Sequence[Sequence[Tensor]] | None = None,
    ) -> Tensor:
        """The loss of a step.

        Args:
            levels: Features, finest first, (B, C_l, H_l, W_l); of the ``'gradient'`` form: the tensors from which the
                detector's loss was computed.  Of several passes (a clip's frames) one such sequence each; the loss is
                their mean.
            detector_loss: Scalar; of the ``'gradient'`` form.
            data_samples: Ground truth; of weights by targets.
            image_size: Height and width of the network's input; of weights by targets.
            path: Features, finest first, of the pyramid's top-down path, by which a student depends on its deeper
                teacher; one sequence a pass.  With ``target='deep'`` the loss then sends no gradient into the teacher
                by this way either (:func:`without_path`).

        Returns:
            Scalar in [0, 2 * loss_weight], float32.

        Raises:
            ValueError: Fewer than two levels, or an argument missing that the form needs.
            RuntimeError: The form has no loss.
        """
        if not self.is_loss:
            raise RuntimeError(f'DGRLoss: form={self.form!r} acts in the backward pass and has no loss')
        passes = _by_pass(levels)
        paths = None if path is None else _by_pass(path)
        count = len(passes[0])
        if count < 2:
            raise ValueError(
                f'DGRLoss compares adjacent levels, got {count} level\n  cure: a pyramid with more '
                "levels, or BPFPN(dgr=dict(levels='inner')), which looks inside the top-down path"
            )
        if self.form == 'gradient':
            # Vectors a thousand times shorter than an image's longest are noise: they count as without direction.
            vectors: Sequence[Sequence[Tensor | None]] = self._gradients(passes, detector_loss)
            eps = 1e-3
        else:
            vectors, eps = [self._embedded(features) for features in passes], 1e-6
        terms = []
        for shallow, deep in zip(range(count - 1), range(1, count)):
            pairs = [
                self._pair(fine, coarse, eps, data_samples, image_size)
                for fine, coarse in ((one[shallow], one[deep]) for one in vectors)
                if fine is not None and coarse is not None
            ]
            if pairs:
                term = _sum(pairs) / len(pairs)
                if paths is not None and self.target == 'deep':
                    term = without_path(term, self._ways(paths, passes[0][deep].shape[2:]))
                terms.append(term)
        if not terms:  # no level, or only one, got a gradient
            return _sum(level.float().sum() for level in passes[0]) * 0
        return self.loss_weight * _sum(terms) / len(terms)

    def _ways(self, paths: Sequence[Sequence[Tensor]], size: Sequence[int]) -> list[list[Tensor]]:
        """The features of the top-down path by which a loss reaches the teacher of that size, in all passes."""
        # Features depend on it directly; gradients depend on deeper levels, too, by bottom-up paths.
        return [
            list(level)
            for level in zip(*paths)
            if level[0].shape[2:] == size
            or (self.form == 'gradient' and level[0].shape[2] <= size[0] and level[0].shape[3] <= size[1])
        ]

    def _embedded(self, levels: Sequence[Tensor]) -> list[Tensor]:
        if not self.embed:
            if len({level.shape[1] for level in levels}) > 1:
                raise ValueError(
                    f'DGRLoss: levels of {[level.shape[1] for level in levels]} channels cannot be '
                    'compared without an embedding\n  cure: embed_channels=64'
                )
            return list(levels)
        embeds = list(self.embed) * len(levels) if len(self.embed) == 1 else list(self.embed)
        if len(embeds) < len(levels) or (len(self.embed) > 1 and len(embeds) != len(levels)):
            raise ValueError(f'DGRLoss was built for {len(self.embed)} levels, got {len(levels)}')
        return [embed(level) for embed, level in zip(embeds, levels)]

    def _gradients(self, passes: Sequence[Sequence[Tensor]], detector_loss: Tensor | None) -> list[list[Tensor | None]]:
        if detector_loss is None:
            raise ValueError("DGRLoss: form='gradient' needs the detector's loss")
        flat = [level for levels in passes for level in levels]
        # Half precision would lose small gradients; a cosine does not see the factor.
        factor = 2.0**10 if any(level.dtype == torch.float16 for level in flat) else 1.0
        scaled = detector_loss * factor
        gradients: Sequence[Tensor | None] = torch.autograd.grad(scaled, flat, create_graph=True, allow_unused=True)
        if len({level.shape[1] for level in flat}) > 1:
            gradients = [
                None if g is None else (g.float() * level.float()).sum(dim=1, keepdim=True)
                for g, level in zip(gradients, flat)
            ]
        vectors = iter([None if g is None else relative(g) for g in gradients])
        return [[next(vectors) for _ in levels] for levels in passes]

    def _pair(
        self,
        shallow: Tensor,
        deep: Tensor,
        eps: float,
        data_samples: Sequence[Any] | None,
        image_size: tuple[int, int] | None,
    ) -> Tensor:
        size = tuple(shallow.shape[2:])
        deep = F.interpolate(deep.float(), size=size, mode='bilinear', align_corners=False)
        shallow = shallow.float()
        sides = dict(deep=[(shallow, deep)], shallow=[(deep, shallow)], both=[(shallow, deep), (deep, shallow)])
        terms = []
        for student, teacher in sides[self.target]:
            teacher = teacher.detach()
            weight = self._place_weights(teacher, data_samples, image_size)
            if student.shape[1] == 1:  # one number a place has no direction; a whole map has
                share = torch.ones_like(teacher) if weight is None else weight.sqrt()
                student, teacher = ((x * share).flatten(1)[:, :, None, None] for x in (student, teacher))
                weight = None
            distance = 1 - cosine_map(student, teacher, eps)
            terms.append(
                distance.mean()
                if weight is None
                else (weight * distance).sum() / weight.sum().clamp_min(torch.finfo(torch.float32).tiny)
            )
        return _sum(terms) / len(terms)

    def _place_weights(
        self, teacher: Tensor, data_samples: Sequence[Any] | None, image_size: tuple[int, int] | None
    ) -> Tensor | None:
        if self.source is None:
            return None
        if self.source == 'magnitude':
            return teacher.square().sum(dim=1, keepdim=True).sqrt()
        if image_size is None:
            raise ValueError('DGRLoss: weights by targets need image_size')
        size = (teacher.shape[2], teacher.shape[3])
        return target_weights(data_samples, size, image_size, len(teacher), device=teacher.device, **self.weight)


def _by_pass(levels: Sequence[Tensor] | Sequence[Sequence[Tensor]]) -> Sequence[Sequence[Tensor]]:
    """One sequence of features a pass."""
    return cast('Sequence[Sequence[Tensor]]', [levels] if torch.is_tensor(levels[0]) else levels)


def _sum(terms: Iterable[Tensor]) -> Tensor:
    """Of at least one."""
    return cast(Tensor, sum(terms))
