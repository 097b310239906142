"""Every network's official evaluation runs, with weights of official form."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from mmengine.logging import MessageHub, MMLogger
from mmengine.registry import DefaultScope
from mmengine.visualization import Visualizer

from mmirstd.cli import verify_official
from mmirstd.evaluation.official_weights import OfficialWeights, read_official_weights
from mmirstd.key_maps.golden import official_state_dict
from mmirstd.utils.errors import CheckpointError, ConfigError
from tests.golden_zoo import golden_network
from tests.shared import load_golden

ENTRIES = read_official_weights()
LISTS = {
    'NUAA-SIRST': ('img_idx/test_NUAA-SIRST.txt', 'img_idx/idx427_test.txt', 'idx_320/test.txt'),
    'NUDT-SIRST': ('img_idx/test_NUDT-SIRST.txt',),
    'IRSTD-1K': ('img_idx/test_IRSTD-1K.txt',),
    'SIRST-Aug': ('img_idx/test_SIRST-Aug.txt',),
}


@pytest.fixture(scope='module')
def data_roots(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Each data set with two test images of one target."""
    folder, generator = tmp_path_factory.mktemp('data'), np.random.default_rng(0)
    roots = {}
    for name, lists in LISTS.items():
        roots[name.lower()] = root = folder / name
        for part in ('images', 'masks'):
            (root / part).mkdir(parents=True)
        for i in range(2):
            mask = np.zeros((64, 64), np.uint8)
            mask[20 + i : 23 + i, 30:33] = 255
            image = generator.integers(20, 60, mask.shape).astype(np.uint8)
            cv2.imwrite(str(root / f'images/{i}.png'), np.where(mask > 0, 230, image).astype(np.uint8))
            cv2.imwrite(str(root / f'masks/{i}.png'), mask)
        for path in lists:
            (root / path).parent.mkdir(exist_ok=True)
            (root / path).write_text('0\n1\n')
    roots['nudt-mirsdt'] = sequence_root(folder / 'NUDT-MIRSDT', generator)
    return roots


def sequence_root(root: Path, generator: np.random.Generator) -> Path:
    """A sequence of two frames with a target that moves, and a second truth of one pixel a target."""
    for part in ('images', 'masks', 'masks_centroid'):
        (root / 'Sequence1' / part).mkdir(parents=True)
    for i in (1, 2):
        mask, centroid = np.zeros((64, 64), np.uint8), np.zeros((64, 64), np.uint8)
        mask[20 + i : 23 + i, 30:33], centroid[21 + i, 31] = 255, 255
        image = np.where(mask > 0, 230, generator.integers(20, 60, mask.shape)).astype(np.uint8)
        for part, content in (('images', image), ('masks', mask), ('masks_centroid', centroid)):
            cv2.imwrite(str(root / f'Sequence1/{part}/{i:05d}.png'), content)
    (root / 'test.txt').write_text('Sequence1/Mix/00001.mat\nSequence1/Mix/00002.mat\n')
    return root


@pytest.fixture(autouse=True)
def _no_runner_is_left() -> Iterator[None]:
    """mmengine keeps loggers and scopes by name; a logger of this test would write to a stream that is closed."""
    kinds = (DefaultScope, MessageHub, MMLogger, Visualizer)
    before = [kind._instance_dict.copy() for kind in kinds]
    yield
    for kind, instances in zip(kinds, before, strict=True):
        kind._instance_dict.clear()
        kind._instance_dict.update(instances)


def root_of(data_set: str, roots: dict[str, Path]) -> Path:
    return next(root for name, root in roots.items() if data_set.startswith(name))


@pytest.mark.parametrize('entry', ENTRIES.values(), ids=ENTRIES)
def test_the_official_evaluation_runs(
    entry: OfficialWeights, data_roots: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    data_set = min(entry.published, key=lambda name: entry.size_for(name) or 0)
    torch.save(official_state_dict(golden_network(entry.arch).golden), tmp_path / 'official.pth')
    verify_official.main(
        [entry.name, str(tmp_path / 'official.pth'), '--data', str(root_of(data_set, data_roots))]
        + ['--data-set', data_set, '--work-dir', str(tmp_path), '--out', str(tmp_path / 'comparison.json')]
    )
    comparison = json.loads((tmp_path / 'comparison.json').read_text())
    windows = entry.name.startswith('deeppro')  # of many frames; the two are one
    assert comparison['test']['images'] == (1 if windows else 2)
    assert comparison['test']['eval_size'] == (entry.size_for(data_set) or 'native')
    assert not comparison['test']['notices']  # such as: another size than the official one
    for row in comparison['rows']:
        assert row['measured'] is not None, row
        assert row['published'] == entry.published[data_set][row['measure']]
    printed = capsys.readouterr().out
    assert f'measured ({entry.protocol})' in printed
    assert '--protocol' in printed


def test_our_own_checkpoint_is_not_converted_again(tmp_path: Path) -> None:
    torch.save(dict(meta=dict(arch='acm'), state_dict={}), tmp_path / 'ours.pth')
    assert (
        verify_official.our_weights(tmp_path / 'ours.pth', ENTRIES['acm'], tmp_path / 'x.pth') == tmp_path / 'ours.pth'
    )


def test_weights_of_another_network_are_refused(tmp_path: Path) -> None:
    torch.save(official_state_dict(load_golden('basic_rdian')), tmp_path / 'official.pth')
    with pytest.raises(CheckpointError, match='official.pth'):
        verify_official.our_weights(tmp_path / 'official.pth', ENTRIES['acm'], tmp_path / 'x.pth')


def test_a_data_set_without_published_figures_is_refused(tmp_path: Path) -> None:
    (tmp_path / 'x.pth').touch()
    words = ['rpcanet', str(tmp_path / 'x.pth'), '--data', str(tmp_path)]
    with pytest.raises(ConfigError, match='no figures of rpcanet: expected nudt-sirst-663-664, irstd-1k-800-201'):
        verify_official.main([*words, '--data-set', 'sirst3'])


def test_what_is_wrong_is_told_in_order(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match='did you mean: rpcanet'):
        verify_official.main(['rpcnet', 'x.pth'])
    with pytest.raises(ConfigError, match='rpcanet: CKPT and --data ROOT are needed'):
        verify_official.main(['rpcanet'])
    with pytest.raises(ConfigError, match='x.pth: does not exist'):
        verify_official.main(['rpcanet', str(tmp_path / 'x.pth'), '--data', str(tmp_path)])
    with pytest.raises(SystemExit):
        verify_official.main([])


def test_the_list_shows_what_was_published(capsys: pytest.CaptureFixture) -> None:
    verify_official.main(['--list'])
    assert 'nudt-sirst-663-664: IoU 0.8931, F1 0.9435, Pd 0.9714, Fa 28.70e-6' in capsys.readouterr().out


def test_differences_are_measured_minus_published(capsys: pytest.CaptureFixture) -> None:
    entry = ENTRIES['rpcanet']
    rows = verify_official.compare(entry, 'nudt-sirst-663-664', {'rpcanet/IoU': 0.8934, 'IoU': 0.9, 'rpcanet/Fa': 2e-5})
    assert [row['measured'] for row in rows] == [0.8934, None, None, 2e-5]
    verify_official.print_comparison(entry, 'nudt-sirst-663-664', dict(images=664), rows)
    printed = capsys.readouterr().out
    for text in ('+0.0003', '-8.70e-6', 'n/a'):
        assert text in printed
