from __future__ import annotations

import pytest
from mmengine.config import Config

from mmirstd.engine.early_stopping import stop_early
from mmirstd.utils.errors import ConfigError


def config(**checkpoint) -> Config:
    return Config(dict(val_dataloader=dict(batch_size=1), val_cfg=dict(type='ValLoop'), default_hooks=checkpoint))


def test_it_looks_at_what_chooses_the_best_checkpoint():
    cfg = config(checkpoint=dict(save_best='mAP50', rule='greater'))
    # the second is in the config that a training with the option wrote into its work dir
    cfg.custom_hooks = [dict(type='EMAHook'), dict(type='mmirstd.PatienceHook', monitor='mAP50', patience=9)]
    stop_early(cfg, 3)
    assert cfg.custom_hooks == [
        dict(type='EMAHook'),
        dict(type='mmirstd.PatienceHook', monitor='mAP50', rule='greater', patience=3),
    ]


@pytest.mark.parametrize(
    ('cfg', 'patience', 'says'),
    [
        (config(checkpoint=dict(save_best='IoU', rule='greater')), 0, '1 or more'),
        (config(checkpoint=dict(save_best='auto', rule='greater')), 3, "save_best='auto'"),
        (config(checkpoint=dict(save_best='IoU')), 3, 'rule=None'),
        (config(), 3, 'save_best=None'),
        (Config(dict(default_hooks=dict(checkpoint=dict(save_best='IoU', rule='greater')))), 3, 'validates nothing'),
    ],
)
def test_what_cannot_be_is_an_error(cfg, patience, says):
    with pytest.raises(ConfigError, match=says):
        stop_early(cfg, patience)
