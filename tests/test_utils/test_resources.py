from __future__ import annotations

from pathlib import Path

from mmengine.config import Config

from mmirstd.compat import ensure_config_scopes
from mmirstd.utils.resources import base_name, resource_root


def test_names_in_base(tmp_path: Path) -> None:
    """A config anywhere finds a file by the name that is given."""
    ours = resource_root() / 'configs' / '_base_' / 'models' / 'acm.py'
    assert base_name(ours) == 'mmirstd::_base_/models/acm.py'
    other = tmp_path / 'other.py'
    other.write_text('x = 1\n')
    config = tmp_path / 'sub' / 'config.py'
    config.parent.mkdir()
    config.write_text(f'_base_ = [{base_name(ours)!r}, {base_name(other)!r}]\n')
    ensure_config_scopes()
    cfg = Config.fromfile(str(config))
    assert (cfg.model.backbone.type, cfg.x) == ('mmirstd.ACMEncoder', 1)
