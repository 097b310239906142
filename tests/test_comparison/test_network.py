from __future__ import annotations

from pathlib import Path

import pytest
from mmengine.config import Config

from mmirstd.comparison import find_networks
from mmirstd.utils.errors import ConfigError
from tests.networks import network_model
from tests.shared import REPO


def test_by_the_names_of_networks_and_configs() -> None:
    acm, tophat, general = find_networks(['acm', 'white-tophat', 'ggl-net-tiny_general'])
    assert (acm.name, acm.model, acm.changes, acm.trains) == ('acm', 'mmirstd::_base_/models/acm.py', '', True)
    assert (tophat.model, tophat.trains) == (None, False)
    assert tophat.changes.startswith('model = dict(')
    assert (general.name, general.model) == ('ggl-net-tiny_general', 'mmirstd::_base_/models/ggl-net-tiny.py')


def test_a_network_that_stands_in_its_config() -> None:
    """Without the data and the schedule there: what all networks share is the base, the rest is written out."""
    (dnanet, mshnet) = find_networks(['dnanet', 'mshnet'])
    assert (dnanet.model, dnanet.changes) == ('mmirstd::_base_/models/dnanet.py', '')
    assert mshnet.model == 'mmirstd::_base_/models/segmentor.py'
    changes = Config.fromstring(mshnet.changes, '.py')
    assert list(changes) == ['model']
    assert changes.model.backbone == network_model('mshnet').backbone


def test_a_config_of_the_user(tmp_path: Path) -> None:
    """Its network and what it changes of it are taken; its data and schedule are not."""
    mine = tmp_path / 'mine.py'
    mine.write_text(
        f"_base_ = ['{REPO}/configs/_base_/models/acm.py', '{REPO}/configs/_base_/datasets/sirst3.py']\n"
        'model = dict(decode_head=dict(dropout_ratio=0.4))\ntrain_cfg = dict(max_epochs=3)\n'
    )
    (network,) = find_networks([str(mine)])
    assert (network.name, network.model) == ('mine', 'mmirstd::_base_/models/acm.py')
    assert network.changes.strip() == 'model = dict(decode_head=dict(dropout_ratio=0.4))'


@pytest.mark.parametrize(
    ('names', 'message'),
    [
        (['dna-net'], r'--nets dna-net: there is no such network or config.\n  did you mean: dnanet'),
        (['acm', 'acm'], '--nets: given more than once: acm'),
        (['sstnet'], r'--nets sstnet: finds boxes: expected networks of masks\n  cure: '),
        (['none.py'], "config 'none.py' does not exist"),
    ],
)
def test_names_that_are_none(names: list[str], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        find_networks(names)


def test_a_part_of_the_user(tmp_path: Path) -> None:
    part = tmp_path / '_base_' / 'models' / 'own.py'
    part.parent.mkdir(parents=True)
    part.write_text("model = dict(type='EncoderDecoder')\n")
    (network,) = find_networks([str(part)])
    assert (network.name, network.model, network.changes) == ('own', str(part), '')
    part.write_text("model = dict(type='OwnNet')\n")
    with pytest.raises(ConfigError, match="own.py: its type OwnNet is not registered: expected one of mmirstd's or"):
        find_networks([str(part)])


def test_a_config_without_a_network(tmp_path: Path) -> None:
    (tmp_path / 'bare.py').write_text('train_cfg = dict(max_epochs=3)\n')
    with pytest.raises(ConfigError, match='bare.py: has no model'):
        find_networks([str(tmp_path / 'bare.py')])
