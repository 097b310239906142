"""The converter as users run it; numerical equality is in tests/test_models/test_golden.py."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from mmirstd.cli.convert import main
from mmirstd.compat.checkpoint import load_checkpoint_file
from mmirstd.key_maps.golden import official_state_dict
from tests.shared import load_golden


@pytest.fixture(scope='module')
def official() -> dict[str, torch.Tensor]:
    return official_state_dict(load_golden('ggl_net'))


def run(source: Path, target: Path, *options: str) -> None:
    main([str(source), str(target), '--arch', 'ggl-net', *options])


@pytest.mark.parametrize(
    'wrap',
    [
        lambda s: s,
        lambda s: {'state_dict': {f'module.{k}': v for k, v in s.items()}, 'epoch': 3},
        lambda s: {'net': {**s, 'stage.total_ops': torch.zeros(1), 'total_params': torch.zeros(1)}},
    ],
    ids=['bare', 'DataParallel', 'with FLOP counters'],
)
def test_takes_what_official_scripts_save(tmp_path: Path, official: dict, wrap) -> None:
    torch.save(wrap(official), tmp_path / 'in.pth')
    run(tmp_path / 'in.pth', tmp_path / 'out.pth')
    checkpoint = load_checkpoint_file(tmp_path / 'out.pth')
    assert len(checkpoint['state_dict']) == len(official)
    assert checkpoint['meta']['arch'] == 'ggl-net'
    folded = checkpoint['state_dict']['backbone.stem.0.conv.weight']
    torch.testing.assert_close(folded, official['stage.layer1.0.weight'].sum(1, keepdim=True))


def test_three_channel_form_is_kept_on_request(tmp_path: Path, official: dict) -> None:
    torch.save(official, tmp_path / 'in.pth')
    run(tmp_path / 'in.pth', tmp_path / 'out.pth', '--in-channels', '3')
    weight = load_checkpoint_file(tmp_path / 'out.pth')['state_dict']['backbone.stem.0.conv.weight']
    assert torch.equal(weight, official['stage.layer1.0.weight'])


def test_basicirstds_wrapper_and_constants_are_removed(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    golden = load_golden('basic_rdian')
    state = official_state_dict(golden)
    torch.save({'state_dict': {f'model.{k}': v for k, v in state.items()}, 'epoch': 400}, tmp_path / 'in.pth')
    main([str(tmp_path / 'in.pth'), str(tmp_path / 'out.pth'), '--arch', 'rdian'])
    assert '8 entries left out: constants' in capsys.readouterr().out
    converted = load_checkpoint_file(tmp_path / 'out.pth')['state_dict']
    assert len(converted) == len(state) - 8
    # A linear layer became a 1x1 convolution.
    weight = converted['neck.attention.channel_attention.mlp.0.weight']
    assert torch.equal(weight[:, :, 0, 0], state['cbam.ChannelGate.mlp.1.weight'])


def test_three_channels_of_a_network_that_has_one_are_refused(tmp_path: Path) -> None:
    torch.save(official_state_dict(load_golden('basic_rdian')), tmp_path / 'in.pth')
    with pytest.raises(SystemExit, match='one input channel'):
        main([str(tmp_path / 'in.pth'), str(tmp_path / 'out.pth'), '--arch', 'rdian', '--in-channels', '3'])
    assert not (tmp_path / 'out.pth').exists()


@pytest.mark.parametrize(
    ('record', 'arch', 'name'),
    [
        ('ggl_net', 'ggl-net', 'stage.layer1.0.weight'),  # its gray channels are folded
        ('basic_rdian', 'rdian', 'cbam.ChannelGate.mlp.1.weight'),  # its form is changed
        ('ggl_net', 'ggl-net', 'layer.2.bias'),  # it is renamed alone
        ('sstnet', 'sstnet', 'head.obj_preds.0.bias'),  # of a detector
    ],
)
def test_a_missing_weight_is_named(tmp_path: Path, record: str, arch: str, name: str) -> None:
    state = official_state_dict(load_golden(record))
    del state[name]
    torch.save(state, tmp_path / 'in.pth')
    with pytest.raises(SystemExit, match=rf"in\.pth: this is no complete state dict.*1 weights are missing \['{name}'"):
        main([str(tmp_path / 'in.pth'), str(tmp_path / 'out.pth'), '--arch', arch])
    assert not (tmp_path / 'out.pth').exists()


def test_nothing_else_than_the_part_of_a_network_is_asked_for(tmp_path: Path) -> None:
    state = official_state_dict(load_golden('sstnet_feature_extractor'))
    torch.save({k: v for k, v in state.items() if not k.endswith('num_batches_tracked')}, tmp_path / 'in.pth')
    main([str(tmp_path / 'in.pth'), str(tmp_path / 'out.pth'), '--arch', 'sstnet-pyramid'])
    assert (tmp_path / 'out.pth').exists()


@pytest.mark.parametrize('keep', [False, True])
def test_parameters_that_the_official_network_never_uses(
    tmp_path: Path, capsys: pytest.CaptureFixture, keep: bool
) -> None:
    golden = load_golden('sstnet')
    torch.save(official_state_dict(golden), tmp_path / 'in.pth')
    options = ['--keep-unused'] if keep else []
    main([str(tmp_path / 'in.pth'), str(tmp_path / 'out.pth'), '--arch', 'sstnet', *options])
    state = load_checkpoint_file(tmp_path / 'out.pth')['state_dict']
    unused = golden['train_forward']['params_without_grad']
    assert len(state) == len(golden['state_dict']) - (0 if keep else len(unused))
    assert (f'{len(unused)} entries left out' in capsys.readouterr().out) is not keep
    # The stem sees four positions of each of the three equal channels.
    assert state['backbone.stem.conv.conv.weight'].shape == (32, 4, 3, 3)


def test_another_network_is_refused_by_name(tmp_path: Path, official: dict) -> None:
    torch.save({'encoder.weight': torch.zeros(3), **dict(list(official.items())[:20])}, tmp_path / 'in.pth')
    with pytest.raises(SystemExit, match=r'in\.pth: this is not a state dict of .*GGL.*encoder\.weight'):
        run(tmp_path / 'in.pth', tmp_path / 'out.pth')
    assert not (tmp_path / 'out.pth').exists()


def test_a_file_without_weights_is_refused(tmp_path: Path) -> None:
    torch.save({'epoch': 3}, tmp_path / 'in.pth')
    with pytest.raises(SystemExit, match='no state dict found'):
        run(tmp_path / 'in.pth', tmp_path / 'out.pth')


def test_nothing_in_the_input_is_executed(tmp_path: Path) -> None:
    class Payload:
        def __reduce__(self):
            return Path.touch, (tmp_path / 'executed',)

    torch.save({'state_dict': Payload()}, tmp_path / 'in.pth')
    with pytest.raises(SystemExit, match=r'in\.pth'):
        run(tmp_path / 'in.pth', tmp_path / 'out.pth')
    assert not (tmp_path / 'executed').exists()
