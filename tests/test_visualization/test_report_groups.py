"""Seeds taken together, intervals, sizes of protocols and the parts of the AUC in a report."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from mmirstd.evaluation.functional import get_protocol
from mmirstd.evaluation.image_counts import measure
from mmirstd.evaluation.prediction_dump import PredictionDump
from mmirstd.utils.errors import DataError
from mmirstd.visualization.report import REPORT_THRESHOLDS, RunGroup, analyze_run, build_contents
from mmirstd.visualization.report.auc_facts import auc_facts
from mmirstd.visualization.report.evaluated_size import evaluated_size
from mmirstd.visualization.report.run_groups import draw_resamples, summarize_group
from tests.test_visualization.report_runs import write_box_run, write_run

HALF = REPORT_THRESHOLDS.index(0.5)


@pytest.fixture(scope='module')
def runs(tmp_path_factory):
    folder = tmp_path_factory.mktemp('seeds')
    return [
        analyze_run(PredictionDump(write_run(folder / str(q), images=10, quality=q)), str(q)) for q in (0.5, 0.6, 0.9)
    ]


def test_seeds_become_mean_and_deviation(runs):
    draws = draw_resamples(runs)
    group = summarize_group(RunGroup('ours', (0, 1)), runs, draws)
    for name in ('IoU', 'Pd', 'Fa_e6', 'AUC'):
        own = [run.summary['own']['default'][name] for run in runs[:2]]
        assert group['own']['default'][name] == pytest.approx([np.mean(own), np.std(own, ddof=1)])
        swept = group['sweep']['default'][name]
        values = [run.summary['sweep']['default'][name][20] for run in runs[:2]]
        assert [swept['mean'][20], swept['std'][20]] == pytest.approx([np.mean(values), np.std(values, ddof=1)])
    single = summarize_group(RunGroup('one', (2,)), runs, draws)
    assert single['own']['default']['IoU'] == [runs[2].summary['own']['default']['IoU'], None]
    assert single['sweep']['default']['IoU']['std'] is None


def test_intervals_are_quantiles_of_resampled_measures(runs):
    draws = draw_resamples(runs)
    found = summarize_group(RunGroup('ours', (0, 1)), runs, draws)['intervals']
    assert (draws.units, draws.count) == ('images', 10)
    tables = [{name: values[HALF] for name, values in run.counts.items()} for run in runs[:2]]
    drawn = np.mean([measure(table, 'IoU', draws.weights) for table in tables], axis=0)
    assert [found['IoU'][end][HALF] for end in ('low', 'high')] == pytest.approx(np.quantile(drawn, [0.025, 0.975]))
    assert found['IoU']['low'][HALF] < measure(tables[0], 'IoU')[0] < found['IoU']['high'][HALF]


def test_runs_in_another_order_give_the_same_intervals(runs, tmp_path):
    """A dump in reverse: the same images of the first run are drawn."""
    turned = write_run(tmp_path / 'turned', images=10, quality=0.9)
    index = json.loads((turned / 'index.json').read_text())
    index['images'].reverse()
    (turned / 'index.json').write_text(json.dumps(index))
    other = analyze_run(PredictionDump(turned), 'turned')
    both = [runs[2], other]
    draws = draw_resamples(both)
    one, two = (summarize_group(RunGroup('x', (number,)), both, draws)['intervals'] for number in (0, 1))
    assert one == two
    items = build_contents(both, 't')['data']['items']
    assert all(item['runs'][0] == item['runs'][1] for item in items)


def test_sequences_are_drawn_whole(tmp_path):
    run = analyze_run(PredictionDump(write_box_run(tmp_path, sequences=3, frames=4)), 'boxes')
    draws = draw_resamples([run])
    assert (draws.units, draws.count) == ('sequences', 3)
    blocks = draws.weights.reshape(-1, 3, 4)
    assert (blocks == blocks[..., :1]).all()
    assert (blocks[..., 0].sum(axis=1) == 3).all()


def test_a_page_of_groups(runs):
    groups = [RunGroup('ours', (0, 1)), RunGroup('best', (2,))]
    data = build_contents(runs, 't', groups=groups)['data']
    json.dumps(data, allow_nan=False)
    assert [(group['name'], group['runs']) for group in data['groups']] == [('ours', [0, 1]), ('best', [2])]
    assert len(data['runs']) == 3
    for chart in data['charts']:
        assert len(chart['series']) == 2
    curve = next(chart for chart in data['charts'] if chart['id'] == 'pd-fa')['series'][0]
    swept = data['groups'][0]['sweep']['default']['Pd']
    k = 20
    assert curve['low'][k] == pytest.approx(swept['mean'][k] - swept['std'][k], rel=1e-5)


def test_masks_and_boxes_do_not_go_together(runs, tmp_path):
    boxes = analyze_run(PredictionDump(write_box_run(tmp_path)), 'boxes')
    with pytest.raises(DataError, match='is of boxes and .* of masks; make two reports'):
        build_contents([runs[0], boxes], 't')


@pytest.mark.parametrize(
    ('protocol', 'shape', 'record', 'expected'),
    [
        ('msda', (72, 96), {}, ('native size (72 x 96)', '512 x 512', False)),
        ('msda', (512, 512), dict(eval_size=512), ('512 x 512', '512 x 512', True)),
        ('msda', (256, 256), dict(data_root='data/NUDT-SIRST/'), ('native size (256 x 256)', '256 x 256', True)),
        ('msda', (256, 256), dict(eval_size=256, config='x_nuaa-sirst.py'), ('256 x 256', '512 x 512', False)),
        ('dnanet', (256, 256), dict(eval_size='native'), ('native size (256 x 256)', '256 x 256', True)),
        ('default', (72, 96), dict(eval_size='native'), ('native size (72 x 96)', 'native size', True)),
        ('basicirstd', (256, 256), dict(eval_size=256), ('256 x 256', 'native size', False)),
        ('unknown', (72, 96), {}, ('native size (72 x 96)', None, None)),
    ],
)
def test_a_row_says_at_which_size_it_was_computed(tmp_path, protocol, shape, record, expected):
    dump = PredictionDump(write_run(tmp_path, images=2, shape=shape, **record))
    spec = replace(get_protocol('acm'), resolution={}) if protocol == 'unknown' else get_protocol(protocol)
    found = evaluated_size(spec, dump)
    assert (found['computed'], found['official'], found['same']) == expected


def test_the_notice_about_the_size_stands_in_the_row_alone(tmp_path):
    kept = "protocol 'msda' officially evaluates at 512 x 512, this evaluation is at native size"
    dump = PredictionDump(write_run(tmp_path, images=2, notices=[kept, 'something else']))
    assert analyze_run(dump, 'x').summary['notices'] == ['something else']


def test_what_the_auc_of_a_sure_network_loses(tmp_path):
    """Half of the target pixels at 0, all background at 0: a quarter of the area is lost to ties."""
    from mmirstd.evaluation.prediction_dump import DumpWriter, write_index

    mask, score = np.zeros((40, 40), np.uint8), np.zeros((40, 40), np.float32)
    mask[10:14, 10:14] = 1
    score[10:12, 10:14] = 0.9
    write_index(tmp_path, [DumpWriter(tmp_path).write('one', score, mask, mask)])
    facts = auc_facts(analyze_run(PredictionDump(tmp_path), 'sure'))
    assert facts['lowest'] == 0.5
    assert facts['tail'] == pytest.approx(0.25)
    assert facts['auc'] == pytest.approx(0.75)
    assert facts['useful'] == pytest.approx(0.5, abs=1e-3)
