"""Every method's folder says what it is, and its metafile points at what exists."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import yaml

from mmirstd.apis import IRSTDInferencer
from mmirstd.compat.checkpoint import load_checkpoint_file
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
    # Each model under its config's name: all of the folder, or, with results, those that have some.
    models = meta.get('Models', [])
    names = {collection['Name'] for collection in meta['Collections']}
    for model in models:
        assert model['In Collection'] in names
        assert model['Config'] == f'configs/{folder.name}/{model["Name"]}.py'
    listed = [model['Name'] for model in models]
    assert len(set(listed)) == len(listed)
    assert set(listed) <= {path.stem for path in folder.glob('*.py')}
    if not any('Results' in model for model in models):
        assert not models or len(listed) == len(list(folder.glob('*.py')))
    for model in models:
        if weights := model.get('Weights'):
            _check_weights(REPO / weights)


def _check_weights(file: Path) -> None:
    """A file in the repository is small, is read safely, and is the one that its model card describes."""
    assert file.stat().st_size < 8e6
    assert file.parent.name == 'weights'
    card = (file.parent / 'README.md').read_text(encoding='utf-8')
    assert f'## {file.name}' in card
    assert file_sha256(str(file)) in card
    assert set(load_checkpoint_file(str(file), 'cpu')) == {'meta', 'state_dict'}


@pytest.mark.parametrize('name', ['ggl-net-tiny_nuaa-nudt-synthetic', 'ggl-net-tiny_synthetic-pretraining',
                                  'ggl-net-tiny_synthetic-fitted'])
def test_committed_weights_fit_their_config_and_find_targets(name: str) -> None:
    """With nothing but the name of the config: a bright spot on a smooth background is found, nothing else is."""
    rows, columns = np.mgrid[:128, :160]
    image = 60 + 20 * np.sin(columns / 40) + 120 * np.exp(-((columns - 100)**2 + (rows - 50)**2) / (2 * 1.3**2))
    inferencer = IRSTDInferencer(name, device='cpu')
    [result] = inferencer.infer(image.round().astype(np.uint8))
    [target] = result.targets
    assert abs(target.x - 100) < 0.7
    assert abs(target.y - 50) < 0.7


def test_collections_have_distinct_names() -> None:
    names = [collection['Name'] for folder in FOLDERS
             for collection in yaml.safe_load((folder / 'metafile.yml').read_text(encoding='utf-8'))['Collections']]
    assert len(names) >= 6
    assert len(set(names)) == len(names)
