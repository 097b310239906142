"""BP-FPN's promises, by autograd on whole stock detectors."""

from __future__ import annotations

import copy
import math
from collections.abc import Iterator

import pytest
import torch
from mmengine.model import MMDistributedDataParallel
from mmengine.optim import OptimWrapper
from mmengine.runner import load_checkpoint, load_state_dict
from torch import distributed as dist
from torch import nn

from mmirstd.engine import AutocastOptimWrapper, AuxiliaryLossHook, CheckpointGuardHook
from mmirstd.engine.hooks.checkpoint_guard_hook import compare_state_dict
from mmirstd.models.auxiliary_loss import attach_auxiliary_losses
from mmirstd.models.necks import BPFPN, TopDownTaps
from mmirstd.registry import MODELS
from mmirstd.utils.errors import CheckpointError

from .bp_fpn_models import CHAIN, CSP, FPN, PYRAMIDS, det_batch, fcos, gradients, losses_of

FORMS = ['feature', 'gradient']


def bp(pyramid: dict = FPN, **kwargs) -> dict:
    return dict(type='mmirstd.BPFPN', pyramid=pyramid, **kwargs)


def total(model: torch.nn.Module, batch: dict) -> torch.Tensor:
    return model.parse_losses(losses_of(model, batch))[0]


def constant_shortcut(model: torch.nn.Module) -> None:
    """Let the shortcut carry the values it would, as constants from outside the network."""
    original = model.neck.gils.shortcut
    model.neck.gils.shortcut = lambda low: original(low).detach()


GILS_CASES = [
    dict(down=down, fuse=fuse, at=at)
    for down, fuse, at in [
        ('space_to_depth', 'concat', 'input'),
        ('conv', 'add', 'input'),
        ('max', 'gated', 'output'),
        ('avg', 'concat', 'output'),
    ]
]


# Isolation


@pytest.mark.parametrize('name', ['FPN', 'YOLOXPAFPN', 'CSPFPN'])
@pytest.mark.parametrize('gils', GILS_CASES, ids=lambda g: '-'.join(g.values()))
def test_with_isolation_the_backbone_learns_as_with_a_constant_shortcut(name: str, gils: dict) -> None:
    gils = dict(gils, zero_init=False)
    batch = det_batch()
    model = fcos(bp(PYRAMIDS[name], gils=gils), further=True)
    found = gradients(model, total(model, batch))
    reference = fcos(bp(PYRAMIDS[name], gils=gils), further=True)
    constant_shortcut(reference)
    expected = gradients(reference, total(reference, batch))
    backbone = [k for k in expected if k.startswith('backbone.')]
    assert {'backbone.stem.conv.conv.weight', 'backbone.stage1.1.final_conv.conv.weight'} <= set(backbone)
    for key in expected:  # all of the network, not only the backbone
        assert torch.equal(found[key], expected[key]), key
    # ... while the shortcut itself learns, which the constant one does not
    learning = set(found) - set(expected)
    assert learning == {k for k in found if k.startswith(('neck.gils.down', 'neck.gils.proj'))}
    assert all(found[k].abs().sum() > 0 for k in learning if k.endswith('conv.weight'))


@pytest.mark.parametrize('gils', GILS_CASES, ids=lambda g: '-'.join(g.values()))
def test_without_isolation_the_tapped_level_and_all_below_differ(gils: dict) -> None:
    gils = dict(gils, zero_init=False)
    batch = det_batch()
    grads = []
    for isolate in (True, False):
        model = fcos(bp(gils=dict(gils, isolate=isolate)), further=True)
        loss = total(model, batch)
        grads.append((loss.detach(), gradients(model, loss)))
    assert torch.equal(grads[0][0], grads[1][0])  # the forward pass is the same
    for key in grads[0][1]:
        same = torch.equal(grads[0][1][key], grads[1][1][key])
        # stage 1 is the tapped level; what lies above it sees no difference
        assert same == (not key.startswith(('backbone.stem', 'backbone.stage1'))), key


# The base network


