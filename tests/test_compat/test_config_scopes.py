from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from mmengine.config import Config
from mmengine.config.utils import MODULE2PACKAGE
from mmengine.registry import init_default_scope

from mmirstd.compat import ensure_config_scopes
from tests.shared import REPO


@pytest.mark.parametrize(
    'base', ['mmseg::sem_fpn/fpn_r50_4xb4-160k_ade20k-512x512.py', 'mmdet::fcos/fcos_r50-caffe_fpn_gn-head_1x_coco.py']
)
def test_configs_of_installed_packages_can_be_inherited(base: str, tmp_path: Path) -> None:
    ensure_config_scopes()
    config = tmp_path / 'config.py'
    config.write_text(f"_base_ = '{base}'\n")
    assert Config.fromfile(config).model.neck.type == 'FPN'


def test_only_names_that_find_nothing_are_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    # pytest is installed under its own name; no distribution is called "absent"; nothing at all is called "neither"
    for module, package in (('pytest', 'numpy'), ('json', 'absent'), ('neither', 'absent')):
        monkeypatch.setitem(MODULE2PACKAGE, module, package)
    assert ensure_config_scopes() == ['json']
    assert (MODULE2PACKAGE['pytest'], MODULE2PACKAGE['json'], MODULE2PACKAGE['neither']) == ('numpy', 'json', 'absent')
    assert ensure_config_scopes() == []


def test_a_foreign_tool_has_it_too(tmp_path: Path) -> None:
    (tmp_path / 'config.py').write_text("_base_ = 'mmseg::sem_fpn/fpn_r50_4xb4-160k_ade20k-512x512.py'\n")
    script = tmp_path / 'tool.py'
    script.write_text(
        'import sys\nfrom mmengine.config import Config\nprint(Config.fromfile(sys.argv[1]).model.decode_head.type)\n'
    )
    done = subprocess.run(
        [sys.executable, '-m', 'mmirstd.compat.run', str(script), str(tmp_path / 'config.py')],
        capture_output=True,
        text=True,
        cwd=REPO,
        check=True,
    )
    assert 'FPNHead' in done.stdout


def test_ours_by_scope_in_base_and_from_python(tmp_path):
    """What a project that has mmirstd installed writes; types of mmseg in our config are still mmseg's."""
    import mmirstd.registry  # noqa: F401
    from mmirstd.registry import MODELS

    name = 'mmirstd::ggl_net/ggl-net-tiny_pretrained-b8-70e_nuaa-sirst-341-86.py'
    (tmp_path / 'mine.py').write_text(f"_base_ = ['{name}']\nmodel = dict(backbone=dict(base_channels=4))\n")
    assert Config.fromfile(name).model.backbone.type == 'mmirstd.GGLEncoder'
    cfg = Config.fromfile(tmp_path / 'mine.py')
    assert cfg.model.backbone.base_channels == 4
    assert '_scope_' not in cfg.model
    init_default_scope(cfg.default_scope)
    cfg.model.pop('neck')
    cfg.model.decode_head.in_channels = 4
    assert type(MODELS.build(cfg.model)).__module__.startswith('mmseg.')


def test_an_unknown_one_of_ours_is_named():
    import mmirstd.registry  # noqa: F401

    with pytest.raises(FileNotFoundError, match='nothing'):
        Config.fromfile('mmirstd::ggl_net/nothing.py')
