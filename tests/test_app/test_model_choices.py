from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from mmirstd.apis import IRSTDInferencer
from mmirstd.app import model_choices
from mmirstd.app.model_choices import ModelChoice, ModelShelf, given_choice, shipped_choices
from mmirstd.models.segmentors import ClassicalSegmentor
from mmirstd.utils.errors import CheckpointError, ConfigError
from tests.shared import REPO

TOPHAT = 'white-tophat_nuaa-sirst-341-86'


def test_every_classical_method_is_offered_and_works() -> None:
    choices = [choice for choice in shipped_choices() if choice.weights is None]
    offered = {Path(choice.config).parent.name for choice in choices}
    assert {'lcm', 'max_median', 'mpcm', 'pstnn', 'white_tophat'} <= offered
    shelf = ModelShelf(choices, 'cpu')
    for name in shelf.names:
        assert isinstance(shelf.get(name).model, ClassicalSegmentor)


def test_weights_in_the_repository_appear_by_themselves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = dict(
        Collections=[
            dict(Name='A', Metadata={'Training Data': ['NUAA-SIRST']}),
            dict(Name='B', Metadata={'Training Data': 'none (a filter)'}),
        ],
        Models=[
            dict(Name='a-lost', Config='configs/a/a.py', Weights='configs/a/lost.pth', **{'In Collection': 'A'}),
            dict(Name='a-web', Config='configs/a/a.py', Weights='https://x.org/a.pth', **{'In Collection': 'A'}),
            dict(Name='a-here', Config='configs/a/a.py', Weights=['configs/a/a.pth'], **{'In Collection': 'A'}),
            dict(
                Name='a-general',
                Config='configs/a/a.py',
                Weights='configs/a/a.pth',
                Metadata={'Training Data': ['NUAA-SIRST', 'NUDT-SIRST']},
            ),
            dict(Name='b-1', Config='configs/a/b.py', **{'In Collection': 'B'}),
            dict(Name='b-2', Config='configs/a/c.py', **{'In Collection': 'B'}),
        ],
    )
    folder = tmp_path / 'configs' / 'a'
    folder.mkdir(parents=True)
    (folder / 'metafile.yml').write_text(yaml.safe_dump(content))
    (folder / 'a.pth').write_bytes(b'x')
    monkeypatch.setattr(model_choices, 'REPO_ROOT', tmp_path)
    assert shipped_choices() == [
        ModelChoice('a-general (pretrained)', str(folder / 'a.py'), str(folder / 'a.pth')),
        ModelChoice('a-here (pretrained)', str(folder / 'a.py'), str(folder / 'a.pth')),
        ModelChoice('B (no training)', str(folder / 'b.py')),
    ]


def test_the_general_model_is_the_first() -> None:
    assert shipped_choices()[0].name == 'ggl-net-tiny_three-sources (pretrained)'


def test_a_model_of_ones_own(tmp_path: Path) -> None:
    assert given_choice(TOPHAT) == ModelChoice(TOPHAT, str(REPO / f'configs/white_tophat/{TOPHAT}.py'))
    with pytest.raises(ConfigError, match='did you mean'):
        given_choice('white-tophat_nuaa-sirst-341-68')
    with pytest.raises(CheckpointError, match='does not exist'):
        given_choice(TOPHAT, str(tmp_path / 'no.pth'))


def test_the_shelf_keeps_the_last_few() -> None:
    shelf = ModelShelf([ModelChoice('a', TOPHAT), ModelChoice('b', TOPHAT), ModelChoice('a', 'another')], 'cpu', keep=2)
    assert shelf.names == ['a', 'b']
    first = shelf.get('a')
    assert isinstance(first, IRSTDInferencer)
    assert shelf.get('a') is first
    stretched = shelf.get('a', dict(normalize='minmax'))
    assert stretched is not first
    assert stretched.provenance()['normalize'] == {'normalize': 'minmax'}
    shelf.get('b')  # the third: 'a' as in training goes
    assert shelf.get('a', dict(normalize='minmax')) is stretched
    assert shelf.get('a') is not first
    with pytest.raises(KeyError):
        shelf.get('c')
