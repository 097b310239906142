"""One option aligns past frames with the key frame, in every pipeline of a config of clips."""

from __future__ import annotations

from typing import Any

from mmengine.config import Config, ConfigDict
from mmengine.logging import print_log

from mmirstd.utils.config_parts import bare_type, config_dicts
from mmirstd.utils.errors import ConfigError

#: Steps that load, behind which the frames are aligned.
_LOADING = ('LoadClip', 'LoadClipMasks', 'LoadAnnotations')
_TESTS = ('val_dataloader', 'test_dataloader')


def apply_alignment(cfg: Config) -> None:
    """Carry ``align`` at the top of a config to its pipelines, in place.

    ``align=True``, the name of a method (``align=features``), or a dict of arguments of ``mmirstd.AlignClip``.  Tests
    see whole clips instead of a stream, and the key frame alone is evaluated.

    Raises:
        ConfigError: The config's network or data are not of clips, or the value is none of these.
    """
    value = cfg.get('align')
    if not value:
        return
    if value is not True and not isinstance(value, (str, dict)):
        raise ConfigError(f'align={value!r}: expected True, a method (ecc, features) or arguments of mmirstd.AlignClip')
    options = dict(method=value) if isinstance(value, str) else dict(value) if isinstance(value, dict) else {}
    options.pop('type', None)
    frames = _clip_length(cfg)
    if frames < 2:
        raise ConfigError(f'align={value!r}: the network sees one frame; there is nothing to align it with')
    pipelines = _align_pipelines(cfg, options)
    if not pipelines:
        raise ConfigError(f'align={value!r}: the config has no pipeline with mmirstd.LoadClip')
    for loader in _TESTS:
        for part in config_dicts(cfg.get(loader) or {}):
            if 'pipeline' in part and 'ann_file' in part or part.get('streaming') or part.get('window_step'):
                part.update(num_frames=frames, streaming=False, window_step=None)
            if bare_type(part) == 'LoadClipMasks':
                part['frames'] = 'key'
    test_cfg = cfg.model.get('test_cfg') or {}
    if test_cfg.get('frames') == 'all':
        test_cfg['frames'] = 'key'
    print_log(
        f'align: past frames are warped onto the key frame in {pipelines} pipelines; tests see whole clips of {frames} '
        'frames',
        logger='current',
    )


def _clip_length(cfg: Config) -> int:
    """Frames that the network sees: as the config says of it, or of its training data."""
    parts = [cfg.get('model') or {}, *config_dicts(cfg.get('train_dataloader') or {})]
    return next((part['num_frames'] for part in parts if part.get('num_frames')), 1)


def _align_pipelines(cfg: Config, options: dict[str, Any]) -> int:
    """Put the step into each pipeline of a data set; their number."""
    changed = 0
    for loader in ('train_dataloader', *_TESTS):
        for part in config_dicts(cfg.get(loader) or {}):
            pipeline = part.get('pipeline')
            if not isinstance(pipeline, list):
                continue
            names = [bare_type(step) for step in pipeline]
            if 'LoadClip' not in names:
                continue
            changed += 1
            if 'AlignClip' in names:
                pipeline[names.index('AlignClip')].update(options)
                continue
            place = 1 + max(index for index, name in enumerate(names) if name in _LOADING)
            pipeline.insert(place, ConfigDict(type='mmirstd.AlignClip', **options))
    return changed