@pytest.mark.parametrize('name', PYRAMIDS)
def test_the_base_checkpoint_loads_with_only_the_new_keys_missing(name: str, tmp_path) -> None:
    base = fcos(PYRAMIDS[name], seed=5)
    path = tmp_path / 'base.pth'
    torch.save(dict(state_dict=base.state_dict(), meta={}), path)
    model = fcos(bp(PYRAMIDS[name], gils=dict(), dgr=dict(form='feature')), further=True, seed=6)
    before = copy.deepcopy(model.neck.gils.state_dict())
    load_checkpoint(model, str(path), map_location='cpu')
    state = model.state_dict()
    for key, value in base.state_dict().items():
        ours = key.replace('neck.', 'neck.pyramid.', 1) if key.startswith('neck.') else key
        assert torch.equal(state[ours], value)
    assert all(torch.equal(v, before[k]) for k, v in model.neck.gils.state_dict().items())
    result = model.load_state_dict(base.state_dict(), strict=False)
    assert result.unexpected_keys == []
    assert {k.split('.')[1] for k in result.missing_keys} == {'gils', 'dgr'}
    # at first the function is the base network's: bit for bit
    batch = det_batch()
    base_outs, outs = (m.eval().extract_feat(batch['inputs']) for m in (base, model))
    assert all(torch.equal(a, b) for a, b in zip(base_outs, outs))


@pytest.mark.parametrize('dgr', [None, dict(), dict(form='gate')])
def test_weights_of_a_training_with_dgr_s_loss_fit_every_form(dgr: dict | None) -> None:
    state = fcos(bp(dgr=dict(form='feature')), seed=4).state_dict()
    model = fcos(bp(dgr=dgr), seed=5)
    found = compare_state_dict(model, state)
    assert found['unexpected'] == found['missing'] == found['mismatched'] == []
    model.load_state_dict(state)  # strict
    assert any(key.startswith('neck.dgr.embed.') for key in state)  # which is left as it was
    assert all(torch.equal(value, state[key]) for key, value in model.state_dict().items())


@pytest.mark.parametrize('prefix', ['', 'module.'])
def test_the_checkpoint_guard_reads_base_names(prefix: str) -> None:
    base = fcos(FPN)
    state = {prefix + k: v for k, v in base.state_dict().items()}
    model = fcos(bp(gils=dict(), dgr=dict(form='feature')), further=True)
    found = compare_state_dict(model, state)
    assert found['unexpected'] == found['mismatched'] == []
    assert found['missing']
    assert all(k.startswith(('neck.gils.', 'neck.dgr.')) for k in found['missing'])
    assert all(k in state for k in [prefix + k for k in base.state_dict()])  # the file's dict is left as it was

    class Logger:
        lines: list[str] = []

        def warning(self, line: str) -> None:
            self.lines.append(line)

    from types import SimpleNamespace

    runner = SimpleNamespace(model=model, logger=Logger(), _resume=False)
    CheckpointGuardHook(min_match=0.5).after_load_checkpoint(runner, dict(state_dict=dict(state)))
    assert 'neck.gils.scale' in runner.logger.lines[0]
    with pytest.raises(CheckpointError, match='missing in the file'):
        CheckpointGuardHook().after_load_checkpoint(runner, dict(state_dict=dict(state)))


def test_its_own_checkpoint_loads_completely_and_a_bare_pyramid_too() -> None:
    model = fcos(bp(gils=dict(), dgr=dict(form='feature')), further=True, seed=1)
    other = fcos(bp(gils=dict(), dgr=dict(form='feature')), further=True, seed=2)
    assert other.load_state_dict(model.state_dict()).missing_keys == []
    assert torch.equal(other.neck.gils.proj.conv.weight, model.neck.gils.proj.conv.weight)
    pyramid = fcos(FPN, seed=3).neck
    result = other.neck.load_state_dict(pyramid.state_dict(), strict=False)
    assert result.unexpected_keys == []
    assert torch.equal(other.neck.pyramid.fpn_convs[0].conv.weight, pyramid.fpn_convs[0].conv.weight)
    load_state_dict(other.neck, pyramid.state_dict(), strict=False)  # mmengine's own


def test_start_level_uses_the_level_the_pyramid_ignores() -> None:
    pyramid = dict(FPN, in_channels=[16, 32, 64, 128], start_level=1)
    model = fcos(bp(pyramid, gils=dict(zero_init=False)), further=True)
    assert model.neck.gils.low_channels == 16
    assert 'neck.gils.proj.conv.weight' in gradients(model, total(model, det_batch()))


def test_a_shortcut_between_levels_the_pyramid_has() -> None:
    neck = BPFPN(FPN, gils=dict(level=1, at='input'))
    assert (neck.gils.low_channels, neck.gils.channels) == (32, 64)
    assert len(neck([torch.randn(1, 32, 8, 8), torch.randn(1, 64, 4, 4), torch.randn(1, 128, 2, 2)])) == 3


