from __future__ import annotations

import pytest

from mmirstd.registry import HOOKS


@pytest.mark.parametrize('name', ['ChannelsLastHook', 'CheckpointGuardHook', 'EpochSeedHook'])
def test_they_are_registered(name):
    assert HOOKS.get(f'mmirstd.{name}').__name__ == name
