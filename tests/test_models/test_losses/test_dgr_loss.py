from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from mmengine.structures import InstanceData, PixelData
from torch import nn
from torch.nn import functional as F

from mmirstd.models.losses import DGRLoss
from mmirstd.models.losses.dgr_loss import remove_opposition, without_path
from mmirstd.models.losses.target_weight import target_weights
from mmirstd.registry import MODELS


def levels(channels: list[int] = [6, 6, 6], size: int = 8, seed: int = 0) -> list[torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    return [
        torch.randn(2, c, size >> i, size >> i, generator=generator, requires_grad=True) for i, c in enumerate(channels)
    ]


def direct(shallow: torch.Tensor, deep: torch.Tensor) -> torch.Tensor:
    deep = F.interpolate(deep, size=shallow.shape[2:], mode='bilinear')
    return 1 - F.cosine_similarity(shallow, deep, dim=1)


# form='feature'


@pytest.mark.parametrize('target', ['deep', 'shallow', 'both'])
def test_feature_form_is_the_formula(target: str) -> None:
    maps = levels()
    cfg = dict(type='mmirstd.DGRLoss', form='feature', target=target, embed_channels=None, loss_weight=0.5)
    loss = MODELS.build(cfg)(maps)
    expected = 0.5 * torch.stack([direct(maps[i], maps[i + 1]).mean() for i in range(2)]).mean()
    torch.testing.assert_close(loss, expected)


@pytest.mark.parametrize(('target', 'students'), [('deep', (0,)), ('shallow', (1,)), ('both', (0, 1))])
@pytest.mark.parametrize('channels', [[6, 6], [6, 10]])
def test_the_teacher_gets_no_gradient_at_all(target: str, students: tuple[int, ...], channels: list[int]) -> None:
    maps = levels(channels)
    DGRLoss('feature', target=target, in_channels=channels)(maps).backward()
    for level, feature in enumerate(maps):
        assert (feature.grad is not None) == (level in students)
        if level in students:
            assert feature.grad.abs().sum() > 0


def test_both_is_the_mean_of_the_two_sides() -> None:
    grads = {}
    for target in ('deep', 'shallow', 'both'):
        maps = levels([6, 6])
        DGRLoss('feature', target=target, in_channels=[6, 6], embed_channels=None)(maps).backward()
        grads[target] = [m.grad for m in maps]
    torch.testing.assert_close(grads['both'][0], grads['deep'][0] / 2)
    torch.testing.assert_close(grads['both'][1], grads['shallow'][1] / 2)


def test_only_the_direction_counts() -> None:
    maps = levels()
    loss = DGRLoss('feature', embed_channels=None)
    torch.testing.assert_close(loss([m * 10.0**i for i, m in enumerate(maps)]), loss(maps))
    torch.testing.assert_close(loss([maps[0], 3 * maps[0]]), torch.tensor(0.0), atol=1e-6, rtol=0)
    torch.testing.assert_close(loss([maps[0], -maps[0]]), torch.tensor(0.2))


def test_embeddings_of_levels() -> None:
    shared = DGRLoss('feature', in_channels=[6, 6, 6], embed_channels=4)
    assert [tuple(e.weight.shape[:2]) for e in shared.embed] == [(4, 6)]
    own = DGRLoss('feature', in_channels=[6, 8, 10], embed_channels=4)
    assert [tuple(e.weight.shape[:2]) for e in own.embed] == [(4, 6), (4, 8), (4, 10)]
    own(levels([6, 8, 10])).backward()
    # who is only a teacher is frozen, all others learn: no parameter waits for a gradient in vain
    assert [e.weight.requires_grad for e in own.embed] == [True, True, False]
    assert all((e.weight.grad is not None) == e.weight.requires_grad for e in own.embed)
    other = DGRLoss('feature', in_channels=[6, 8, 10], embed_channels=4, target='shallow')
    assert [e.weight.requires_grad for e in other.embed] == [False, True, True]


def test_minimizing_it_turns_the_student_alone() -> None:
    maps = levels([6, 6])
    before = [m.detach().clone() for m in maps]
    loss = DGRLoss('feature', embed_channels=None, loss_weight=1.0)
    optimizer = torch.optim.SGD(maps, lr=50.0)
    first = loss(maps).item()
    for _ in range(30):
        optimizer.zero_grad()
        loss(maps).backward()
        optimizer.step()
    assert loss(maps).item() < 0.2 * first
    assert torch.equal(maps[1], before[1])


def test_half_precision_features_give_a_float32_loss() -> None:
    maps = levels()
    loss = DGRLoss('feature', embed_channels=None)
    low = loss([m.bfloat16() for m in maps])
    assert low.dtype == torch.float32
    torch.testing.assert_close(low, loss(maps), rtol=0.02, atol=0)
    assert torch.isfinite(loss([(m * 100).half() for m in maps]))


# form='gradient'


class TwoHeads(nn.Module):
    """Levels with a loss of their own each, so that whose gradient is whose is plain."""

    def __init__(self, channels: list[int]) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.heads = nn.ModuleList(nn.Conv2d(c, 3, 1) for c in channels)

    def forward(self, maps: list[torch.Tensor]) -> torch.Tensor:
        return sum((head(m).tanh() ** 2).mean() for head, m in zip(self.heads, maps))


def test_gradient_form_is_the_cosine_of_the_gradients() -> None:
    maps, heads = levels([6, 6]), TwoHeads([6, 6])
    total = heads(maps)
    loss = DGRLoss(form='gradient', loss_weight=1.0)(maps, total)
    shallow, deep = torch.autograd.grad(heads(maps), maps)
    # 1e-3 of an image's longest vector is the length below which there is no direction
    torch.testing.assert_close(loss, direct(shallow, deep).mean(), rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize('channels', [[6, 6], [6, 10]])
@pytest.mark.parametrize(('target', 'students'), [('deep', (0,)), ('shallow', (1,)), ('both', (0, 1))])
def test_gradient_form_stops_at_the_teacher(channels: list[int], target: str, students: tuple[int, ...]) -> None:
    maps, heads = levels(channels), TwoHeads(channels)
    loss = DGRLoss(form='gradient', target=target)(maps, heads(maps))
    loss.backward()
    for level, head in enumerate(heads.heads):
        assert (head.weight.grad is not None and bool(head.weight.grad.abs().sum() > 0)) == (level in students)
        assert (maps[level].grad is not None and bool(maps[level].grad.abs().sum() > 0)) == (level in students)


def test_gradient_form_s_double_backward_is_right() -> None:
    maps = [m.detach().double().requires_grad_() for m in levels([3, 3], size=4)]
    heads = TwoHeads([3, 3]).double()
    weight = heads.heads[0].weight
    loss = DGRLoss(form='gradient', loss_weight=1.0)
    # cosines are computed in float32, hence the step
    (found,) = torch.autograd.grad(loss(maps, heads(maps)), weight)
    step = 1e-3
    for index in [(0, 0, 0, 0), (1, 2, 0, 0), (2, 1, 0, 0)]:
        values = []
        for sign in (1, -1):
            with torch.no_grad():
                weight[index] += sign * step
            values.append(loss(maps, heads(maps)).item())
            with torch.no_grad():
                weight[index] -= sign * step
        assert found[index].item() == pytest.approx((values[0] - values[1]) / (2 * step), rel=0.05, abs=2e-4)


def test_gradient_form_does_not_see_the_scale_of_the_loss() -> None:
    maps, heads = levels([6, 6]), TwoHeads([6, 6])
    loss = DGRLoss(form='gradient')
    for factor in (1e-12, 1e12):
        torch.testing.assert_close(loss(maps, factor * heads(maps)), loss(maps, heads(maps)))


def test_gradient_form_in_half_precision() -> None:
    maps, heads = levels([6, 6]), TwoHeads([6, 6])
    expected = DGRLoss(form='gradient')(maps, heads(maps))
    half = [m.detach().half().requires_grad_() for m in maps]
    found = DGRLoss(form='gradient')(half, 1e-4 * heads([m.float() for m in half]))
    torch.testing.assert_close(found, expected, rtol=0.02, atol=0)


def test_levels_without_gradient_are_left_out() -> None:
    maps, heads = levels([6, 6, 6]), TwoHeads([6, 6])
    torch.testing.assert_close(
        DGRLoss(form='gradient')(maps, heads(maps)), DGRLoss(form='gradient')(maps[:2], heads(maps[:2]))
    )
    nothing = DGRLoss(form='gradient')(maps, maps[0].sum())
    assert nothing == 0
    nothing.backward()


@pytest.mark.parametrize('form', ['feature', 'gradient'])
def test_the_loss_of_several_passes_is_their_mean(form: str) -> None:
    one, two, heads = levels([6, 6]), levels([6, 6], seed=1), TwoHeads([6, 6])
    loss = DGRLoss(form, **(dict(embed_channels=None) if form == 'feature' else {}))
    torch.testing.assert_close(
        loss([one, two], heads(one) + 5 * heads(two)), (loss(one, heads(one)) + loss(two, heads(two))) / 2
    )


# form='gate'


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6), st.integers(-30, 30), st.integers(-30, 30), st.sampled_from(['location', 'sample']))
def test_remove_opposition(seed: int, exponent: int, reference_exponent: int, over: str) -> None:
    generator = torch.Generator().manual_seed(seed)
    unit, reference_unit = (torch.randn(2, 4, 3, 3, generator=generator) for _ in range(2))
    vector, reference = unit * 10.0**exponent, reference_unit * 10.0**reference_exponent
    dims = 1 if over == 'location' else (1, 2, 3)
    cleaned = remove_opposition(vector, reference, over) / 10.0**exponent
    before = (unit * reference_unit).sum(dims, keepdim=True)
    after = (cleaned * reference_unit).sum(dims, keepdim=True)
    torch.testing.assert_close(after, before.clamp_min(0), rtol=1e-4, atol=1e-4)
    # only along the reference something was removed
    removed = unit - cleaned
    square = reference_unit.square().sum(dims, keepdim=True)
    torch.testing.assert_close(
        removed, (removed * reference_unit).sum(dims, keepdim=True) / square * reference_unit, rtol=1e-3, atol=1e-4
    )


