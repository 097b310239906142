"""The networks of the configs, without their data."""

from __future__ import annotations

from mmengine.config import Config, ConfigDict

from mmirstd.engine.config_names import networks


def network_model(name: str) -> ConfigDict:
    """``model`` of a network, by its name (:func:`mmirstd.engine.config_names.networks`); may be changed.

    One of clips predicts key frames, also where its config's test asks for all frames of a window.
    """
    model = Config.fromfile(networks()[name]).model
    model.get('test_cfg', {}).pop('frames', None)
    return model
