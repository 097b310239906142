from __future__ import annotations

import copy
import json
import math
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from mmengine.optim import OptimWrapper, OptimWrapperDict
from mmengine.runner import Runner
from torch import nn
from torch.utils.data import Dataset

from mmirstd.engine import AutocastOptimWrapper, GradientDiagnosticsHook
from mmirstd.engine.hooks.gradient_diagnostics_hook import _loss_scale, _wrapper_of, level_cosine
from tests.test_models.test_necks.bp_fpn_models import CHAIN, CSP, FPN, det_batch, fcos

PARTS = ('norm/own', 'norm/top_down', 'cos/own_top_down')


class Images(Dataset):
    """The samples of one batch, one by one."""

    def __init__(self, length: int) -> None:
        self.batch = det_batch(batch=length)

    def __len__(self) -> int:
        return len(self.batch['data_samples'])

    def __getitem__(self, index: int) -> dict:
        return dict(inputs=self.batch['inputs'][index], data_samples=copy.deepcopy(self.batch['data_samples'][index]))


@pytest.fixture(autouse=True, scope='module')
def no_report_of_the_environment() -> Iterator[None]:
    """It runs compilers, and takes longer than the training."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Runner, '_log_env', lambda *args, **kwargs: None)
        yield


def collate(samples: list[dict]) -> dict:
    return dict(inputs=torch.stack([s['inputs'] for s in samples]), data_samples=[s['data_samples'] for s in samples])


def run(model: nn.Module, work_dir: Path, hooks: list, iterations: int = 4, optim_wrapper: dict | None = None) -> list:
    """Train with mmengine's real Runner; returns what the visualizer wrote of gradients."""
    runner = Runner(
        model=model,
        work_dir=str(work_dir),
        experiment_name=work_dir.name,
        train_dataloader=dict(
            dataset=Images(4),
            batch_size=2,
            num_workers=0,
            collate_fn=collate,
            sampler=dict(type='DefaultSampler', shuffle=False),
        ),
        train_cfg=dict(by_epoch=False, max_iters=iterations),
        optim_wrapper=dict(dict(type='OptimWrapper', optimizer=dict(type='SGD', lr=1e-3)), **(optim_wrapper or {})),
        default_hooks=dict(checkpoint=None, logger=dict(type='LoggerHook', interval=1)),
        custom_hooks=hooks,
        visualizer=dict(type='Visualizer', vis_backends=[dict(type='LocalVisBackend')]),
        log_level='ERROR',
    )
    runner._init_model_weights = lambda: None  # the models come initialized
    runner.train()
    lines = [json.loads(line) for f in work_dir.glob('*/vis_data/scalars.json') for line in f.read_text().splitlines()]
    return [line for line in lines if any(k.startswith('grad_') for k in line)]


def hook(**kwargs) -> dict:
    return dict(dict(type='mmirstd.GradientDiagnosticsHook', interval=2), **kwargs)


@pytest.fixture(scope='module')
def base_records(tmp_path_factory: pytest.TempPathFactory) -> list[dict]:
    return run(fcos(FPN), tmp_path_factory.mktemp('base'), [hook()])


def test_it_writes_every_level_at_the_interval(base_records: list[dict]) -> None:
    assert [r['step'] for r in base_records] == [1, 2, 4]
    assert set(base_records[0]) == {
        'step',
        'grad_norm/C_s8',
        'grad_norm/C_s16',
        'grad_norm/C_s32',
        'grad_norm/P_s8',
        'grad_norm/P_s16',
        'grad_norm/P_s32',
        'grad_cos/P_s8_s16',
        'grad_cos/P_s16_s32',
        *(f'grad_{kind}_{level}' for kind in PARTS for level in ('s16', 's32')),
    }
    assert all(v > 0 for r in base_records for k, v in r.items() if k.startswith('grad_norm'))
    assert all(-1 <= v <= 1 for r in base_records for k, v in r.items() if k.startswith('grad_cos'))


def test_the_numbers_are_those_of_autograd(base_records: list[dict]) -> None:
    model = fcos(FPN)
    batch = collate([Images(4)[i] for i in range(2)])
    seen = {}
    model.neck.register_forward_hook(lambda m, args, out: seen.update(C=args[0], P=out))
    loss = model.parse_losses(model(**batch, mode='loss'))[0]
    grads = torch.autograd.grad(loss, [*seen['C'], *seen['P']])
    for name, grad in zip(['C_s8', 'C_s16', 'C_s32', 'P_s8', 'P_s16', 'P_s32'], grads):
        assert base_records[0][f'grad_norm/{name}'] == pytest.approx(grad.norm().item(), rel=1e-4)
    shallow, deep = grads[3], nn.functional.interpolate(grads[4], scale_factor=2, mode='bilinear')
    cosine = nn.functional.cosine_similarity(shallow.flatten(1), deep.flatten(1), eps=1e-20).mean()
    assert base_records[0]['grad_cos/P_s8_s16'] == pytest.approx(cosine.item(), rel=1e-3, abs=1e-5)