def test_remove_opposition_by_hand() -> None:
    vector = torch.tensor([1.0, -2.0]).reshape(1, 2, 1, 1)
    reference = torch.tensor([0.0, 5.0]).reshape(1, 2, 1, 1)
    assert remove_opposition(vector, reference).flatten().tolist() == [1.0, 0.0]
    assert torch.equal(remove_opposition(vector, -reference), vector)
    assert torch.equal(remove_opposition(vector, 0 * reference), vector)


def test_the_gate_has_no_loss_and_no_parameters() -> None:
    gate = DGRLoss(form='gate')
    assert not list(gate.parameters())
    with pytest.raises(RuntimeError, match='has no loss'):
        gate(levels())


# weights


def boxes_sample(*boxes: tuple[float, ...]):
    from mmdet.structures import DetDataSample

    sample = DetDataSample()
    sample.gt_instances = InstanceData(bboxes=torch.tensor(boxes).reshape(-1, 4))
    return sample


def mask_sample(mask: torch.Tensor):
    from mmseg.structures import SegDataSample

    sample = SegDataSample()
    sample.gt_sem_seg = PixelData(data=mask[None])
    return sample


def test_weights_from_boxes() -> None:
    samples = [boxes_sample((16.0, 8.0, 24.0, 12.0)), boxes_sample()]
    near = target_weights(samples, (8, 8), (64, 64), 2, radius=0)
    expected = torch.zeros(8, 8)
    expected[1, 2] = 1  # the cell of stride 8 that holds x 16..24, y 8..12
    assert torch.equal(near[0, 0], expected)
    assert near[1].sum() == 0
    wider = target_weights(samples, (8, 8), (64, 64), 2, radius=1, background=0.25)
    expected = torch.full((8, 8), 0.25)
    expected[0:3, 1:4] = 1
    assert torch.equal(wider[0, 0], expected)


