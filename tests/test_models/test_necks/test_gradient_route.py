"""DGR's route: the exact effect on the gradients, on every pyramid that BPFPN wraps."""

from __future__ import annotations

import copy

import pytest
import torch
from mmengine.registry import MODELS
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from mmirstd.models.auxiliary_loss import tell_progress
from mmirstd.models.necks import BPFPN
from mmirstd.models.training_progress import TrainingProgress

from .bp_fpn_models import CSP, FPN, PYRAMIDS, det_batch, fcos, gradients, losses_of

CHANNELS = [8, 16, 32]
SMALL = {
    **{name: dict(cfg, in_channels=CHANNELS, out_channels=8) for name, cfg in PYRAMIDS.items()},
    'FPN with an extra level': dict(
        FPN, in_channels=CHANNELS, out_channels=8, num_outs=4, add_extra_convs='on_lateral'
    ),
    'mmseg.FPN': dict(type='mmseg.FPN', in_channels=CHANNELS, out_channels=8, num_outs=3),
    'CSPFPN, one output': dict(CSP, in_channels=CHANNELS, out_levels=(0,), out_channels=None),
    'TGFM': dict(type='mmirstd.TGFM', in_channels=CHANNELS),
}
ALPHAS = (0.0, 0.25, [0.5, 0.0], [1.0, 0.5])


def route(pyramid: dict, alpha, **kwargs) -> dict:
    return dict(type='mmirstd.BPFPN', pyramid=pyramid, dgr=dict(form='route', alpha=alpha), **kwargs)


def loss_of(outs: tuple[Tensor, ...]) -> Tensor:
    """Weights every place of every output by a number of its own."""
    generator = torch.Generator().manual_seed(3)
    return sum((out * torch.randn(out.shape, dtype=out.dtype, generator=generator)).sum() for out in outs)


def inputs_of(dtype: torch.dtype = torch.float64) -> list[Tensor]:
    generator = torch.Generator().manual_seed(2)
    sizes = [16, 8, 4]
    return [
        torch.randn(2, c, size, size, dtype=dtype, generator=generator).requires_grad_()
        for c, size in zip(CHANNELS, sizes)
    ]


def edge_modules(pyramid: nn.Module) -> list[nn.Module]:
    """Modules whose first argument is a level on its way to the next finer one; none where a function does it."""
    if hasattr(pyramid, 'top_down_edges'):
        return list(pyramid.top_down_edges)
    if hasattr(pyramid, 'fusions'):
        return list(pyramid.fusions)
    return [pyramid.upsample] if hasattr(pyramid, 'top_down_blocks') else []


def finest_level(pyramid: nn.Module, levels: list[Tensor]) -> None:
    module = pyramid.top_down_blocks[-1] if hasattr(pyramid, 'top_down_blocks') else pyramid.fusions[0]
    module.register_forward_hook(lambda m, args, out: levels.insert(0, out))


class Cut:
    """The pyramid with all its top-down edges cut open: both parts of each level's gradient, each by itself."""

    def __init__(self, pyramid: nn.Module, inputs: list[Tensor]) -> None:
        self.levels: list[Tensor] = []  # finest first
        self.own: list[Tensor | None] = []  # what stands for the level where its own output takes it
        self.edge: list[Tensor] = []  # ... where the next finer level takes it
        self.inputs = inputs
        if edges := edge_modules(pyramid):
            for module in edges:
                module.register_forward_pre_hook(self._cut_edge)
            finest_level(pyramid, self.levels)
        else:
            count = len(pyramid.lateral_convs)
            for module in pyramid.fpn_convs[: count + 1]:
                module.register_forward_pre_hook(self._cut_own)
        self.loss = loss_of(pyramid(tuple(inputs)))
        if edges:
            self.own, self.edge = self.levels, [None, *self.edge]
        else:
            self.edge = self.levels

    def _cut_edge(self, module: nn.Module, args: tuple) -> tuple:
        self.levels.insert(0, args[0])
        self.edge.insert(0, args[0].detach().requires_grad_())
        return (self.edge[0], *args[1:])

    def _cut_own(self, module: nn.Module, args: tuple) -> tuple:
        if self.levels and args[0] is self.levels[-1]:  # the extra level takes the deepest one, too
            return (self.own[-1],)
        self.levels.append(args[0])
        self.own.append(args[0].detach().requires_grad_())
        return (self.own[-1],)

    def own_part(self, level: int) -> Tensor:
        (part,) = torch.autograd.grad(self.loss, [self.own[level]], retain_graph=True, allow_unused=True)
        return torch.zeros_like(self.levels[level]) if part is None else part

    def expected(self, alpha: list[float]) -> tuple[list[Tensor], list[Tensor]]:
        """Gradients of levels and inputs."""
        found = [self.own_part(0)]
        for level, factor in enumerate(alpha, 1):
            (top_down,) = torch.autograd.grad(
                self.levels[level - 1], [self.edge[level]], found[level - 1], retain_graph=True
            )
            found.append(self.own_part(level) + factor * top_down)
        return found, [
            torch.autograd.grad(level, [x], gradient, retain_graph=True)[0]
            for level, x, gradient in zip(self.levels, self.inputs, found)
        ]


