from __future__ import annotations

from pathlib import Path

import pytest
from mmengine.config import Config
from mmengine.registry import init_default_scope

from mmirstd.cli.flops import main
from mmirstd.engine.complexity import count_params_and_flops
from mmirstd.registry import MODELS
from mmirstd.utils.errors import ConfigError
from tests.shared import REPO, load_golden


def test_equals_the_recorded_figures_of_the_official_network() -> None:
    init_default_scope('mmseg')
    cfg = Config.fromfile(REPO / 'configs/_base_/models/ggl-net.py')
    cfg.model.backbone.in_channels = 3
    golden = load_golden('ggl_net')
    assert count_params_and_flops(MODELS.build(cfg.model), (256, 256)) == (golden['params_total'], golden['flops_256'])


def test_command_line(capsys) -> None:
    main([str(REPO / 'configs/_base_/models/ggl-net-tiny.py'), '--shape', '64', '64'])
    out = capsys.readouterr().out
    assert 'parameters  2,252,069' in out
    assert '1 x 64 x 64' in out


def test_a_clip_has_its_frames_and_parts_of_training_are_told_apart(capsys) -> None:
    main([str(REPO / 'configs/_base_/models/sstnet-nano.py'), '--shape', '64', '64'])
    out = capsys.readouterr().out
    assert '5 x 1 x 64 x 64, a clip of 5 frames' in out
    network = MODELS.build(Config.fromfile(REPO / 'configs/_base_/models/sstnet-nano.py').model)
    training = sum(p.numel() for p in network.motion_branch.parameters())
    total = sum(p.numel() for p in network.parameters())
    assert f'parameters  {total:,}' in out
    assert f'; {total - training:,} (' in out


def test_other_channels_are_named() -> None:
    with pytest.raises(ConfigError, match=r'image of 3 x 64 x 64[\s\S]*cure: --channels'):
        main([str(REPO / 'configs/_base_/models/ggl-net-tiny.py'), '--shape', '64', '64', '--channels', '3'])


def test_a_part_that_is_not_there_is_an_error_in_words(tmp_path: Path) -> None:
    config = tmp_path / 'mine.py'
    base = REPO / 'configs' / '_base_' / 'models' / 'ggl-net-tiny.py'
    config.write_text(f"_base_ = '{base}'\nmodel = dict(neck=dict(type='TGFN'))\n")
    with pytest.raises(ConfigError, match='TGFM'):
        main([str(config)])
