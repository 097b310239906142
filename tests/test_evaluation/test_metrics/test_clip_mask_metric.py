"""mmirstd.ClipMaskMetric: the measures of IRSTDMetric, by sequence and by SCR, from frames and from windows."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from mmirstd.evaluation import ClipMaskMetric, IRSTDMetric

RANDOM = np.random.default_rng(0)


def frame(number: int, video: str = 'a', hit: bool = True, **more: object) -> dict:
    """A target of 2x2 pixels, found or missed, and a false alarm of one pixel in every third frame."""
    truth, score = np.zeros((16, 20), np.int64), 0.1 * RANDOM.random((16, 20))
    truth[3:5, 6:8] = 1
    score[3:5, 6:8] = 0.9 if hit else 0.2
    if number % 3 == 0:
        score[12, 12] = 0.8
    return dict(
        seg_logits=dict(data=torch.from_numpy(score)[None]),
        gt_sem_seg=dict(data=torch.from_numpy(truth)[None]),
        img_path=f'{video}/{number}.png',
        video=video,
        frame_id=number,
        instances=[dict(bbox=[6.0, 3.0, 8.0, 5.0], scr=float(number))],
        **more,
    )


FRAMES = [frame(number, video, hit=number % 2 == 0) for video in 'ab' for number in range(5)]


def run(metric: IRSTDMetric, samples: list[dict]) -> dict:
    for sample in samples:
        metric.process({}, [sample])
    return metric.evaluate(len(samples))


def window(frames: list[dict], last: bool = False) -> dict:
    """The frames as one sample."""
    fields = {key: dict(data=torch.cat([f[key]['data'] for f in frames])) for key in ('seg_logits', 'gt_sem_seg')}
    return dict(
        fields,
        frame_ids=[f['frame_id'] for f in frames],
        img_paths=[f['img_path'] for f in frames],
        frame_instances=[f['instances'] for f in frames],
        video=frames[0]['video'],
        is_last=last,
    )


def test_the_measures_are_those_of_masks() -> None:
    expected = run(IRSTDMetric(), FRAMES)
    assert run(ClipMaskMetric(), FRAMES) == expected
    assert expected['Pd'] == pytest.approx(0.6)


def test_by_sequence_and_by_scr(tmp_path: Path) -> None:
    out = tmp_path / 'sequences.json'
    metric = ClipMaskMetric(scr_bins=(0, 2, 4, None), per_sequence_out=str(out))
    samples = [*FRAMES[:5], frame(7, 'b', hit=False), frame(8, 'b', hit=False)]
    measures = run(metric, samples)
    assert [measures[f'Pd_scr/{name}'] for name in ('0-2', '2-4', '4+')] == [0.5, 0.5, pytest.approx(1 / 3)]
    tables = metric.last_tables
    assert {name: table['Pd'] for name, table in tables['sequences'].items()} == {'a': 0.6, 'b': 0.0}
    assert {name: table['frames'] for name, table in tables['sequences'].items()} == {'a': 5, 'b': 2}
    assert tables['sequences']['a']['IoU'] == run(IRSTDMetric(), FRAMES[:5])['IoU']
    assert tables['overall']['Fa'] == measures['Fa'] == pytest.approx(2 / (7 * 16 * 20))
    assert json.loads(out.read_text())['scr'][0]['targets'] == 2


def test_context_and_repeated_frames_do_not_count() -> None:
    samples = [*FRAMES, FRAMES[0], frame(9, hit=False, is_key_frame=False)]
    assert run(ClipMaskMetric(), samples) == run(ClipMaskMetric(), FRAMES)
    with pytest.raises(ValueError, match='all frames are context'):
        run(ClipMaskMetric(), samples[-1:])
    with pytest.raises(ValueError, match='nothing to evaluate'):
        run(ClipMaskMetric(), [])


def test_frames_of_sequences_with_one_name_are_not_mixed_up() -> None:
    """As of two data sets whose folders are called alike."""
    missed = [dict(frame(k, hit=False), img_path=f'/day/a/{k}.png') for k in range(3)]
    found = [dict(frame(k), img_path=f'/night/a/{k}.png') for k in range(3)]
    assert run(ClipMaskMetric(), [*missed, *found, found[0]])['Pd'] == 0.5
    by_id = [
        {key: value for key, value in f.items() if key != 'img_path'} | dict(img_id=k)
        for k, f in enumerate([*missed, *found])
    ]
    assert run(ClipMaskMetric(), [*by_id, by_id[0]])['Pd'] == 0.5


def test_without_file_and_id_the_place_tells_frames() -> None:
    bare = [{key: value for key, value in f.items() if key != 'img_path'} for f in FRAMES]
    assert run(ClipMaskMetric(), [*bare, bare[0]]) == run(ClipMaskMetric(), FRAMES)


def test_windows_count_as_their_frames() -> None:
    """Of a frame in two windows the greater probability counts."""
    expected = run(ClipMaskMetric(scr_bins=(0, 2, None)), FRAMES)
    samples = []
    for video in (FRAMES[:5], FRAMES[5:]):
        weak = [dict(f, seg_logits=dict(data=0.5 * f['seg_logits']['data'])) for f in video]
        samples += [window([*video[:2], weak[2]]), window([weak[1], *video[2:4]]), window(video[2:], last=True)]
    assert run(ClipMaskMetric(scr_bins=(0, 2, None)), samples) == expected


def test_a_window_with_a_repeated_frame() -> None:
    """Before the start of a short sequence its first frame stands."""
    short = window([FRAMES[0], FRAMES[0], FRAMES[1]], last=True)
    assert run(ClipMaskMetric(), [short]) == run(ClipMaskMetric(), FRAMES[:2])


def test_frames_of_a_window_that_are_context() -> None:
    sample = dict(window(FRAMES[:3], last=True), frame_is_key=[True, False, True])
    assert run(ClipMaskMetric(), [sample]) == run(ClipMaskMetric(), [FRAMES[0], FRAMES[2]])


def test_a_target_outside_of_all_pixels_is_missed() -> None:
    sample = frame(2)
    sample['instances'] = [dict(bbox=[15.0, 10.0, 16.0, 11.0], scr=1.0)]
    assert run(ClipMaskMetric(scr_bins=(0, 2)), [sample])['Pd_scr/0-2'] == 0


class TestErrors:
    def test_arguments(self) -> None:
        with pytest.raises(ValueError, match='ascending edges'):
            ClipMaskMetric(scr_bins=(2, 1))
        with pytest.raises(ValueError, match='per_sequence_out'):
            ClipMaskMetric(per_sequence_out='a.txt')

    def test_no_scr(self) -> None:
        bare = {key: value for key, value in FRAMES[0].items() if key != 'instances'}
        with pytest.raises(KeyError, match="has no 'instances'"):
            run(ClipMaskMetric(scr_bins=(0, 2)), [bare])
        with pytest.raises(ValueError, match="targets without 'scr'"):
            run(ClipMaskMetric(scr_bins=(0, 2)), [dict(FRAMES[0], instances=[dict(bbox=[6, 3, 8, 5])])])