def levels_of(neck: BPFPN) -> list[Tensor]:
    """Collects the levels of the next pass; they are as they are before the route takes them."""
    levels: list[Tensor] = []
    if edges := edge_modules(neck.pyramid):
        for module in edges:
            module.register_forward_pre_hook(lambda m, args: levels.insert(0, args[0]))
        finest_level(neck.pyramid, levels)
    else:
        for module in neck.pyramid.fpn_convs[: len(neck.pyramid.lateral_convs)]:
            module.register_forward_pre_hook(lambda m, args: levels.append(args[0]))
    return levels


@pytest.mark.filterwarnings('ignore:BPFPN. alpha=0')
@pytest.mark.parametrize('alpha', ALPHAS, ids=str)
@pytest.mark.parametrize('name', SMALL)
def test_a_level_s_gradient_is_its_own_part_and_alpha_times_the_top_down_one(name: str, alpha) -> None:
    torch.manual_seed(0)
    neck = MODELS.build(route(SMALL[name], alpha)).double().train()
    reference = copy.deepcopy(neck.pyramid)
    levels = levels_of(neck)
    inputs = inputs_of()
    loss = loss_of(neck(inputs))
    arrived: dict[int, Tensor] = {}
    for index, level in enumerate(levels):
        level.register_hook(lambda gradient, index=index: arrived.update({index: gradient}))
    loss.backward()
    cut = Cut(reference, inputs_of())
    assert torch.equal(cut.loss, loss)
    expected, expected_inputs = cut.expected(alpha if isinstance(alpha, list) else [alpha, alpha])
    # A sum of some thousand terms in another order, in float64.
    for index, gradient in enumerate(expected):
        size = gradient.abs().max().item()
        torch.testing.assert_close(arrived[index], gradient, rtol=0, atol=1e-11 * size)
    for x, gradient in zip(inputs, expected_inputs):
        torch.testing.assert_close(x.grad, gradient, rtol=0, atol=1e-11 * gradient.abs().max().item())
    # ... and without the route it is another one
    if alpha != [1.0, 0.5]:
        plain, _ = cut.expected([1.0, 1.0])
        assert (plain[1] - expected[1]).abs().max() > 1e-3 * plain[1].abs().max()


@pytest.mark.parametrize('name', PYRAMIDS)
def test_alpha_1_is_no_dgr_bit_for_bit(name: str) -> None:
    batch = det_batch()
    base, model = fcos(PYRAMIDS[name]), fcos(route(PYRAMIDS[name], 1.0))
    expected = gradients(base, base.parse_losses(losses_of(base, batch))[0])
    found = gradients(model, model.parse_losses(losses_of(model, batch))[0])
    assert {k.replace('neck.pyramid.', 'neck.') for k in found} == set(expected)
    assert all(torch.equal(expected[k.replace('neck.pyramid.', 'neck.')], v) for k, v in found.items())


def test_the_factor_alone_makes_the_difference() -> None:
    """With the smallest step below 1, which does split the gradients, nothing but rounding changes."""
    batch = det_batch()
    base, model = fcos(FPN), fcos(route(FPN, 1 - 2.0**-24))
    expected = gradients(base, base.parse_losses(losses_of(base, batch))[0])
    found = gradients(model, model.parse_losses(losses_of(model, batch))[0])
    for key, value in expected.items():
        mine = found[key.replace('neck.', 'neck.pyramid.', 1) if key.startswith('neck.') else key]
        torch.testing.assert_close(mine, value, rtol=0, atol=1e-5 * value.abs().max().item() + 1e-12)


@pytest.mark.parametrize('name', ['FPN', 'YOLOXPAFPN', 'CSPFPN'])
def test_it_costs_no_operation_that_counts(name: str) -> None:
    flops = []
    for neck in (PYRAMIDS[name], route(PYRAMIDS[name], 0.25)):
        model = fcos(neck)
        with FlopCounterMode(display=False) as counter:
            model.parse_losses(losses_of(model, det_batch()))[0].backward()
        flops.append(counter.get_total_flops())
    assert flops[0] == flops[1] > 0
    assert not list(model.neck.dgr.parameters())