def test_at_the_output_of_a_pyramid_that_gives_out_some_levels() -> None:
    neck = BPFPN(dict(CSP, out_levels=(1, 2)), gils=dict(level=1, zero_init=False)).eval()
    levels = [torch.randn(1, 32, 8, 8), torch.randn(1, 64, 4, 4), torch.randn(1, 128, 2, 2)]
    with torch.no_grad():
        outs, plain = neck(levels), neck.pyramid(tuple(levels))
    assert [out.shape for out in outs] == [out.shape for out in plain]
    assert not torch.equal(outs[0], plain[0])
    assert torch.equal(outs[1], plain[1])


CHANNEL_MAPPER = dict(type='mmdet.ChannelMapper', in_channels=[32, 64, 128], out_channels=16, num_outs=3)
DILATED_ENCODER = dict(
    type='mmdet.DilatedEncoder',
    in_channels=128,
    out_channels=16,
    block_mid_channels=8,
    num_residual_blocks=1,
    block_dilations=[1],
)
SSD_NECK = dict(
    type='mmdet.SSDNeck',
    in_channels=(128, 128),
    out_channels=(128, 128, 32),
    level_strides=(1,),
    level_paddings=(0,),
)


@pytest.mark.parametrize(
    ('pyramid', 'channels', 'gils'),
    [
        (CHANNEL_MAPPER, [32, 64, 128], dict(level=1)),
        (CHANNEL_MAPPER, [16, 32, 64, 128], dict()),
        (DILATED_ENCODER, [64, 128], dict()),
        (SSD_NECK, [128, 128], dict(level=1)),
        (CHAIN, [32, 64, 128], dict(level=1)),
    ],
    ids=['ChannelMapper', 'ChannelMapper-further', 'DilatedEncoder', 'SSDNeck', 'chain'],
)
def test_necks_that_keep_no_list_of_channels_and_chains(pyramid: dict | list, channels: list[int], gils: dict) -> None:
    """The necks of DETR, YOLOF, SSD and Libra R-CNN."""
    neck = BPFPN(pyramid, gils=dict(gils, zero_init=False)).eval()
    neck.init_weights()  # mmdet's L2Norm is whatever the memory held before
    levels = [torch.randn(1, c, 64 >> i, 64 >> i) for i, c in enumerate(channels)]
    further = len(channels) - len(neck.in_channels)
    with torch.no_grad():
        outs, plain = neck(levels), neck.pyramid(tuple(levels[further:]))
    changed = [not torch.equal(out, own) for out, own in zip(outs, plain)]
    assert changed == [i == gils.get('level', 0) for i in range(len(plain))]


@pytest.mark.parametrize('form', [*FORMS, 'gate', 'route'])
def test_of_a_chain_the_first_neck_has_the_top_down_path(form: str) -> None:
    model, base = fcos(bp(CHAIN, dgr=dict(form=form))), fcos(CHAIN)
    result = model.load_state_dict(base.state_dict(), strict=False)  # neck.0.X -> neck.pyramid.0.X
    assert result.unexpected_keys == []
    grads, plain = gradients(model, total(model, det_batch())), gradients(base, total(base, det_batch()))
    changed = {
        name for name, grad in plain.items() if not torch.equal(grad, grads[name.replace('neck.', 'neck.pyramid.')])
    }
    assert any(name.startswith('neck.0.lateral_convs') for name in changed)
    if form in ('gate', 'route'):  # they act in the top-down path alone, and before it
        assert {name for name in changed if not name.startswith(('backbone', 'neck.0.lateral_convs'))} == set()


def test_variants_of_one_seed_start_from_the_same_weights() -> None:
    base = fcos(FPN, seed=4).state_dict()
    variant = fcos(bp(gils=dict(), dgr=dict(form='feature')), further=True, seed=4).state_dict()
    assert all(torch.equal(variant[k.replace('neck.', 'neck.pyramid.', 1)], v) for k, v in base.items())


# Without GILS and DGR the wrapper is nothing


@pytest.mark.parametrize('name', PYRAMIDS)
def test_an_empty_wrapper_changes_nothing(name: str) -> None:
    batch = det_batch()
    base, model = fcos(PYRAMIDS[name]), fcos(bp(PYRAMIDS[name]))
    expected = gradients(base, total(base, batch))
    found = gradients(model, total(model, batch))
    assert {k.replace('neck.pyramid.', 'neck.') for k in found} == set(expected)
    assert all(torch.equal(expected[k.replace('neck.pyramid.', 'neck.')], v) for k, v in found.items())


