"""Synthetic infrared scenes with small targets of known signal-to-clutter ratio.

Needs NumPy, SciPy and OpenCV only. ``mmirstd generate`` is the command over it.

    >>> import numpy as np
    >>> from mmirstd.datasets.synthetic import SceneConfig, render_scene
    >>> scene = render_scene(SceneConfig(size=(64, 64)), np.random.default_rng(0))
    >>> scene.image.shape, scene.image.dtype.name
    ((64, 64), 'uint8')
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mmirstd.utils.lazy import lazy_names

if TYPE_CHECKING:
    from .backgrounds import Background, render_background
    from .config import (
        ClutterConfig,
        SceneConfig,
        SensorConfig,
        SequenceConfig,
        TargetConfig,
        config_from_dict,
        config_to_dict,
    )
    from .preview import contact_sheet
    from .scene import Scene, TargetRecord, render_scene
    from .sensor import Sensor
    from .sequence import Sequence, render_sequence
    from .targets import Profile, TargetShape, render_profile
    from .trajectories import Track
    from .writer import DatasetConfig, scene_rng, write_dataset

_MODULES = {
    'Background': '.backgrounds',
    'ClutterConfig': '.config',
    'DatasetConfig': '.writer',
    'Profile': '.targets',
    'Scene': '.scene',
    'SceneConfig': '.config',
    'Sensor': '.sensor',
    'SensorConfig': '.config',
    'Sequence': '.sequence',
    'SequenceConfig': '.config',
    'TargetConfig': '.config',
    'TargetRecord': '.scene',
    'TargetShape': '.targets',
    'Track': '.trajectories',
    'config_from_dict': '.config',
    'config_to_dict': '.config',
    'contact_sheet': '.preview',
    'render_background': '.backgrounds',
    'render_profile': '.targets',
    'render_scene': '.scene',
    'render_sequence': '.sequence',
    'scene_rng': '.writer',
    'write_dataset': '.writer',
}
__all__ = [
    'Background',
    'ClutterConfig',
    'DatasetConfig',
    'Profile',
    'Scene',
    'SceneConfig',
    'Sensor',
    'SensorConfig',
    'Sequence',
    'SequenceConfig',
    'TargetConfig',
    'TargetRecord',
    'TargetShape',
    'Track',
    'config_from_dict',
    'config_to_dict',
    'contact_sheet',
    'render_background',
    'render_profile',
    'render_scene',
    'render_sequence',
    'scene_rng',
    'write_dataset',
]
if not TYPE_CHECKING:
    __getattr__, __dir__ = lazy_names(__name__, _MODULES)
