"""``tools/train.py --vis`` on configs of all kinds."""

from __future__ import annotations

import pytest
from mmengine.config import Config

import mmirstd.registry  # noqa: F401
from mmirstd.engine import vis_options
from mmirstd.engine.vis_options import add_vis_backends
from mmirstd.utils.errors import ConfigError
from tests.shared import REPO


@pytest.fixture(autouse=True)
def _all_installed(monkeypatch):
    """What --vis adds does not depend on what is installed here."""
    monkeypatch.setattr(vis_options, 'check_importable', lambda name: None)


def types(cfg: Config) -> list[str]:
    return [backend.type for backend in cfg.visualizer.vis_backends]


@pytest.mark.parametrize('base', ['default_runtime.py', 'default_runtime_moving.py'])
def test_backends_are_added_and_pictures_are_drawn(base: str) -> None:
    cfg = Config.fromfile(str(REPO / 'configs' / '_base_' / base))
    cfg.default_hooks.visualization['max_images'] = 3
    add_vis_backends(cfg, ['tensorboard', 'wandb', 'tensorboard'])
    add_vis_backends(cfg, ['wandb'])
    assert types(cfg) == ['LocalVisBackend', 'TensorboardVisBackend', 'mmirstd.WandbVisBackend']
    hook = cfg.default_hooks.visualization
    assert (hook.type, hook.draw_val) == ('mmirstd.IRSTDVisualizationHook', True)
    # options of our hook are kept, those of mmdet's would not fit
    assert hook.get('max_images') == (3 if base == 'default_runtime.py' else None)
    assert Config.fromstring(cfg.pretty_text, '.py').visualizer == cfg.visualizer  # it can be written down


def test_a_users_config_without_hook_or_visualizer() -> None:
    cfg = Config(dict(custom_hooks=[dict(type='mmirstd.IRSTDVisualizationHook', interval=5)]))
    add_vis_backends(cfg, ['tensorboard'])
    assert types(cfg) == ['LocalVisBackend', 'TensorboardVisBackend']
    assert cfg.custom_hooks == [dict(type='mmirstd.IRSTDVisualizationHook', interval=5, draw_val=True)]
    assert 'visualization' not in cfg.default_hooks
    cfg = Config(dict(visualizer=dict(type='Visualizer', vis_backends=[dict(type='WandbVisBackend')])))
    add_vis_backends(cfg, ['wandb'])
    assert types(cfg) == ['WandbVisBackend']  # the user's own stays
    assert cfg.default_hooks.visualization.draw_val


def test_an_unknown_name_is_answered_with_the_known() -> None:
    with pytest.raises(ConfigError, match=r'(?s)--vis tensorbord: expected tensorboard or wandb.*did you mean: t'):
        add_vis_backends(Config(), ['tensorbord'])


def test_a_missing_package_says_what_to_install(monkeypatch) -> None:
    monkeypatch.undo()
    monkeypatch.setitem(vis_options.VIS_BACKENDS, 'wandb', (dict(type='X'), 'no_such_package'))
    with pytest.raises(ConfigError, match=r'(?s)not installed.*cure: pip install wandb'):
        add_vis_backends(Config(), ['wandb'])


def test_two_lines_of_a_config_are_the_option() -> None:
    """As docs/training.md shows them."""
    page = (REPO / 'docs' / 'training.md').read_text(encoding='utf-8')
    lines = [line for line in page.splitlines() if line.startswith(('default_hooks = ', 'visualizer = '))]
    assert len(lines) == 2
    said, option = (Config.fromfile(str(REPO / 'configs' / '_base_' / 'default_runtime.py')) for _ in range(2))
    said.merge_from_dict(Config.fromstring('\n'.join(lines), '.py').to_dict())
    add_vis_backends(option, ['tensorboard'])
    assert said.to_dict() == option.to_dict()
    assert str(vis_options.VIS_BACKENDS['wandb'][0]) == str(
        dict(type='mmirstd.WandbVisBackend', init_kwargs=dict(project='mmirstd'))
    )
    assert "dict(type='mmirstd.WandbVisBackend', init_kwargs=dict(project='mmirstd'))" in page