# DGR in a detector


@pytest.mark.parametrize('form', FORMS)
@pytest.mark.parametrize('levels', ['output', 'inner'])
@pytest.mark.parametrize('name', PYRAMIDS)
def test_the_loss_arrives_in_the_detector_s_dict(name: str, levels: str, form: str) -> None:
    model = fcos(bp(PYRAMIDS[name], dgr=dict(form=form, levels=levels)))
    base = fcos(PYRAMIDS[name])
    batch = det_batch()
    losses, expected = losses_of(model, batch), losses_of(base, batch)
    assert set(losses) - set(expected) == {'loss_dgr'}
    assert all(torch.equal(losses[k], expected[k]) for k in expected)
    loss, log = model.parse_losses(losses)
    assert 0 < log['loss_dgr'] <= 0.2
    found = gradients(model, loss)
    assert all(torch.isfinite(g).all() for g in found.values())
    # every parameter that is trained gets its gradient: DistributedDataParallel would wait for it
    assert set(found) == {k for k, p in model.named_parameters() if p.requires_grad}
    base_grads = gradients(base, base.parse_losses(expected)[0])
    assert any(
        not torch.equal(found[k.replace('neck.', 'neck.pyramid.', 1)], g)
        for k, g in base_grads.items()
        if k.startswith('neck.')
    )


@pytest.mark.parametrize('form', FORMS)
def test_one_output_is_regularized_inside(form: str) -> None:
    pyramid = dict(type='mmirstd.CSPFPN', in_channels=[32, 64, 128], out_levels=(0,), out_channels=16)
    model = fcos(bp(pyramid, dgr=dict(form=form)), levels=1)
    assert model.neck.dgr_levels == 'inner'
    losses = losses_of(model, det_batch())
    assert gradients(model, losses['loss_dgr'])['neck.pyramid.top_down_blocks.1.final_conv.conv.weight'].abs().sum() > 0


@pytest.mark.parametrize(('target', 'students'), [('deep', (0, 1)), ('shallow', (1, 2)), ('both', (0, 1, 2))])
def test_no_gradient_into_the_teacher(target: str, students: tuple[int, ...]) -> None:
    model = fcos(bp(dgr=dict(form='feature', target=target)))
    outs = []
    model.neck.register_forward_hook(lambda module, args, out: outs.extend(out))
    loss = losses_of(model, det_batch())['loss_dgr']
    grads = torch.autograd.grad(loss, outs, allow_unused=True, retain_graph=True)
    for level, grad in enumerate(grads):
        assert (grad is not None and bool(grad.abs().sum() > 0)) == (level in students)
    # fpn_convs[l] leads to output l alone
    found = gradients(model, loss)
    for level in range(3):
        assert (f'neck.pyramid.fpn_convs.{level}.conv.weight' in found) == (level in students)


@pytest.mark.parametrize('form', FORMS)
@pytest.mark.parametrize('levels', ['output', 'inner'])
@pytest.mark.parametrize('name', PYRAMIDS)
def test_nor_by_the_top_down_path(name: str, levels: str, form: str) -> None:
    batch = det_batch()
    # Stage 4 and what reduces its level lead to the deepest level alone, which is only ever a teacher.
    deepest = ('backbone.stage4.', 'neck.pyramid.reduce_layers.0.', 'neck.pyramid.lateral_convs.2.')
    sizes = {}
    for isolate in (True, False):
        model = fcos(bp(PYRAMIDS[name], dgr=dict(form=form, levels=levels, isolate=isolate, loss_weight=30.0)))
        losses = losses_of(model, batch)
        found = gradients(model, losses['loss_dgr'])
        sizes[isolate] = sum(g.square().sum() for k, g in found.items() if k.startswith(deepest)) ** 0.5
        if isolate:
            value = losses['loss_dgr'].detach()
            students = [k for k in found if k.startswith('neck.pyramid.') and not k.startswith(deepest)]
            assert any(found[k].abs().sum() > 0 for k in students)
        else:
            assert torch.equal(losses['loss_dgr'], value)
    assert sizes[False] > 0
    assert sizes[True] < 1e-4 * sizes[False]
    # so the deepest level learns from the detector's losses alone, in whatever the loss is scaled by
    base = fcos(PYRAMIDS[name])
    expected = gradients(base, total(base, batch))
    model = fcos(bp(PYRAMIDS[name], dgr=dict(form=form, levels=levels)))
    found = gradients(model, 1024 * total(model, batch))
    for key, value in expected.items():
        if key.startswith('backbone.stage4.'):
            torch.testing.assert_close(found[key] / 1024, value, rtol=1e-3, atol=1e-5 + 1e-4 * value.abs().max().item())