@pytest.mark.parametrize('form', [None, 'feature', 'gradient', 'gate', 'route'])
def test_training_is_the_same_with_it(form: str | None, tmp_path: Path) -> None:
    states = []
    neck = FPN if form is None else dict(type='mmirstd.BPFPN', pyramid=FPN, dgr=dict(form=form))
    for hooks in ([], [hook(interval=1)]):
        model = fcos(neck)
        run(model, tmp_path / str(len(hooks)), [*hooks, dict(type='mmirstd.AuxiliaryLossHook')])
        states.append(model.state_dict())
        assert 'see_image' not in str(model._forward_pre_hooks)
        assert not model.neck._forward_hooks
        assert not model.neck._forward_pre_hooks
    assert all(torch.equal(states[0][k], v) for k, v in states[1].items())


@pytest.mark.parametrize(
    'wrapper', [dict(accumulative_counts=2), dict(type='mmirstd.AutocastOptimWrapper', accumulative_counts=4)]
)
def test_scales_are_taken_out(wrapper: dict, base_records: list[dict], tmp_path: Path) -> None:
    records = run(fcos(FPN), tmp_path, [hook()], optim_wrapper=wrapper)
    tolerance = 0.15 if 'type' in wrapper else 1e-4  # bfloat16
    for key in ('grad_norm/P_s8', 'grad_norm/C_s8'):
        assert records[0][key] == pytest.approx(base_records[0][key], rel=tolerance)