def test_weights_from_masks() -> None:
    mask = torch.zeros(64, 64, dtype=torch.uint8)
    mask[9, 17] = 1
    mask[40, 40] = 255  # ignored
    near = target_weights([mask_sample(mask)], (8, 8), (64, 64), 1, radius=0)
    assert near[0, 0].nonzero().tolist() == [[1, 2]]
    padded = target_weights([mask_sample(mask[:48, :56])], (8, 8), (64, 64), 1, radius=1)
    assert padded[0, 0].sum() == 9


def test_frames_of_a_clip_share_their_sample_s_targets() -> None:
    samples = [boxes_sample((0.0, 0.0, 4.0, 4.0)), boxes_sample((60.0, 60.0, 64.0, 64.0))]
    near = target_weights(samples, (8, 8), (64, 64), 6, radius=0)  # three frames, time outermost
    assert [near[i, 0].nonzero().tolist()[0] for i in range(6)] == [[0, 0], [7, 7]] * 3


def test_only_the_neighborhood_of_targets_counts() -> None:
    maps = levels([6, 6])
    samples = [boxes_sample((0.0, 0.0, 4.0, 4.0)), boxes_sample((0.0, 0.0, 4.0, 4.0))]
    weight = dict(source='targets', radius=0)
    loss = DGRLoss('feature', embed_channels=None, weight=weight, loss_weight=1.0)(maps, None, samples, (64, 64))
    torch.testing.assert_close(loss, direct(*maps)[:, 0, 0].mean())
    loss.backward()
    assert maps[0].grad[:, :, 1:].abs().sum() == 0
    empty = DGRLoss('feature', embed_channels=None, weight=weight)(
        maps, None, [boxes_sample(), boxes_sample()], (64, 64)
    )
    assert empty == 0