@pytest.mark.parametrize('form', [*FORMS, 'gate', 'route'])
@pytest.mark.parametrize('name', ['FPN', 'YOLOXPAFPN', 'CSPFPN'])
def test_at_inference_dgr_does_not_exist(name: str, form: str) -> None:
    batch = det_batch()
    model, base = fcos(bp(PYRAMIDS[name], dgr=dict(form=form))).eval(), fcos(PYRAMIDS[name]).eval()
    calls = []
    for module in model.neck.dgr.modules():
        module.register_forward_pre_hook(lambda m, args: calls.append(m))
    hooks = sum(len(m._forward_pre_hooks) + len(m._forward_hooks) for m in model.neck.pyramid.modules())
    with torch.no_grad():
        outs, expected = (m(**copy.deepcopy(batch), mode='tensor') for m in (model, base))
        results, expected_results = (m(**copy.deepcopy(batch), mode='predict') for m in (model, base))
    assert all(torch.equal(a, b) for x, y in zip(outs, expected) for a, b in zip(x, y))
    assert all(torch.equal(a.pred_instances.bboxes, b.pred_instances.bboxes) for a, b in zip(results, expected_results))
    assert calls == []
    assert hooks == 0
    assert not model.neck._deferred
    # also with gradients enabled, as in attribution methods
    model(**copy.deepcopy(batch), mode='tensor')
    assert calls == []
    model.train()
    losses_of(model, batch)
    assert bool(calls) == (form in FORMS)  # the count can fail
    hooks = sum(len(m._forward_pre_hooks) + len(m._forward_hooks) for m in model.neck.pyramid.modules())
    assert hooks == 0


# AMP, accumulation


@pytest.mark.parametrize('form', [*FORMS, 'gate', 'route'])
def test_loss_scaling_keeps_the_weight_of_dgr(form: str) -> None:
    batch = det_batch()
    weight = dict(loss_weight=10.0) if form in FORMS else {}
    model = fcos(bp(gils=dict(zero_init=False), dgr=dict(form=form, **weight)), further=True)
    plain = gradients(model, total(model, batch))
    scaler = torch.amp.GradScaler('cpu', init_scale=2.0**16)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    model.zero_grad()
    scaler.scale(total(model, batch)).backward()
    scaler.unscale_(optimizer)
    for name, p in model.named_parameters():
        if name in plain:
            torch.testing.assert_close(p.grad, plain[name], rtol=1e-5, atol=1e-7)
    without = fcos(bp(gils=dict(zero_init=False)), further=True)
    other = gradients(without, total(without, batch))
    assert max((plain[k] - other[k]).abs().max() for k in other) > 1e-3  # what was compared has DGR in it


def test_under_autocast_dgr_s_share_of_the_gradient_is_that_of_float32() -> None:
    batch = det_batch()
    shares = []
    for amp in (False, True):
        model = fcos(bp(dgr=dict(form='feature', loss_weight=5.0)))
        with torch.autocast('cpu', torch.bfloat16, enabled=amp):
            losses = losses_of(model, batch)
        assert losses['loss_dgr'].dtype == torch.float32
        own = gradients(model, 1024.0 * losses['loss_dgr'])
        with torch.autocast('cpu', torch.bfloat16, enabled=amp):
            losses = losses_of(model, batch)
        every = gradients(model, 1024.0 * model.parse_losses(losses)[0])
        key = 'neck.pyramid.lateral_convs.1.conv.weight'
        shares.append((own[key].norm() / every[key].norm()).item())
    assert shares[1] == pytest.approx(shares[0], rel=0.1)
    assert shares[0] > 0.05


