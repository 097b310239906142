from __future__ import annotations

from pathlib import Path

import pytest
import torch
from mmengine.config import Config
from mmengine.registry import init_default_scope

from mmirstd.apis.model_loading import as_config, build_network, default_weights, find_model_config
from mmirstd.registry import MODELS
from mmirstd.utils.errors import CheckpointError, ConfigError, UnsafeCheckpointError
from tests.shared import REPO
from tests.test_apis.helpers import tiny_ggl_config


def test_by_name_and_by_path() -> None:
    by_name = find_model_config('ggl-net-tiny_nuaa')
    by_path = find_model_config(REPO / 'configs/ggl_net/ggl-net-tiny_pretrained-b8-70e_nuaa-sirst-341-86.py')
    assert by_name.model == by_path.model
    with pytest.raises(ConfigError, match='ggl-net-tiny_nuaa'):
        find_model_config('ggl-net-tiny_nuaa-sirst-341-68')
    with pytest.raises(ConfigError, match='does not exist'):
        find_model_config('configs/ggl_net/no.py')
    with pytest.raises(ConfigError, match='no model'):
        as_config(dict(data=1))
    with pytest.raises(TypeError):
        as_config(3)


def test_weights_must_fit(tmp_path: Path) -> None:
    cfg = tiny_ggl_config()
    init_default_scope('mmseg')
    model = MODELS.build(cfg.model)
    path = tmp_path / 'a.pth'
    torch.save(dict(state_dict={f'module.{k}': v + 1 for k, v in model.state_dict().items()}), path)
    loaded, origin = build_network(cfg, cfg, path, 'mmseg')
    assert origin == str(path)
    assert not loaded.training
    key = 'decode_head.conv_seg.bias'
    assert torch.equal(loaded.state_dict()[key], model.state_dict()[key] + 1)
    with pytest.raises(CheckpointError, match='no checkpoint was given'):
        build_network(cfg, cfg, None, 'mmseg')
    other = tiny_ggl_config()
    other.model.backbone.gradient = None
    with pytest.raises(CheckpointError, match='(?s)another network.*only in the file'):
        build_network(other, other, path, 'mmseg')
    with pytest.raises(CheckpointError, match='does not exist'):
        build_network(cfg, cfg, tmp_path / 'none.pth', 'mmseg')
    torch.save([1], path)
    with pytest.raises(CheckpointError, match='list'):
        build_network(cfg, cfg, path, 'mmseg')


class Payload:
    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


def test_weights_never_execute_code(tmp_path: Path) -> None:
    cfg = tiny_ggl_config()
    torch.save(dict(state_dict={}, payload=Payload(tmp_path / 'executed')), tmp_path / 'evil.pth')
    with pytest.raises(UnsafeCheckpointError):
        build_network(cfg, cfg, tmp_path / 'evil.pth', 'mmseg')
    assert not (tmp_path / 'executed').exists()


def test_weights_of_the_metafile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from mmirstd.apis import model_loading

    folder = tmp_path / 'configs' / 'x'
    folder.mkdir(parents=True)
    (folder / 'a.py').write_text("model = dict(type='X')\n")
    (folder / 'b.py').write_text("model = dict(type='X')\n")
    (folder / 'metafile.yml').write_text(
        'Models:\n  - Name: a\n    Config: configs/x/a.py\n    Weights: w/a.pth\n'
        '  - Name: b\n    Config: configs/x/b.py\n'
    )
    monkeypatch.setattr(model_loading, 'REPO_ROOT', tmp_path)
    assert default_weights(Config.fromfile(str(folder / 'a.py'))) == str(tmp_path / 'w/a.pth')
    assert default_weights(Config.fromfile(str(folder / 'b.py'))) is None
    assert default_weights(Config(dict(model=dict(type='X')))) is None