def test_the_scale_of_amp_is_read() -> None:
    model = nn.Linear(1, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    assert _loss_scale(OptimWrapper(optimizer, accumulative_counts=4)) == 0.25
    wrapper = AutocastOptimWrapper(optimizer=optimizer)
    assert _loss_scale(wrapper) == 1.0
    wrapper.loss_scaler = torch.amp.GradScaler('cpu', init_scale=512.0)
    assert _loss_scale(wrapper) == 512.0


def test_of_several_optimizers_the_one_that_trains_the_neck_counts() -> None:
    parts = [nn.Linear(1, 1), nn.Linear(1, 1)]
    one, other = (OptimWrapper(torch.optim.SGD(part.parameters(), lr=0.1)) for part in parts)
    both = OptimWrapperDict(one=one, other=other)
    assert _wrapper_of(parts[0], both) is one
    assert _wrapper_of(parts[1], both) is other
    assert _wrapper_of(nn.Linear(1, 1), both) is one  # trained by none


def test_the_two_parts_of_a_level_s_gradient(base_records: list[dict]) -> None:
    model = fcos(FPN)
    batch = collate([Images(4)[i] for i in range(2)])
    seen = []
    # cut at the deepest level's own output, what is left came by the top-down path
    model.neck.fpn_convs[2].register_forward_pre_hook(lambda m, args: seen.append(args[0]) or (args[0].detach(),))
    loss = model.parse_losses(model(**batch, mode='loss'))[0]
    (top_down,) = torch.autograd.grad(loss, seen)
    assert base_records[0]['grad_norm/top_down_s32'] == pytest.approx(top_down.norm().item(), rel=1e-4)
    model, levels = fcos(FPN), []
    model.neck.fpn_convs[2].register_forward_pre_hook(lambda m, args: levels.append(args[0]))
    loss = model.parse_losses(model(**batch, mode='loss'))[0]
    own = torch.autograd.grad(loss, levels)[0] - top_down
    assert base_records[0]['grad_norm/own_s32'] == pytest.approx(own.norm().item(), rel=1e-3)
    cosine = nn.functional.cosine_similarity(own.flatten(1), top_down.flatten(1), eps=1e-20).mean()
    assert base_records[0]['grad_cos/own_top_down_s32'] == pytest.approx(cosine.item(), rel=1e-3, abs=1e-4)


@pytest.mark.parametrize('pyramid', [FPN, CHAIN], ids=['FPN', 'chain'])
def test_it_shows_the_route(pyramid: dict | list, tmp_path: Path) -> None:
    neck = dict(type='mmirstd.BPFPN', pyramid=pyramid, dgr=dict(form='route', alpha=[0.0, 0.25]))
    record = run(fcos(neck), tmp_path, [hook()], iterations=1)[0]
    for level, alpha in (('s16', 0.0), ('s32', 0.25)):
        assert record[f'grad_norm/top_down_{level}'] > 0
        assert record[f'grad_norm/top_down_kept_{level}'] == pytest.approx(
            alpha * record[f'grad_norm/top_down_{level}'], rel=1e-6
        )
        assert record[f'grad_norm/own_kept_{level}'] == record[f'grad_norm/own_{level}']


@pytest.mark.parametrize('form', ['feature', 'gradient', 'gate', 'route'])
def test_with_bp_fpn(form: str, tmp_path: Path) -> None:
    neck = dict(type='mmirstd.BPFPN', pyramid=FPN, gils=dict(zero_init=False), dgr=dict(form=form))
    records = run(fcos(neck, further=True), tmp_path, [hook(levels='inner'), dict(type='mmirstd.AuxiliaryLossHook')])
    assert {'grad_norm/C_s4', 'grad_norm/P_s8', 'grad_cos/P_s16_s32'} <= set(records[0])
    assert all(math.isfinite(v) for r in records for v in r.values())


def test_it_sees_what_isolation_keeps_from_the_low_level(tmp_path: Path) -> None:
    norms = {}
    for isolate in (True, False):
        neck = dict(type='mmirstd.BPFPN', pyramid=FPN, gils=dict(zero_init=False, isolate=isolate))
        records = run(fcos(neck, further=True), tmp_path / str(isolate), [hook()], iterations=1)
        norms[isolate] = records[0]
    assert norms[True]['grad_norm/C_s4'] != norms[False]['grad_norm/C_s4']
    assert norms[True]['grad_norm/C_s8'] == norms[False]['grad_norm/C_s8']


def test_it_sees_the_gradient_behind_the_gate(tmp_path: Path) -> None:
    records = {}
    for name, dgr in (('gate', dict(form='gate')), ('plain', None)):
        neck = dict(type='mmirstd.BPFPN', pyramid=FPN, dgr=dgr)
        records[name] = run(fcos(neck), tmp_path / name, [hook(levels='inner')], iterations=1)[0]
    assert records['gate']['grad_norm/P_s8'] == records['plain']['grad_norm/P_s8']
    assert records['gate']['grad_norm/P_s16'] != records['plain']['grad_norm/P_s16']


def test_one_output_is_looked_into(tmp_path: Path) -> None:
    neck = dict(CSP, out_levels=(0,))
    records = run(fcos(neck, levels=1), tmp_path, [hook()], iterations=1)
    assert {'grad_norm/P_s8', 'grad_norm/P_s16', 'grad_norm/P_s32', 'grad_cos/P_s8_s16'} <= set(records[0])


def test_cosine_of_levels() -> None:
    shallow = torch.randn(2, 3, 8, 8)
    deep = nn.functional.avg_pool2d(shallow, 2)
    assert level_cosine(shallow, 2 * shallow) == pytest.approx(1)
    assert level_cosine(shallow, -shallow) == pytest.approx(-1)
    assert 0 < level_cosine(shallow, deep) < 1
    # other channels: their mean
    assert level_cosine(shallow, shallow.repeat(1, 2, 1, 1)) == pytest.approx(1)
    # an image without gradient does not count
    shallow[1] = 0
    assert level_cosine(shallow, shallow) == pytest.approx(1)
    assert math.isnan(level_cosine(0 * shallow, shallow))
    tiny = 1e-30 * torch.randn(1, 3, 4, 4)
    assert level_cosine(tiny, tiny) == pytest.approx(1)


def test_bad_arguments(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match='expected 1 or more'):
        GradientDiagnosticsHook(interval=0)
    with pytest.raises(ValueError, match="'inner' or 'auto'|'auto', 'output' or 'inner'"):
        GradientDiagnosticsHook(levels='all')
    with pytest.raises(ValueError, match="no module='pyramid'; it has .*backbone, neck"):
        run(fcos(FPN), tmp_path, [hook(module='pyramid')])


def test_image_size_names_the_levels_of_odd_inputs() -> None:
    diagnostics = GradientDiagnosticsHook()
    diagnostics._image_size = (300, 300)
    from mmirstd.engine.hooks.gradient_diagnostics_hook import _Level

    group = [_Level(torch.zeros(1, 1, s, s, requires_grad=True)) for s in (75, 38, 19, 10, 10)]
    assert diagnostics._stride_names(group) == ['s4', 's8', 's16', 's32', 's32_l4']