@pytest.mark.parametrize('form', [*FORMS, 'gate', 'route'])
def test_train_step_with_accumulation_and_autocast(form: str) -> None:
    batch = det_batch()
    model = fcos(bp(gils=dict(), dgr=dict(form=form)), further=True)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    wrapper = AutocastOptimWrapper(optimizer=optimizer, accumulative_counts=2)
    wrapper.initialize_count_status(model, 0, 4)
    before = model.neck.pyramid.lateral_convs[0].conv.weight.detach().clone()
    for step in range(4):
        opened = model.neck.gils.scale.detach().abs().mean()
        log = model.train_step(copy.deepcopy(batch), wrapper)
        assert math.isfinite(log['loss'].item())
        assert ('loss_dgr' in log) == (form in FORMS)
        assert log['gils_scale'] == opened
        changed = not torch.equal(before, model.neck.pyramid.lateral_convs[0].conv.weight)
        assert changed == (step > 0)
    assert opened > 0


# The gate


def gate_probe(target: str = 'deep', name: str = 'FPN') -> tuple[list, dict, dict]:
    """Gradients at the gate of each level, and of the parameters with and without it."""
    batch = det_batch()
    plain = fcos(PYRAMIDS[name])
    expected = gradients(plain, total(plain, batch))
    model = fcos(bp(PYRAMIDS[name], dgr=dict(form='gate', target=target)))
    seen = []
    gate = model.neck.dgr.gate
    model.neck.dgr.gate = lambda own, incoming: seen.append((own, incoming, *gate(own, incoming))) or seen[-1][2:]
    return seen, gradients(model, total(model, batch)), expected


@pytest.mark.parametrize('name', PYRAMIDS)
def test_the_gate_removes_opposition_and_nothing_else(name: str) -> None:
    seen, found, expected = gate_probe(name=name)
    assert len(seen) == 2  # two of three levels feed a finer one
    against = 0
    for own, incoming, kept_own, cleaned in seen:
        assert torch.equal(kept_own, own)
        before = (own * incoming).sum(dim=1)
        after = (own * cleaned).sum(dim=1)
        scale = (own.norm(dim=1) * incoming.norm(dim=1)).clamp_min(1e-30)
        assert ((after / scale) > -1e-5).all()
        agrees = (before >= 0)[:, None].expand_as(own)
        torch.testing.assert_close(cleaned[agrees], incoming[agrees], rtol=0, atol=0)
        against += int((before < 0).sum())
    assert against > 0
    deepest = [k for k in expected if 'backbone.stage4' in k and 'weight' in k]
    assert any(not torch.equal(found[k], expected[k]) for k in deepest)
    # the head is above the gate
    for key in expected:
        if key.startswith('bbox_head'):
            assert torch.equal(found[key], expected[key])


def test_the_gate_s_two_gradients_sum_to_what_arrives() -> None:
    batch = det_batch()
    model = fcos(bp(dgr=dict(form='gate')))
    seen = []
    model.neck.dgr.gate = lambda own, incoming: seen.append(own + incoming) or (own, incoming)
    found = gradients(model, total(model, batch))
    plain = fcos(FPN)
    expected = gradients(plain, total(plain, batch))
    for key in expected:
        torch.testing.assert_close(
            found[key.replace('neck.', 'neck.pyramid.', 1) if key.startswith('neck.') else key],
            expected[key],
            rtol=1e-4,
            atol=1e-7,
        )
    levels = []
    with TopDownTaps(plain.neck) as taps:
        loss = total(plain, batch)
        levels = torch.autograd.grad(loss, taps.levels)
    torch.testing.assert_close(
        seen, list(reversed(levels[1:])) if seen[0].shape != levels[1].shape else list(levels[1:]), rtol=1e-4, atol=1e-8
    )


@pytest.mark.parametrize('target', ['shallow', 'both'])
def test_the_gate_s_other_targets(target: str) -> None:
    seen, _, _ = gate_probe(target)
    changed_incoming = any(not torch.equal(s[1], s[3]) for s in seen)
    changed_own = any(not torch.equal(s[0], s[2]) for s in seen)
    assert changed_own
    assert changed_incoming == (target == 'both')


# Collecting the losses


def test_a_loss_that_nobody_collects_is_an_error() -> None:
    from mmdet.registry import MODELS

    neck = MODELS.build(bp(dgr=dict(form='feature')))
    inputs = [torch.randn(1, 32, 8, 8), torch.randn(1, 64, 4, 4), torch.randn(1, 128, 2, 2)]
    with pytest.raises(RuntimeError, match='AuxiliaryLossHook'):
        neck(inputs)
    with torch.no_grad():
        neck(inputs)
    neck.eval()(inputs)
    MODELS.build(bp(dgr=dict(form='gate')))(inputs)