def test_the_head_and_the_finest_level_learn_as_without() -> None:
    batch = det_batch()
    base, model = fcos(FPN), fcos(route(FPN, 0.0))
    expected = gradients(base, base.parse_losses(losses_of(base, batch))[0])
    found = gradients(model, model.parse_losses(losses_of(model, batch))[0])
    for key, value in expected.items():
        mine = found[key.replace('neck.', 'neck.pyramid.', 1) if key.startswith('neck.') else key]
        if key.startswith(('bbox_head.', 'neck.fpn_convs.', 'neck.lateral_convs.0')):
            assert torch.equal(mine, value), key
        elif key.startswith(('neck.lateral_convs.1', 'neck.lateral_convs.2')):
            assert not torch.equal(mine, value), key


def test_gils_and_route_together() -> None:
    batch = det_batch()
    found = {}
    for alpha in (0.0, 1.0):
        model = fcos(route(CSP, alpha, gils=dict(zero_init=False)), further=True)
        losses = losses_of(model, batch)
        assert losses['gils_scale'] == 1
        found[alpha] = gradients(model, model.parse_losses(losses)[0])
    assert torch.equal(found[0.0]['neck.gils.proj.conv.weight'], found[1.0]['neck.gils.proj.conv.weight'])
    assert not torch.equal(found[0.0]['backbone.stage4.0.conv.weight'], found[1.0]['backbone.stage4.0.conv.weight'])


def test_a_schedule_moves_with_the_training_and_is_logged() -> None:
    batch = det_batch()
    scheduled = fcos(route(FPN, dict(start_factor=0.0, end_factor=[1.0, 0.5])))
    for epoch, alpha in ((0, [0.0, 0.0]), (2, [0.5, 0.25]), (4, [1.0, 0.5])):
        tell_progress(scheduled, TrainingProgress(10 * epoch, 50, epoch, 5))
        losses = losses_of(scheduled, batch)
        assert [losses['dgr_alpha_l1'], losses['dgr_alpha_l2']] == alpha
        constant = fcos(route(FPN, alpha))
        constant.load_state_dict(scheduled.state_dict())
        own = losses_of(constant, batch)
        assert 'dgr_alpha_l1' not in own
        found, expected = (
            gradients(model, model.parse_losses(of)[0]) for model, of in ((scheduled, losses), (constant, own))
        )
        assert all(torch.equal(found[k], v) for k, v in expected.items())


def test_a_schedule_without_its_hook_is_an_error() -> None:
    neck = MODELS.build(route(SMALL['FPN'], dict(start_factor=0.0, end_factor=1.0))).double()
    with pytest.raises(RuntimeError, match='AuxiliaryLossHook'):
        neck(inputs_of())
    neck.eval()(inputs_of())


def test_one_output_and_alpha_0_is_said() -> None:
    with pytest.warns(UserWarning, match='alpha=0 in CSPFPN with one output'):
        MODELS.build(route(SMALL['CSPFPN, one output'], 0.0))


@pytest.mark.parametrize(
    ('dgr', 'match'),
    [
        (dict(alpha=[0.5, 0.5, 0.5]), '2 levels of FPN feed a finer one'),
        (dict(alpha=-1), 'expected finite numbers >= 0'),
        (dict(alpha=0.5, target='both'), "target='both'"),
        (dict(alpha=0.5, form='gate'), "belongs to form='route'"),
    ],
)
def test_bad_configs(dgr: dict, match: str) -> None:
    with pytest.raises(ValueError, match=match):
        BPFPN(SMALL['FPN'], dgr=dict(dict(form='route'), **dgr))


def test_the_default_of_bp_fpn_is_this_route() -> None:
    plain, given = (BPFPN(SMALL['FPN'], dgr=dgr) for dgr in (dict(), dict(form='route', alpha=0.25)))
    for one, other in zip(plain.dgr.gates(2), given.dgr.gates(2)):
        own, incoming = torch.randn(2, 2, 4, 3, 3)
        assert torch.equal(one(own, incoming)[1], 0.25 * incoming)
        assert torch.equal(one(own, incoming)[1], other(own, incoming)[1])


def test_no_top_down_path() -> None:
    with pytest.raises(ValueError, match='CSPFPN has none'):
        BPFPN(dict(CSP, out_levels=(2,)), dgr=dict(form='route'))
