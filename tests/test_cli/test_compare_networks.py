from __future__ import annotations

import pytest

from mmirstd.cli.compare_networks import main, parse_args
from mmirstd.utils.errors import ConfigError


def test_lists_may_have_commas_or_be_repeated() -> None:
    words = '--nets acm,dnanet --nets unet --data a b --seeds 0,3 --out x.md --out x.csv'
    args = parse_args(words.split())
    assert args.nets == ['acm', 'dnanet', 'unet']
    assert (args.data, args.seeds, args.out) == (['a', 'b'], (0, 3), ['x.md', 'x.csv'])
    args = parse_args(['--nets', 'acm', '--data', 'sirst3'])
    assert (args.seeds, args.out) == ((0,), ['comparison/results.md'])


@pytest.mark.parametrize(
    ('words', 'message'),
    [
        ('--nets acm --data a b c', '--data a b c: expected a name, or a folder of images and their labels'),
        ('--nets acm --data a b --data-root c', '--data-root: goes with a data set that is given by name'),
        ('--nets acm --data a --seeds 0,x', '--seeds 0,x: expected whole numbers'),
        ('--nets acm --data a --seeds 0,0', '--seeds 0,0: expected whole numbers from 0 on, each once'),
        ('--data a', '--nets'),
    ],
)
def test_wrong_options(words: str, message: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parse_args(words.split())
    assert message in capsys.readouterr().err


@pytest.mark.parametrize(
    ('words', 'message'),
    [
        ('--nets acm --data sirst3 --out r.doc', "r.doc: .*'.doc'"),
        ('--nets amc --data sirst3', 'did you mean: acm'),
        ('--nets acm --data sirst3 --bit-depth 14', '--bit-depth: goes with images of your own'),
    ],
)
def test_mistakes_are_found_before_anything_is_written(
    words: str, message: str, tmp_path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError, match=message):
        main(words.split())
    assert not list(tmp_path.iterdir())