def test_attaching_twice_and_copies_count_once() -> None:
    model = fcos(bp(dgr=dict(form='feature')))
    attach_auxiliary_losses(model)
    batch = det_batch()
    once = losses_of(model, batch)['loss_dgr']
    twin = copy.deepcopy(model)
    attach_auxiliary_losses(twin)
    assert torch.equal(losses_of(twin, batch)['loss_dgr'], once)
    assert losses_of(model, batch)['loss_dgr'] == once


def test_a_neck_called_several_times_a_step_gives_the_mean() -> None:
    model = fcos(bp(dgr=dict(form='feature')))
    batch = det_batch()
    once = losses_of(model, batch)['loss_dgr']
    extract = model.extract_feat
    model.extract_feat = lambda x: (extract(x), extract(x))[1]
    torch.testing.assert_close(losses_of(model, batch)['loss_dgr'], once)


def test_what_a_failed_pass_left_is_forgotten() -> None:
    model = fcos(bp(dgr=dict(form='feature')))
    batch = det_batch()
    model(**copy.deepcopy(batch), mode='tensor')
    assert not model.neck._deferred
    bad = dict(inputs=batch['inputs'], data_samples=None)
    with pytest.raises(TypeError):
        losses_of(model, bad)
    assert model.neck._deferred
    losses_of(model, batch)
    assert not model.neck._deferred


def test_the_hook_attaches_to_the_model() -> None:
    from types import SimpleNamespace

    from mmdet.registry import MODELS

    model = fcos(FPN)
    model.neck = MODELS.build(bp(dgr=dict(form='feature')))
    AuxiliaryLossHook().before_train(SimpleNamespace(model=model))
    assert 'loss_dgr' in losses_of(model, det_batch())
    assert not attach_auxiliary_losses(fcos(FPN))


# Bad configs


@pytest.mark.parametrize(
    ('kwargs', 'match'),
    [
        (dict(gils=dict(at='middle')), "'input' or 'output'"),
        (dict(gils=dict(level=3)), 'inputs 0 to 2'),
        (dict(gils=dict(level=1, in_channels=8)), 'with 32 channels'),
        (dict(gils=dict(down='sum')), 'space_to_depth, conv, max, avg'),
        (dict(gils=dict(fuse='mul')), 'add, concat, gated'),
        (dict(gils=dict(factor=3)), 'power of two'),
        (dict(dgr=dict(levels='some')), "'auto', 'output' or 'inner'"),
        (dict(dgr=dict(form='grad')), 'feature, gradient, gate, route'),
        (dict(pyramid=CHAIN[1], gils=dict()), r'BFP does not take levels of \[16\] channels'),
        (
            dict(
                pyramid=dict(type='mmdet.YOLOV3Neck', num_scales=2, in_channels=[32, 16], out_channels=[16, 8]),
                dgr=dict(),
            ),
            r'YOLOV3Neck does not take levels of \[32, 16\] channels .*, finest first',
        ),
        (dict(pyramid=dict(type='mmseg.Feature2Pyramid', embed_dim=16)), 'Feature2Pyramid has no in_channels'),
        (dict(pyramid=dict(CSP, out_levels=(1, 2)), gils=dict()), r'stride of input 0 .*out levels \[1, 2\]'),
        (dict(pyramid=dict(CSP, out_levels=(0,)), dgr=dict(form='gate')), 'only one output'),
        (
            dict(pyramid=dict(CSP, out_levels=(0,)), dgr=dict(form='feature', levels='output')),
            'compares adjacent levels',
        ),
        (dict(dgr=dict(levels='inner')), "dgr.levels='inner' belongs to the forms with a loss, but form='route'"),
        (dict(dgr=dict(form='gate', isolate=False)), 'dgr.isolate=False belongs to the forms with a loss'),
    ],
)
def test_bad_configs(kwargs: dict, match: str) -> None:
    with pytest.raises(ValueError, match=match):
        BPFPN(**dict(dict(pyramid=FPN), **kwargs))


def test_a_pyramid_of_no_known_family() -> None:
    with pytest.raises(ValueError, match='top-down path of Conv2d is not known'):
        TopDownTaps(torch.nn.Conv2d(1, 1, 1))


