"""The demos' shared steps."""

from __future__ import annotations

import pytest

from examples import demo


def test_a_step_is_done_once_for_each_recipe(tmp_path, capsys):
    done = []
    marker = tmp_path / 'new' / 'finished.json'

    def once(recipe, fresh=False):
        return demo.once('a step', marker, recipe, fresh, lambda: done.append(recipe))

    assert once(dict(epochs=1))
    assert not once(dict(epochs=1))
    assert 'a step: done before' in capsys.readouterr().out
    assert once(dict(epochs=2))
    assert once(dict(epochs=2), fresh=True)
    assert done == [dict(epochs=1), dict(epochs=2), dict(epochs=2)]


def test_a_step_that_failed_is_not_done(tmp_path):
    marker = tmp_path / 'finished.json'
    demo.once('a step', marker, dict(epochs=1), False, lambda: None)

    def fail():
        raise SystemExit(3)

    with pytest.raises(SystemExit):
        demo.once('a step', marker, dict(epochs=2), False, fail)
    # Neither the new recipe nor the old one, whose result may be half overwritten.
    assert not marker.exists()


def test_a_tool_that_fails_ends_the_demo(tmp_path):
    with pytest.raises(SystemExit, match='"a title" failed with status 2'):
        demo.run('a title', 'tools/test.py', str(tmp_path / 'no_config.py'))


def test_the_best_checkpoint_is_taken(tmp_path, monkeypatch):
    work = tmp_path / 'work'

    def trains(title, *command):
        assert not work.exists()  # what an interrupted run left
        work.mkdir()
        (work / 'epoch_3.pth').write_text('')
        if 'validates' in command:
            (work / 'best_mAP50_epoch_2.pth').write_text('')

    monkeypatch.setattr(demo, 'run', trains)
    work.mkdir()
    assert demo.train('training', 'config.py', work, {}, False) == (work / 'epoch_3.pth', True)
    assert demo.train('training', 'config.py', work, {}, False) == (work / 'epoch_3.pth', False)
    assert demo.train('training', 'config.py', work, {}, True, 'validates') == (work / 'best_mAP50_epoch_2.pth', True)


def test_table():
    text = demo.table(
        {'A': dict(Pd=0.5, Fa=1.25e-5, targets=7), 'B': dict(Pd=None, Fa=0.0, targets=0)},
        ('Pd', 'Fa', 'targets'),
        'bin',
    )
    assert text.splitlines() == [
        '| bin | Pd | Fa (1e-6) | targets |',
        '|---|---:|---:|---:|',
        '| A | 0.500 | 12.5 | 7 |',
        '| B | n/a | 0.0 | 0 |',
    ]
