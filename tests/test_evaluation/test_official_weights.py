"""The entries of configs/official_weights.yml, and how they are read."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from mmirstd.engine.config_files import load_config
from mmirstd.evaluation.functional.protocols import PROTOCOLS
from mmirstd.evaluation.official_weights import OfficialWeights, get_official_weights, read_official_weights
from mmirstd.key_maps import ARCHS
from mmirstd.utils.errors import ConfigError
from tests.shared import REPO

ENTRIES = read_official_weights()


@pytest.mark.parametrize('entry', ENTRIES.values(), ids=ENTRIES)
def test_an_entry_names_what_exists(entry: OfficialWeights) -> None:
    assert entry.arch in ARCHS
    assert entry.protocol in PROTOCOLS
    assert (REPO / 'configs' / entry.config).is_file()
    assert entry.published
    for data_set, figures in entry.published.items():
        assert (REPO / f'configs/_base_/datasets/{data_set}.py').is_file()
        assert all(0 <= value <= 1 for value in figures.values())
        # The official size of the protocol is that of the entry, else the figures do not compare.
        official = PROTOCOLS[entry.protocol].official_size(data_set)
        assert PROTOCOLS[entry.protocol].resolution == {} or entry.size_for(data_set) == official
    known = {path.stem for path in (REPO / 'configs/_base_/datasets').glob('*.py')}
    assert set(entry.cfg_options) | set(entry.eval_size) <= {'*', *known}
    assert entry.in_channels == entry.options_for(next(iter(entry.published))).get('model.backbone.in_channels', 1)


@pytest.mark.parametrize('entry', ENTRIES.values(), ids=ENTRIES)
def test_the_readme_ends_with_the_official_evaluation(entry: OfficialWeights) -> None:
    last = (REPO / 'configs' / entry.config).with_name('README.md').read_text().split('\n## ')[-1]
    assert last.startswith('The official evaluation\n')
    text = ' '.join(last.split())
    assert f'`--protocol {entry.protocol}' in text
    for size in filter(None, entry.eval_size.values()):
        assert str(size) in text


@pytest.mark.parametrize(
    ('folder', 'option'),
    [
        ('dtum', '`--protocol dtum '),
        ('deeppro', '`--protocol dtum '),
        ('rfr', '`--protocol sctransnet`'),
        ('feedbacksts', '`--protocol rpcanet --eval-size 256`'),
        ('lvnet', 'None is published'),
        *((folder, 'the prefix `sstnet/`') for folder in ('sstnet', 'tridos', 'stmenet', 'tdcnet', 'yolo_bp', 'yolox')),
    ],
)
def test_the_readme_of_a_network_of_clips_ends_with_it_as_well(folder: str, option: str) -> None:
    """And with what repeats it; each option that it names is one of the config's."""
    last = (REPO / 'configs' / folder / 'README.md').read_text().split('\n## ')[-1]
    assert last.startswith('The official evaluation\n')
    text = ' '.join(last.split())
    assert option in text
    options = re.findall(r'(?:letterbox|model|test_dataloader)\.[\w.]+=\w[\w.]*', text)
    config = sorted((REPO / 'configs' / folder).glob('*e_*.py'))[-1]
    cfg = load_config(str(config), {key: yaml.safe_load(value) for key, value in (x.split('=') for x in options)})
    assert cfg.test_dataloader


def test_standardized_networks_have_statistics_for_every_published_data_set() -> None:
    for entry in ENTRIES.values():
        if any(key.startswith('model.data_preprocessor') for key in entry.options_for(next(iter(entry.published)))):
            for data_set in entry.published:
                assert 'model.data_preprocessor.mean' in entry.options_for(data_set), (entry.name, data_set)


def test_the_data_set_is_told_by_the_folder() -> None:
    entry = ENTRIES['rpcanet']
    assert entry.data_set_in('/data/NUDT-SIRST') == 'nudt-sirst-663-664'
    assert entry.data_set_in('IRSTD_1k') == 'irstd-1k-800-201'
    with pytest.raises(ConfigError, match=r'cannot be told from its name.*\n  cure: --data-set nudt-sirst-663-664'):
        entry.data_set_in('data')
    with pytest.raises(ConfigError, match='is not clear.*expected nuaa-sirst-341-86, nuaa-sirst-224-96'):
        ENTRIES['msda-net'].data_set_in('data/NUAA-SIRST')


def test_an_unknown_network_gets_the_nearest() -> None:
    with pytest.raises(ConfigError, match="under 'rpcnet'; did you mean: rpcanet"):
        get_official_weights('rpcnet')


def test_a_file_of_ones_own(tmp_path: Path) -> None:
    path = tmp_path / 'my.yml'
    path.write_text(
        '_shared: &shared {source: here, outputs: as is, protocol: default}\n'
        'mine: {<<: *shared, arch: acm, config: acm/x.py, published: {sirst3: {IoU: 0.5, Fa: 1.0e-6}}, notes: [One.]}\n'
    )
    entry = get_official_weights('mine', path)
    assert (entry.source, entry.notes, entry.published['sirst3']['Fa']) == ('here', ('One.',), 1e-6)
    assert (entry.size_for('sirst3'), entry.options_for('sirst3')) == (None, {})


@pytest.mark.parametrize(
    ('text', 'message'),
    [
        ('mine: {source: here}', 'mine lacks arch, config, outputs, protocol, published: expected source'),
        ('mine: 3', 'mine: found int, expected the keys source'),
        ('[a]', 'found list, expected a mapping'),
        ('a: b: c', 'cannot be read'),
        (
            'mine: {source: a, arch: a, config: a, outputs: a, protocol: a, published: {}, threshold: 1}',
            'mine has unknown threshold',
        ),
    ],
)
def test_a_broken_file_is_named_with_what_is_wrong(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / 'my.yml'
    path.write_text(text)
    with pytest.raises(ConfigError, match=message) as caught:
        read_official_weights(path)
    assert str(path) in str(caught.value)
