"""mmirstd speed backends on a small image."""

from __future__ import annotations

import csv
import json
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.registry import init_default_scope

from mmirstd.cli.speed import parse_args
from mmirstd.cli.speed_backends import report
from mmirstd.costs.alone import network_peak
from mmirstd.costs.backend_names import FOLDED, OFFICIAL, STREAMING, TORCH, TORCH_BF16
from mmirstd.costs.backend_sides import official_form
from mmirstd.engine.config_names import networks
from mmirstd.registry import MODELS
from mmirstd.utils.errors import ConfigError, UserError
from mmirstd.utils.files import save_png
from tests.networks import network_model
from tests.shared import REPO

pytest.importorskip('onnx')

NAME = 'ggl-net-tiny_cpu-b8-45e_nuaa-sirst-341-86'
RPCANET = 'rpcanet_b8-800e_nuaa-sirst-341-86'


def test_the_sides_and_how_far_they_differ(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    pytest.importorskip('onnxruntime')
    files = [str(tmp_path / name) for name in ('costs.json', 'costs.csv')]
    save_png(tmp_path / 'photos' / 'a.png', np.random.default_rng(0).integers(0, 255, (64, 96), np.uint8))
    options = ['--size', '64', '96', '--rounds', '1', '--no-memory', '--calibration-images', str(tmp_path / 'photos')]
    options += ['--out', *files]
    costs = report(parse_args(['backends', NAME, *options]))
    assert list(costs)[:4] == [OFFICIAL, TORCH, FOLDED, TORCH_BF16]
    assert {'onnxruntime', 'onnxruntime int8'} < costs.keys()
    assert costs[OFFICIAL].speedup == 1
    assert all(cost.ms > 0 and cost.mib is None for cost in costs.values())
    assert all(cost.difference < 1e-3 for side, cost in costs.items() if not side.endswith(('bf16', 'int8')))
    assert 0 < costs['onnxruntime int8'].difference < 0.5
    assert 0 < costs[TORCH_BF16].difference < 0.3
    record = json.loads((tmp_path / 'costs.json').read_text())
    assert record['backends'][FOLDED]['ms'] == costs[FOLDED].ms
    assert record['flops'] > 1e8
    assert {'cpu', 'torch'} <= record['machine'].keys()
    rows = list(csv.DictReader((tmp_path / 'costs.csv').open()))
    assert [row['backend'] for row in rows] == list(costs)
    assert float(rows[0]['images/s']) == pytest.approx(1000 / costs[OFFICIAL].ms)
    printed = capsys.readouterr().out
    assert all(f'| {name} ' in printed for name in costs)


def test_a_size_that_would_be_padded_is_refused() -> None:
    with pytest.raises(UserError, match='--size 48 64: found 48x64, expected multiples of 32'):
        report(parse_args(['backends', NAME, '--size', '48', '64']))


def test_a_length_of_clips_that_the_neck_does_not_have_is_refused() -> None:
    options = ['--cfg-options', 'model.num_frames=3']
    with pytest.raises(UserError, match='num_frames is 3 and the temporal neck was built for 5 frames'):
        report(parse_args(['backends', str(networks()['sstnet-nano']), '--size', '64', '64', *options]))


@pytest.mark.parametrize('name', ['sstnet-nano', 'resunet-dtum'])
def test_models_of_clips_have_whole_clips_and_a_stream(name: str, capsys: pytest.CaptureFixture) -> None:
    pytest.importorskip('onnxruntime')
    costs = report(
        parse_args(['backends', str(networks()[name]), '--size', '64', '64', '--rounds', '1', '--no-memory'])
    )
    expected = [TORCH, *([FOLDED] if name == 'sstnet-nano' else []), TORCH + STREAMING]
    assert list(costs)[: len(expected)] == expected
    assert {'onnxruntime', 'onnxruntime' + STREAMING} < costs.keys()
    assert 'the result of one frame. Its clip of 5 frames goes in' in capsys.readouterr().out
    if name == 'resunet-dtum':
        for side, cost in costs.items():
            assert cost.difference is not None
            assert cost.difference < (0.1 if 'bf16' in side else 1e-4)


def test_a_detector_of_single_frames_has_no_clip_and_no_stream(capsys: pytest.CaptureFixture) -> None:
    size = ['--size', '32', '32']
    costs = report(parse_args(['backends', str(networks()['yolox-nano']), *size, '--rounds', '1', '--no-memory']))
    assert not [side for side in costs if side.endswith(STREAMING)]
    assert 'Its clip' not in (printed := capsys.readouterr().out)
    assert 'highest score' in printed


def test_what_is_neither_of_images_nor_of_clips_is_refused(tmp_path: Path) -> None:
    config = tmp_path / 'boxes.py'
    config.write_text(
        "default_scope = 'mmdet'\nmodel = dict(type='YOLOX', backbone=dict(type='CSPDarknet', deepen_factor=0.33, "
        "widen_factor=0.125), neck=dict(type='YOLOXPAFPN', in_channels=[32, 64, 128], out_channels=32), "
        "bbox_head=dict(type='YOLOXHead', num_classes=1, in_channels=32, feat_channels=32))\n"
    )
    with pytest.raises(ConfigError, match='boxes.py: found a YOLOX, expected a segmentation network, or a detector or'):
        report(parse_args(['backends', str(config), '--size', '64', '64']))


def test_a_method_that_has_no_file_is_measured_in_pytorch(capsys: pytest.CaptureFixture) -> None:
    costs = report(parse_args(['backends', 'pstnn', '--size', '32', '32', '--rounds', '1', '--no-memory']))
    assert list(costs) == [TORCH]
    printed = capsys.readouterr().out
    assert 'exported files: left out, PSTNN: it repeats singular value decompositions' in printed
    [row] = [line.split('|') for line in printed.splitlines() if line.startswith('| torch')]
    assert row[3].strip() == '-'  # FLOPs are of layers, which it has not


def test_the_processes_of_peak_memory_import_the_config_s_modules(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A network of one's own is registered by a module that its config names."""
    pytest.importorskip('onnxruntime')
    (tmp_path / 'own_part_of_speed.py').write_text('')
    monkeypatch.syspath_prepend(str(tmp_path))
    config = tmp_path / 'own.py'
    config.write_text(
        f"_base_ = ['{(REPO / 'configs/acm/acm_b16-400e_nuaa-sirst-341-86.py').as_posix()}']\n"
        "custom_imports = dict(imports=['mmirstd.registry', 'own_part_of_speed'])\n"
    )
    asked: list[tuple] = []
    monkeypatch.setattr('mmirstd.costs.backend_sides.run_alone', lambda *work: asked.append(work) or 1 << 20)
    costs = report(parse_args(['backends', str(config), '--size', '32', '32', '--rounds', '1']))
    assert costs['onnxruntime'].difference < 1e-4  # ACM predicts at stride 4, its file does not
    in_torch = [arguments for work, *arguments in asked if work is network_peak]
    assert len(in_torch) == 4
    for arguments in in_torch:
        sys.modules.pop('own_part_of_speed', None)
        assert network_peak(*arguments) is not None or sys.platform == 'win32'
        assert 'own_part_of_speed' in sys.modules


def test_a_file_that_cannot_be_written_is_told_first() -> None:
    with pytest.raises(ConfigError, match=r"costs.txt(?s:.)*found the suffix '.txt'"):
        report(parse_args(['backends', NAME, '--out', 'costs.txt']))


@pytest.mark.parametrize('name', ['isnet', 'acm', 'lrrnet'])
def test_three_equal_channels_give_what_one_gives(name: str) -> None:
    """Also where norms and biases belong to the image's channels."""
    init_default_scope('mmseg')
    cfg = network_model(name).to_dict()
    torch.manual_seed(0)
    network = MODELS.build(cfg).train()
    image = torch.rand(2, 1, 32, 32)
    with torch.no_grad():
        for _ in range(3):
            network(image, mode='tensor')  # statistics that are not 0 and 1
        expected = network.eval()(image, mode='tensor')
        found = official_form(cfg, network)(image.repeat(1, 3, 1, 1), mode='tensor')
    torch.testing.assert_close(found[:, :1], expected, rtol=1e-4, atol=1e-4)  # LRRNet's output has three, too


def test_a_network_of_gray_images_has_no_form_for_three_channels(capsys: pytest.CaptureFixture) -> None:
    small = ['--cfg-options', 'model.backbone.num_stages=1']
    costs = report(parse_args(['backends', RPCANET, '--size', '32', '32', '--rounds', '1', '--no-memory', *small]))
    assert next(iter(costs)) == TORCH
    assert f'{OFFICIAL}: left out, the network has no form for three channels: RPCANet' in capsys.readouterr().out


def test_bfloat16_is_left_out_of_openvino_where_the_cpu_has_none(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    """Forbidden to oneDNN, as here, it crashed the process with some networks."""
    pytest.importorskip('openvino')
    monkeypatch.setenv('ONEDNN_MAX_CPU_ISA', 'AVX2')
    costs = report(parse_args(['backends', NAME, '--size', '32', '32', '--rounds', '1', '--no-memory']))
    assert 'openvino bf16' not in costs
    assert 'openvino bf16: left out, ' in capsys.readouterr().out