def test_wrong_number_or_shape_of_levels() -> None:
    neck = BPFPN(FPN, gils=dict())
    levels = [torch.randn(1, 32, 8, 8), torch.randn(1, 64, 4, 4), torch.randn(1, 128, 2, 2)]
    with pytest.raises(ValueError, match='got 3 levels, expected 4.*\n.*add it in front of its out_indices'):
        neck(levels)
    with pytest.raises(ValueError, match=r'in_channels=8'):
        neck([torch.randn(1, 8, 16, 16), *levels])
    with pytest.raises(ValueError, match='factor=...'):
        neck([torch.randn(1, 16, 32, 32), *levels])
    with pytest.raises(ValueError, match=r'gils=dict\(level=1\) leads from input 0'):
        neck(levels)


@pytest.mark.parametrize(
    'kwargs',
    [
        dict(),
        dict(stepwise=True),
        dict(down='conv'),
        dict(down='conv', stepwise=True),
        dict(down='max', stepwise=True),
        dict(down='avg'),
    ],
)
@pytest.mark.parametrize('size', [(32, 32), (30, 29)])
def test_a_low_level_two_strides_finer(kwargs: dict, size: tuple[int, int]) -> None:
    neck = BPFPN(FPN, gils=dict(in_channels=8, factor=4, zero_init=False, **kwargs))
    levels = [torch.randn(2, c, -(-size[0] // s), -(-size[1] // s)) for c, s in ((8, 1), (32, 4), (64, 8), (128, 16))]
    outs = neck(levels)
    assert outs[0].shape[2:] == levels[1].shape[2:]
    outs[0].sum().backward()
    assert all(p.grad is not None for p in neck.gils.parameters())


def test_space_to_depth_loses_nothing_and_the_others_are_what_they_say() -> None:
    from mmirstd.models.necks.gils import Downsample

    x = torch.randn(1, 3, 6, 8)
    assert torch.equal(Downsample(3)(x).flatten().sort().values, x.flatten().sort().values)
    assert torch.equal(Downsample(3, 'max')(x), torch.nn.functional.max_pool2d(x, 2))
    assert torch.equal(Downsample(3, 'avg')(x), torch.nn.functional.avg_pool2d(x, 2))


# DistributedDataParallel


@pytest.fixture
def process_group(tmp_path) -> Iterator[None]:
    """A group of one process: the reducer's bookkeeping is that of many."""
    dist.init_process_group('gloo', init_method=f'file://{tmp_path}/store', rank=0, world_size=1)
    yield
    dist.destroy_process_group()


@pytest.mark.parametrize('form', [*FORMS, 'gate', 'route'])
def test_distributed_training_is_the_same(form: str, process_group: None) -> None:
    states = []
    for distributed in (False, True):
        # inside CSPFPN channels differ: one of the embeddings is frozen
        pyramid, levels = (CSP, 'inner') if form == 'feature' else (FPN, 'auto')
        dgr = dict(form=form, levels=levels)
        model = fcos(bp(pyramid, gils=dict(zero_init=False), dgr=dgr), further=True)
        inner = model
        if distributed:
            model = MMDistributedDataParallel(model, find_unused_parameters=False)
        wrapper = OptimWrapper(torch.optim.SGD(inner.parameters(), lr=0.01))
        for _ in range(3):  # a parameter that waits for its gradient in vain fails in the second
            log = model.train_step(copy.deepcopy(det_batch()), wrapper)
        assert ('loss_dgr' in log) == (form in FORMS)
        states.append(inner.state_dict())
    assert all(torch.equal(states[0][k], v) for k, v in states[1].items())


@MODELS.register_module()
class OwnPyramid(nn.Module):
    """One level out, with the edges that the error for an unknown pyramid asks for."""

    def __init__(self, in_channels: list[int]) -> None:
        super().__init__()
        self.in_channels = in_channels
        self.top_down_edges = nn.ModuleList([nn.Identity()])

    def forward(self, inputs: tuple[torch.Tensor, torch.Tensor]) -> tuple[torch.Tensor]:
        return (inputs[0] + nn.functional.interpolate(self.top_down_edges[0](inputs[1]), scale_factor=2),)


def test_a_pyramid_of_ones_own_with_edges_alone() -> None:
    pyramid = dict(type='mmirstd.OwnPyramid', in_channels=[8, 8])
    neck = BPFPN(pyramid, dgr=dict(form='route', alpha=0.25))
    assert neck.num_edges == 1
    with pytest.raises(ValueError, match='finest one of OwnPyramid is not seen'):
        BPFPN(pyramid, dgr=dict(form='feature'))
