from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from mmirstd.cli.choose_threshold import main, table, training_data
from mmirstd.engine.config_files import load_config
from mmirstd.engine.config_scope import use_config_scope
from mmirstd.registry import DATASETS
from mmirstd.utils.errors import ConfigError
from tests.shared import REPO
from tests.test_datasets.helpers import make_root


def test_training_images_only(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    """There is no test split, so reading it would fail."""
    root = make_root(tmp_path, [f'a{i}' for i in range(6)], split='img_idx/idx427_trainval.txt')
    config = REPO / 'configs/max_median/max-median_nuaa-sirst-341-86.py'
    main([str(config), '--k', '4', '1000', '--limit', '3', '--cfg-options', f'data_root={root}'])
    printed = capsys.readouterr().out
    assert '3 training images' in printed
    assert 'k = 1000: IoU 0, nIoU 0, Pd 0, Fa_e6 0' in printed
    assert 'with k = 4' in printed


def test_training_images_in_a_folder_of_their_own(tmp_path: Path) -> None:
    """Both lists are empty, so the folders alone tell training images from test images."""
    options: dict = dict(data_root=str(tmp_path))
    for loader, part in (('train', 'trainval'), ('val', 'trainval'), ('test', 'test')):
        make_root(tmp_path / part, [f'{part}{i}' for i in range(3)])
        options[f'{loader}_dataloader.dataset.ann_file'] = ''
        options[f'{loader}_dataloader.dataset.data_prefix'] = dict(
            img_path=f'{part}/images', seg_map_path=f'{part}/masks'
        )
    cfg = load_config(str(REPO / 'configs/mpcm/mpcm_nuaa-sirst-341-86.py'), options, 'sirst-aug')
    use_config_scope(cfg)
    dataset = DATASETS.build(training_data(cfg))
    assert [Path(dataset.get_data_info(i)['img_path']).stem for i in range(len(dataset))] == [
        'trainval0',
        'trainval1',
        'trainval2',
    ]
    assert [step['type'] for step in training_data(cfg)['pipeline']] == [
        step['type'] for step in cfg.test_dataloader.dataset.pipeline
    ]


def test_several_training_lists_are_refused() -> None:
    config = REPO / 'configs/mpcm/mpcm_nuaa-sirst-341-86.py'
    with pytest.raises(ConfigError, match=r'train_dataloader.dataset is a ConcatDataset[\s\S]*cure: .*--data'):
        main([str(config), '--k', '4', '--data', 'nuaa-nudt-synthetic'])


def test_a_network_is_refused() -> None:
    config = 'configs/ggl_net/ggl-net-tiny_pretrained-b8-70e_nuaa-sirst-341-86.py'
    with pytest.raises(ConfigError, match=r'is a network[\s\S]*cure: mmirstd calibrate'):
        main([config, '--k', '4'])


def test_threshold_of_each_map() -> None:
    saliency = np.zeros((20, 20))
    saliency[5:8, 5:8], saliency[15, 15] = 1.0, 0.5
    low, high = table([(saliency, saliency == 1)], [1.0, 5.0])
    assert (low['k'], high['k']) == (1.0, 5.0)
    assert low['IoU'] == pytest.approx(9 / 10)
    assert high['IoU'] == 1.0


def test_a_parameter_too_with_record_and_table(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    root = make_root(tmp_path, [f'a{i}' for i in range(6)], split='img_idx/idx427_trainval.txt')
    out, readme = tmp_path / 'logs' / 'mpcm.json', tmp_path / 'README.md'
    readme.write_text('<!-- benchmark:choose-threshold/mpcm -->\n<!-- /benchmark -->\n')
    command = [
        str(REPO / 'configs/mpcm/mpcm_nuaa-sirst-341-86.py'),
        '--k',
        '4',
        '1000',
        '--limit',
        '2',
        '--vary',
        'model.polarity',
        'bright',
        'both',
        '--out',
        str(out),
        '--readme',
        str(readme),
        '--cfg-options',
        f'data_root={root}',
    ]
    main(command)
    record = json.loads(out.read_text())
    assert (record['config'], record['images'], record['values']) == (
        'configs/mpcm/mpcm_nuaa-sirst-341-86.py',
        2,
        ['bright', 'both'],
    )
    assert list(record['data']) == ['img_idx/idx427_trainval.txt']
    assert str(root) not in out.read_text()
    assert [(row['value'], row['k']) for row in record['figures']] == [
        ('bright', 4),
        ('bright', 1000),
        ('both', 4),
        ('both', 1000),
    ]
    lines = readme.read_text().splitlines()
    assert lines[1:3] == ['| polarity | k = 4 | k = 1000 |', '|---:|---:|---:|']
    assert lines[3].startswith('| bright | ')
    assert lines[4].endswith(' | 0.000 / 0.000 |')
    assert sum(line.count('**') for line in lines) == 2
    assert '[mpcm.json](logs/mpcm.json)' in readme.read_text()

    capsys.readouterr()
    main(command)  # nothing is measured again
    assert 'has the figures' in capsys.readouterr().out
    with pytest.raises(ConfigError, match=r'mpcm.json: was made with k \[4.0, 1000.0\], asked is \[5.0\]'):
        main([command[0], '--k', '5', *command[4:]])


def test_values_of_a_parameter_are_needed(capsys: pytest.CaptureFixture) -> None:
    with pytest.raises(SystemExit):
        main(['x.py', '--k', '4', '--vary', 'model.kernel_size'])
    assert 'model.kernel_size: expected a key and its values' in capsys.readouterr().err
