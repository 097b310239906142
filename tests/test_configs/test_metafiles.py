"""Every method's folder says what it is, and its metafile points at what exists."""

from __future__ import annotations

import pytest
import yaml

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
    # Models are listed where there are results; then all configs are, each under its file's name.
    models = meta.get('Models', [])
    names = {collection['Name'] for collection in meta['Collections']}
    for model in models:
        assert model['In Collection'] in names
        assert model['Config'] == f'configs/{folder.name}/{model["Name"]}.py'
    if models:
        assert sorted(model['Name'] for model in models) == sorted(path.stem for path in folder.glob('*.py'))


def test_collections_have_distinct_names() -> None:
    names = [collection['Name'] for folder in FOLDERS
             for collection in yaml.safe_load((folder / 'metafile.yml').read_text(encoding='utf-8'))['Collections']]
    assert len(names) >= 6
    assert len(set(names)) == len(names)
