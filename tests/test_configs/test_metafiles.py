"""Every method's folder says what it is, and its metafile points at what exists."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from statistics import fmean

import numpy as np
import pytest
import yaml

from mmirstd.apis import IRSTDInferencer
from mmirstd.benchmark import load_suite, read_records
from mmirstd.benchmark.suite import Run
from mmirstd.compat.checkpoint import load_checkpoint_file
from mmirstd.engine.config_names import metafile_models
from mmirstd.engine.data_option import data_set_of
from mmirstd.utils.files import file_sha256
from tests.shared import REPO

FOLDERS = sorted(path for path in (REPO / 'configs').iterdir() if path.is_dir() and not path.name.startswith('_'))


@pytest.mark.parametrize('folder', FOLDERS, ids=lambda path: path.name)
def test_folder(folder) -> None:
    assert (folder / 'README.md').is_file()
    meta = yaml.safe_load((folder / 'metafile.yml').read_text(encoding='utf-8'))
    assert set(meta) <= {'Collections', 'Models'}
    for collection in meta['Collections']:
        assert collection['README'] == f'configs/{folder.name}/README.md'
        assert (REPO / collection['Code']).is_file()
        assert collection['Metadata']['Architecture']
        assert collection['Metadata']['Training Data']
    # Each config of the folder is one model, under its name, or under a short one if it can be used as it is.
    models = meta['Models']
    names = {collection['Name'] for collection in meta['Collections']}
    for model in models:
        assert set(model) <= {'Name', 'In Collection', 'Config', 'Metadata', 'Weights', 'Results'}
        assert model['In Collection'] in names
        stem = Path(model['Config']).stem
        usable = 'Weights' in model or stem.endswith('_nuaa-sirst-341-86') and len(stem.split('_')) == 2
        assert (model['Name'] == stem) == (not usable), model['Name']
    assert sorted(model['Config'] for model in models) == sorted(
        f'configs/{folder.name}/{path.name}' for path in folder.glob('*.py')
    )
    for model in models:
        if weights := model.get('Weights'):
            _check_weights(REPO / weights)


DATA = {
    'NUAA-SIRST 341/86': 'nuaa-sirst-341-86',
    'NUAA-SIRST 213/214': 'nuaa-sirst-213-214',
    'NUDT-SIRST 663/664': 'nudt-sirst-663-664',
    'Drone-IR': 'drone-ir',
}


@cache
def recorded() -> list[tuple[Run, list[dict]]]:
    """The runs that were made, and what each seed's test gave."""
    suites = [load_suite(path, REPO) for path in sorted((REPO / 'benchmarks').glob('*.yml'))]
    records = [
        (suite.run(name), [record['test'] for record in found.values()])
        for suite in suites
        for name, found in read_records(suite, REPO / 'benchmarks' / 'logs').items()
        if found
    ]
    # of a suite that tests on other images than the test images the figures are none of the data set
    return [(run, tests) for run, tests in records if 'test_dataloader.dataset.ann_file' not in run.options]


def _data_of(run: Run) -> str:
    return run.data or data_set_of(run.config_file).stem


@pytest.mark.parametrize('folder', FOLDERS, ids=lambda path: path.name)
def test_results_are_those_of_records(folder) -> None:
    """Each is the mean over the seeds of a run with this config (or these weights) on that data set."""
    for model in metafile_models(folder / 'metafile.yml'):
        for result in model.get('Results', []):
            runs = [
                tests
                for run, tests in recorded()
                if run.schedule is None
                and _data_of(run) == DATA[result['Dataset']]
                and (run.checkpoint == model['Weights'] if 'Weights' in model else run.config == model['Config'])
            ]
            assert any(
                all(_agrees(tests, name, str(value)) for name, value in result['Metrics'].items()) for tests in runs
            ), (model['Name'], result)


def _agrees(tests: list[dict], name: str, shown: str) -> bool:
    """Whether a figure is the mean, rounded to its digits: ``0.573`` or ``96.8e-6``."""
    digits, _, exponent = shown.partition('e')
    mean = fmean(test[name] for test in tests) / float(f'1e{exponent or 0}')
    return f'{mean:.{len(digits.partition(".")[2])}f}' == digits


def test_runs_have_their_results() -> None:
    """A config that a suite trained, by its own schedule, and tested has figures in its metafile."""
    listed = {
        model['Config']
        for folder in FOLDERS
        for model in metafile_models(folder / 'metafile.yml')
        if 'Results' in model
    }
    for run, _ in recorded():
        if run.config.startswith('configs/') and run.checkpoint is None and run.schedule is None:
            assert run.config in listed


def test_the_index_lists_all() -> None:
    index = yaml.safe_load((REPO / 'model-index.yml').read_text(encoding='utf-8'))
    assert index == {'Import': [f'configs/{folder.name}/metafile.yml' for folder in FOLDERS]}


def _check_weights(file: Path) -> None:
    """A file in the repository is small, is read safely, and is the one that its model card describes."""
    assert file.stat().st_size < 8e6
    assert file.parent.name == 'weights'
    card = (file.parent / 'README.md').read_text(encoding='utf-8')
    assert f'## {file.name}' in card
    assert file_sha256(str(file)) in card
    assert set(load_checkpoint_file(str(file), 'cpu')) == {'meta', 'state_dict'}


@pytest.mark.parametrize(
    'name',
    [
        'ggl-net-tiny_general',
        'ggl-net-tiny_three-sources',
        'ggl-net-tiny_synthetic-pretraining',
        'ggl-net-tiny_synthetic-fitted',
    ],
)
def test_committed_weights_fit_their_config_and_find_targets(name: str) -> None:
    """With nothing but the name of the config: a bright spot on a smooth background is found, nothing else is.

    Also in codes of 14 bits that fill a twentieth of their range, as raw files do.
    """
    rows, columns = np.mgrid[:128, :160]
    image = 60 + 20 * np.sin(columns / 40) + 120 * np.exp(-((columns - 100) ** 2 + (rows - 50) ** 2) / (2 * 1.3**2))
    inferencer = IRSTDInferencer(name, device='cpu')
    for values in (image.round().astype(np.uint8), (3000 + 4 * image).round().astype(np.uint16)):
        [result] = inferencer.infer(values)
        [target] = result.targets
        assert abs(target.x - 100) < 0.7
        assert abs(target.y - 50) < 0.7


def test_collections_have_distinct_names() -> None:
    names = [
        collection['Name']
        for folder in FOLDERS
        for collection in yaml.safe_load((folder / 'metafile.yml').read_text(encoding='utf-8'))['Collections']
    ]
    assert len(names) >= 6
    assert len(set(names)) == len(names)
