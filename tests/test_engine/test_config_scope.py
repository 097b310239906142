"""Whose names a config uses without saying it."""

from __future__ import annotations

from typing import Any

import pytest

from mmirstd.engine.config_scope import config_scope


@pytest.mark.parametrize(
    ('cfg', 'scope'),
    [
        (dict(default_scope='mmdet', model=dict(decode_head={})), 'mmdet'),
        (dict(default_scope=None, model=dict(decode_head={})), 'mmseg'),
        (dict(default_scope=None, model=dict(bbox_head={})), 'mmdet'),
        (dict(model=dict(roi_head={})), 'mmdet'),
        (dict(test_evaluator=dict(type='mmirstd.MovingTargetMetric')), 'mmdet'),
        (dict(test_evaluator=[dict(type='mmirstd.IRSTDMetric')]), 'mmseg'),
        ({}, 'mmseg'),
    ],
)
def test_scope(cfg: dict[str, Any], scope: str) -> None:
    assert config_scope(cfg) == scope