@pytest.mark.parametrize('form', ['feature', 'gradient'])
def test_places_may_count_by_the_teacher_s_length(form: str) -> None:
    maps, heads = levels([6, 6]), TwoHeads([6, 6])
    own = dict(embed_channels=None) if form == 'feature' else {}
    loss = DGRLoss(form, weight=dict(source='magnitude'), loss_weight=1.0, **own)(maps, heads(maps))
    vectors = torch.autograd.grad(heads(maps), maps) if form == 'gradient' else maps
    if form == 'gradient':
        vectors = [v / v.norm(dim=1).amax(dim=(1, 2))[:, None, None, None] for v in vectors]
    length = F.interpolate(vectors[1], size=maps[0].shape[2:], mode='bilinear').norm(dim=1)
    torch.testing.assert_close(loss, (length * direct(*vectors)).sum() / length.sum(), rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize(
    ('samples', 'match'),
    [
        (None, '0 data samples for a batch of 2'),
        ([boxes_sample()] * 3, '3 data samples for a batch of 2'),
        ([{}] * 2, 'neither'),
    ],
)
def test_weights_without_ground_truth(samples, match: str) -> None:
    with pytest.raises(ValueError, match=match):
        DGRLoss('feature', embed_channels=None, weight=dict(source='targets'))(levels(), None, samples, (64, 64))


# bad input


@pytest.mark.parametrize(
    ('kwargs', 'match'),
    [
        (dict(form='grad'), 'feature, gradient, gate'),
        (dict(form='feature', target='low'), 'deep, shallow, both'),
        (dict(gate_over='image'), 'location, sample'),
        (dict(form='feature', in_channels=[4, 8], embed_channels=None), r'\[4, 8\] channels'),
        (dict(form='feature'), 'needs in_channels'),
        (dict(form='feature', weight=dict(source='boxes')), "source='targets'"),
        (dict(form='feature', weight=dict(radius=2)), "source='targets'"),
        (dict(form='feature', weight=dict(source='magnitude', radius=2)), "source='targets'"),
        (dict(form='gate', loss_name='dgr'), 'must contain'),
        # What another form would use is not ignored.
        (dict(target='both'), "target='both'; form='route'.*\n.*cure: form='feature'"),
        (dict(loss_weight=1.0), "loss_weight=1.0 belongs to form='feature' or form='gradient', but form='route'"),
        (dict(form='gate', weight=dict(source='magnitude')), "belongs to form='feature' or"),
        (dict(gate_over='sample'), "belongs to form='gate', but form='route'"),
        (dict(form='gradient', embed_channels=8), "belongs to form='feature', but form='gradient'"),
        (dict(form='feature', embed_channels=None, alpha=0.5), "belongs to form='route', but form='feature'"),
    ],
)
def test_bad_configs(kwargs: dict, match: str) -> None:
    with pytest.raises(ValueError, match=match):
        DGRLoss(**kwargs)


def test_the_default_is_the_route_that_led_on_hard_sequences() -> None:
    loss = DGRLoss()
    assert (loss.form, loss.alpha.start, loss.is_loss) == ('route', (0.25,), False)
    assert not list(loss.parameters())


def test_bad_calls() -> None:
    with pytest.raises(ValueError, match="levels='inner'"):
        DGRLoss('feature', embed_channels=None)(levels([6]))
    with pytest.raises(ValueError, match="needs the detector's loss"):
        DGRLoss(form='gradient')(levels())
    with pytest.raises(ValueError, match='built for 2 levels, got 3'):
        DGRLoss('feature', in_channels=[6, 8])(levels([6, 8, 8]))
    with pytest.raises(ValueError, match='need image_size'):
        DGRLoss('feature', embed_channels=None, weight=dict(source='targets'))(levels())
    with pytest.raises(ValueError, match='without an embedding'):
        DGRLoss('feature', embed_channels=None)(levels([6, 8]))


def test_a_loss_without_a_path() -> None:
    deep = torch.randn(4, requires_grad=True)
    other = torch.randn(4, requires_grad=True)
    middle = deep.tanh()
    loss = (middle * other).sum() + deep.square().sum()
    cut = without_path(loss, [[middle]])
    assert torch.equal(cut, loss)
    grads = torch.autograd.grad(8 * cut, [deep, other], retain_graph=True)
    torch.testing.assert_close(grads[0], 16 * deep)  # the way that does not lead through the middle
    torch.testing.assert_close(grads[1], 8 * middle)
    grads = torch.autograd.grad(without_path(loss, [[middle], [deep]]), [deep, other])
    torch.testing.assert_close(grads[0], torch.zeros(4), rtol=0, atol=1e-6)
    torch.testing.assert_close(grads[1], middle)
    assert without_path(loss, [[torch.zeros(1)]]) is loss
