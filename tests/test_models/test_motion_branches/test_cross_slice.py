"""The training-only motion branch; its loss at 512x512 against the official figure is in test_sstnet.py."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.nn import functional

from mmirstd.key_maps.golden import official_state_dict
from mmirstd.models.motion_branches import CrossSliceConvLSTM, CrossSliceMotionBranch
from mmirstd.models.motion_branches.cross_slice_conv_lstm import CrossSliceCell
from tests.golden_network import MARGIN, Figures
from tests.rounding import scatter
from tests.shared import load_golden

pytestmark = pytest.mark.usefixtures('float64')

NAMES = {
    'conv': 'gates',
    'conv2': 'motion_gates',
    'motion': 'motion_update.gates',
    'mm1': 'motion_update.past_mix',
    'mm2': 'motion_update.future_mix',
    'past_attention': 'motion_update.past_attention',
    'future_attention': 'motion_update.future_attention',
}


def test_a_cell_with_its_motion_update_equals_the_official_one() -> None:
    """With one slice the official network never uses the update; its own cell does."""
    golden = load_golden('sstnet_cell')
    state = {}
    for key, value in official_state_dict(golden).items():
        first, rest = key.split('.', 1)
        state[f'{NAMES[first]}.{rest.removeprefix("0.") if first == "motion" else rest}'] = value
    cell = CrossSliceCell(8, motion=True).eval()
    cell.load_state_dict(state)
    generator = np.random.Generator(np.random.PCG64(12345))
    cell = cell.double()
    x, motion_input, hidden, memory, motion_hidden, motion_memory = (
        torch.from_numpy(generator.standard_normal((2, 8, 40, 40)).astype(np.float32)).double() for _ in range(6)
    )
    clip = torch.from_numpy(generator.standard_normal((2, 5, 8, 40, 40)).astype(np.float32)).double()
    motion = motion_hidden, motion_memory

    def run() -> tuple[torch.Tensor, ...]:
        state = cell(x, motion_input, (hidden, memory), motion)
        return *state, *cell.motion_update(motion_input, clip[:, 0], clip[:, -1], motion, state)

    with torch.no_grad():
        outputs, bounds = run(), scatter(run)
    # Recorded in float32.
    for name, output, bound in zip(('hidden', 'cell', 'motion_hidden', 'motion_cell'), outputs, bounds, strict=True):
        assert MARGIN * bound < 1e-5
        Figures(output).check(golden['outputs'][name], MARGIN * bound)


@pytest.mark.parametrize('num_slices', [1, 2, 3])
def test_every_parameter_learns_with_any_number_of_slices(num_slices: int) -> None:
    branch = CrossSliceMotionBranch(1, 6, 3, channels=4, num_slices=num_slices, pooled_size=4, num_heads=2)
    clips = torch.rand(2, 3, 1, 32, 48)
    feats = [(torch.rand(2, 6, 4, 6, requires_grad=True),) for _ in range(3)]
    branch.loss(clips, feats)['loss_motion'].backward()
    assert [name for name, p in branch.named_parameters() if p.grad is None] == []
    # No stop-gradient: the features are pulled as well.
    assert all(level.grad.abs().sum() > 0 for (level,) in feats)


def test_the_official_parameters_that_are_never_used_are_made_on_request_only() -> None:
    branch = CrossSliceMotionBranch(official_unused=True)
    assert sum(p.numel() for p in branch.parameters()) == 21981227 - 11949003 - 2 * 32 * 25  # 1 channel in place of 3
    clips, feats = torch.rand(1, 5, 1, 32, 32), [(torch.rand(1, 128, 4, 4),) for _ in range(5)]
    branch.loss(clips, feats)['loss_motion'].backward()
    unused = {name for name, p in branch.named_parameters() if p.grad is None}
    assert {name.split('.')[0] for name in unused} == {'lstm', 'unused_map'}
    assert all('motion_update' in name or name.startswith('unused_map') for name in unused)
    lean = {name for name, _ in CrossSliceMotionBranch().named_parameters()}
    assert lean == {name for name, _ in branch.named_parameters()} - unused


@pytest.mark.parametrize(('height', 'width'), [(8, 8), (64, 40), (256, 320), (120, 72)])
def test_any_multiple_of_8_is_a_2x2_max_pooling_of_the_mapped_states(height: int, width: int) -> None:
    branch = CrossSliceMotionBranch(1, 4, 2, channels=4, pooled_size=4)
    clips = torch.rand(1, 2, 1, height, width)
    with torch.no_grad():
        embedded = [branch.embed(frame) for frame in clips.unbind(1)]
        assert embedded[0].shape[-2:] == (height // 4, width // 4)
        mapped = functional.max_pool2d(branch.map(torch.cat(branch.lstm(embedded), dim=1)), 2)
        # The frames go through in one batch there, one by one here.
        torch.testing.assert_close(branch(clips, (height // 8, width // 8)), mapped, rtol=0, atol=1e-12)


def test_the_lstm_looks_back_and_not_ahead() -> None:
    lstm = CrossSliceConvLSTM(4)
    frames = [torch.rand(1, 4, 6, 6) for _ in range(4)]
    with torch.no_grad():
        reference = lstm(frames)
        frames[2] = torch.rand(1, 4, 6, 6)
        changed = lstm(frames)
    assert [bool(torch.equal(a, b)) for a, b in zip(reference, changed)] == [True, True, False, False]


def test_loss_is_the_weighted_mean_square() -> None:
    torch.manual_seed(0)
    branch = CrossSliceMotionBranch(1, 4, 2, channels=4, loss_weight=3.0)
    clips, feats = torch.rand(1, 2, 1, 16, 16), [(torch.rand(1, 4, 2, 2),) for _ in range(2)]
    with torch.no_grad():
        expected = 3 * (torch.cat([level for (level,) in feats], dim=1) - branch(clips, (2, 2))).square().mean()
        torch.testing.assert_close(branch.loss(clips, feats)['loss_motion'], expected)


def test_no_slices() -> None:
    with pytest.raises(ValueError, match='num_slices is 0'):
        CrossSliceConvLSTM(4, num_slices=0)
