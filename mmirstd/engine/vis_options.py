"""Let any config write its curves and validation pictures to TensorBoard or Weights & Biases."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

from mmirstd.utils.config_parts import bare_type
from mmirstd.utils.errors import ConfigError
from mmirstd.utils.near_matches import near_matches

#: Name on the command line -> the backend's config, and the module that it imports.
VIS_BACKENDS: dict[str, tuple[dict[str, Any], str]] = {
    'tensorboard': (dict(type='TensorboardVisBackend'), 'torch.utils.tensorboard'),
    'wandb': (dict(type='mmirstd.WandbVisBackend', init_kwargs=dict(project='mmirstd')), 'wandb'),
}


def add_vis_backends(cfg: Any, names: Sequence[str]) -> None:
    """Add backends to the visualizer and draw validation images, in place.

    Backends that the config has stay, and one of the same kind is not added again. Pictures are drawn by
    ``mmirstd.IRSTDVisualizationHook``: with the config's options where it has that hook, else in place of the hook
    ``default_hooks.visualization``, because the stock ones paint over a target of three pixels.

    Args:
        cfg: Changed in place.
        names: Of :data:`VIS_BACKENDS`.

    Raises:
        ConfigError: An unknown name, or its package is not installed.
    """
    for name in names:
        if name not in VIS_BACKENDS:
            close = near_matches(name, VIS_BACKENDS)
            raise ConfigError(
                f'--vis {name}: expected {" or ".join(VIS_BACKENDS)}'
                + (f'\n  did you mean: {", ".join(close)}?' if close else '')
            )
        check_importable(name)
    visualizer = cfg.get('visualizer') or dict(type='Visualizer')
    backends = list(visualizer.get('vis_backends') or [dict(type='LocalVisBackend')])
    for name in dict.fromkeys(names):
        backend = VIS_BACKENDS[name][0]
        if bare_type(backend) not in {bare_type(b) for b in backends}:
            backends.append(copy.deepcopy(backend))
    visualizer['vis_backends'] = backends
    cfg.visualizer = visualizer
    hooks = cfg.get('default_hooks') or {}
    ours = [
        hook
        for hook in [*hooks.values(), *(cfg.get('custom_hooks') or ())]
        if hook and bare_type(hook) == 'IRSTDVisualizationHook'
    ]
    for hook in ours:
        hook['draw_val'] = True
    if not ours:
        hooks['visualization'] = dict(type='mmirstd.IRSTDVisualizationHook', draw_val=True)
    cfg.default_hooks = hooks


def check_importable(name: str) -> None:
    """Find a missing package before an hour is spent, or an import fails deep within the Runner.

    Args:
        name: Of :data:`VIS_BACKENDS`.

    Raises:
        ConfigError: The package is not installed, or does not work here.
    """
    from importlib import import_module

    try:
        import_module(VIS_BACKENDS[name][1])
    except ImportError as error:
        raise ConfigError(
            f'--vis {name}: the package {name!r} is not installed ({error}).\n  cure: pip install {name}'
        ) from error
