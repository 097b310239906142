"""tools/analysis_tools/report.py, and its page in a real headless Chromium."""

from __future__ import annotations

import csv
import io
import itertools
import json
import math
import re
import time
from pathlib import Path
from xml.etree import ElementTree

import pytest

from mmirstd.cli import report
from mmirstd.utils.errors import DataError, UserError
from mmirstd.utils.result_table import ResultColumn, ResultRow, ResultTable, latex_table
from mmirstd.visualization.report import MAX_ALARMS, REPORT_THRESHOLDS, write_page
from mmirstd.visualization.report.threshold_findings import IOU_STEPS
from tests.browser import Browser, needs_chromium
from tests.shared import REPO
from tests.test_visualization.report_runs import write_box_run, write_run

HALF = REPORT_THRESHOLDS.index(0.5)
SAMPLE = (HALF, 0, 5, 17, 44, len(REPORT_THRESHOLDS) - 1)
READY = "document.documentElement.dataset.ready === 'true'"
ASSETS = REPO / 'mmirstd' / 'visualization' / 'report' / 'assets'


@pytest.fixture(scope='module')
def made(tmp_path_factory):
    """A report of two runs, made by the tool; its path and what it was made of."""
    folder = tmp_path_factory.mktemp('report')
    dumps = [write_run(folder / name, images=40, quality=quality) for name, quality in (('a', 0.4), ('b', 0.85))]
    kept = {}

    def keep(contents, path):
        kept.update(contents)
        return write_page(contents, path)

    patch = pytest.MonkeyPatch()
    patch.setattr('mmirstd.visualization.report.write_page', keep)
    path = folder / 'öut folder' / 'report.html'
    report.main(
        [
            *map(str, dumps),
            '--out',
            str(path),
            '--names',
            'before',
            'after',
            '--protocol',
            'msda,dnanet',
            '--protocol',
            'rpcanet',
            '--title',
            'Two runs',
        ]
    )
    patch.undo()
    return path, kept


@pytest.fixture(scope='module')
def browser():
    with Browser() as browser:
        browser.offline()
        yield browser


@pytest.fixture
def page(browser, made):
    """The report, freshly loaded in a window for desktops; nothing may go wrong in it."""
    browser.problems.clear()
    browser.requests.clear()
    browser.resize(1280, 900)
    browser.open(made[0], READY)
    yield browser
    assert browser.problems == []
    assert [r for r in browser.requests if not r.startswith(('file:', 'data:'))] == []


def slide(page: Browser, k: int) -> None:
    page.run(f"""(() => {{ const s = document.getElementById('threshold'); s.value = {k};
             s.dispatchEvent(new Event('input', {{bubbles: true}})); }})()""")
    text = f'{REPORT_THRESHOLDS[k]:.3f}'.rstrip('0').ljust(4, '0')
    page.wait(f"document.getElementById('threshold-value').textContent === '{text}'")


def table(page: Browser) -> dict[str, float]:
    cells = page.run("""Object.fromEntries([...document.querySelectorAll('#measures td[data-cell]')]
                     .map(c => [c.dataset.cell, c.dataset.value]))""")
    return {name: math.nan if value == 'null' else float(value) for name, value in cells.items()}


def expected_table(contents: dict, k: int | None) -> dict[str, float]:
    values = {}
    for number, run in enumerate(contents['data']['runs']):
        for protocol, measures in run['own' if k is None else 'sweep'].items():
            for name, value in measures.items():
                value = value if k is None else value[k]
                if name not in ('Fa', 'Fa_centroid'):  # shown in units of 1e-6
                    values[f'{protocol}/{name}/{number}'] = math.nan if value is None else value
    return values


def cards(page: Browser) -> list[dict]:
    return page.run("""[...document.querySelectorAll('.card')].map(c => ({item: Number(c.dataset.item),
                    types: [...c.querySelectorAll('.status')].map(s => s.dataset.type)}))""")


def kind_of(item: dict, run: int, k: int) -> str:
    """The error type, from the definitions."""
    import base64

    entry = item['runs'][run]
    if item['kind'] == 'alarm':
        first, *areas = entry['areas'] if entry else [0]
        return 'alarm' if 0 <= k - first < len(areas) and areas[k - first] else 'absent'
    code = base64.b64decode(entry['codes'])[k]
    if not code:
        return 'missed'
    return 'perfect' if code == 1 + IOU_STEPS else 'good' if code > IOU_STEPS // 2 else 'poor'


def choose(page: Browser, element: str, value: str) -> None:
    page.run(f"""(() => {{ const s = document.getElementById('{element}'); s.value = '{value}';
             s.dispatchEvent(new Event('change', {{bubbles: true}})); }})()""")


def only(page: Browser, *types: str) -> None:
    page.run(f"""for (const box of document.querySelectorAll('#types input'))
             if (box.checked !== {json.dumps(types)}.includes(box.value)) box.click()""")


@needs_chromium
class TestPage:
    def test_table_is_pythons_at_every_threshold(self, page, made):
        for k in SAMPLE:
            slide(page, k)
            found, expected = table(page), expected_table(made[1], k)
            assert found == pytest.approx(expected, rel=0, abs=0, nan_ok=True)  # every digit
        assert len(found) > 40
        page.run("document.querySelector('input[value=own]').click()")
        assert table(page) == pytest.approx(expected_table(made[1], None), rel=0, abs=0, nan_ok=True)
        assert page.run('document.title') == 'Two runs'

    @pytest.mark.parametrize('run', ['any', 0, 1])
    def test_counts_of_error_types(self, page, made, run):
        data = made[1]['data']
        runs = (0, 1) if run == 'any' else (run,)
        choose(page, 'judge', str(run))
        for k in (HALF, 17, 40):
            slide(page, k)
            counts = page.run("""Object.fromEntries([...document.querySelectorAll('#types label')].map(l =>
                              [l.querySelector('input').value, Number(l.querySelector('b').textContent)]))""")
            targets = [item for item in data['items'] if item['kind'] == 'target']
            for name in ('missed', 'poor', 'good', 'perfect'):
                assert counts[name] == sum(kind_of(item, r, k) == name for item in targets for r in runs), name
            totals = [data['runs'][r]['totals']['targets'] for r in runs]
            assert counts['alarm'] == sum(t['components'][k] - t['matched'][k] for t in totals)
            assert counts['missed'] == sum(t['targets'][k] - t['detected'][k] for t in totals)

    def test_filter_sort_search_and_pages(self, page, made):
        data = made[1]['data']
        choose(page, 'judge', '0')
        for name in ('missed', 'alarm', 'poor', 'good', 'perfect'):
            only(page, name)
            shown = cards(page)
            assert shown, name
            assert {card['types'][0] for card in shown} == {name}
            wanted = {i for i, item in enumerate(data['items']) if kind_of(item, 0, HALF) == name}
            assert {card['item'] for card in shown} <= wanted
            assert len(shown) == min(24, len(wanted))
        only(page, 'missed', 'alarm', 'poor', 'good', 'perfect')
        order = ['missed', 'alarm', 'poor', 'good', 'perfect']
        ranks = [order.index(card['types'][0]) for card in cards(page)]
        assert ranks == sorted(ranks)
        only(page, 'missed', 'poor', 'good', 'perfect')
        choose(page, 'sort', 'area')
        areas = [data['items'][card['item']]['area'] for card in cards(page)]
        assert areas == sorted(areas)
        page.run("document.getElementById('direction').click()")
        areas = [data['items'][card['item']]['area'] for card in cards(page)]
        assert areas == sorted(areas, reverse=True)
        assert len(areas) == 24
        page.run("document.getElementById('next').click()")
        later = [data['items'][card['item']]['area'] for card in cards(page)]
        assert later[0] <= areas[-1]
        page.run("""(() => { const q = document.getElementById('query'); q.value = 'CENE003';
                 q.dispatchEvent(new Event('input', {bubbles: true})); })()""")
        names = {data['images'][data['items'][card['item']]['image']]['name'] for card in cards(page)}
        assert names <= {'scene003'}
        assert 'Page 1 of 1' in page.run("document.getElementById('page-status').textContent")

    def test_only_where_runs_differ(self, page, made):
        page.run("document.getElementById('differ').click()")
        items = made[1]['data']['items']
        for k in (HALF, 30):
            slide(page, k)
            shown = cards(page)
            assert shown
            assert all(card['types'] == [kind_of(items[card['item']], run, k) for run in (0, 1)] for card in shown)
            assert all(card['types'][0] != card['types'][1] for card in shown)

    def test_contours_move_with_the_threshold(self, page):
        only(page, 'missed', 'poor', 'good', 'perfect')
        choose(page, 'sort', 'image')
        page.run("document.getElementById('gallery').scrollIntoView({behavior: 'instant'})")
        drawn = "document.querySelector('.card canvas').width > 100 && document.querySelector('.card canvas')"
        page.wait(drawn)
        pictures = set()
        for k in (HALF, 8, 50):
            slide(page, k)
            pictures.add(page.run(f'{drawn}.toDataURL()'))
        assert len(pictures) == 3
        # Magenta is the prediction's, and at the highest threshold of this map nothing of it is left.
        count = """(() => { const c = document.querySelector('.card canvas');
                const copy = new OffscreenCanvas(c.width, c.height).getContext('2d', {willReadFrequently: true});
                copy.drawImage(c, 0, 0);
                const d = copy.getImageData(0, 0, c.width, c.height).data; let n = 0;
                for (let i = 0; i < d.length; i += 4) if (d[i] > 220 && d[i + 1] < 120 && d[i + 2] > 200) n++;
                return n; })()"""
        slide(page, 8)
        low = page.run(count)
        slide(page, len(REPORT_THRESHOLDS) - 1)
        assert page.run(count) == 0 < low

    def test_keyboard_alone(self, page):
        page.run("document.getElementById('threshold').focus()")
        page.press('ArrowRight', 39)
        page.wait("document.getElementById('threshold-value').textContent === '0.52'")
        page.press('Home', 36)
        page.wait("document.getElementById('threshold-value').textContent === '0.001'")
        assert page.run("document.getElementById('threshold').getAttribute('aria-valuetext')") == '0.001'
        page.run("document.querySelector('.card button').focus()")
        page.press('Enter', 13)
        page.wait("document.getElementById('details').open")
        title = page.run("document.getElementById('details-title').textContent")
        page.press('ArrowRight', 39)
        page.wait(f"document.getElementById('details-title').textContent !== {json.dumps(title)}")
        page.run("document.getElementById('details-threshold').focus()")
        page.press('ArrowRight', 39)
        page.wait("document.getElementById('details-value').textContent === '0.002'")
        assert page.run("document.getElementById('threshold').value") == '1'
        page.press('Escape', 27)
        page.wait("!document.getElementById('details').open")
        assert page.run("document.activeElement.closest('.card') !== null")  # where it came from

    def test_focus_stays_on_a_card_that_stays(self, page):
        slide(page, 20)
        page.run("""(() => { window.before = document.querySelectorAll('.card')[2];
                 before.querySelector('button').focus(); })()""")
        slide(page, 21)
        assert page.run("!before.isConnected || document.activeElement === before.querySelector('button')")

    def test_controls_have_names(self, page):
        nodes = page.call('Accessibility.getFullAXTree')['nodes']
        roles = ('button', 'slider', 'checkbox', 'radio', 'combobox', 'searchbox', 'image', 'table', 'region', 'dialog')
        controls = [
            (n['role']['value'], n.get('name', {}).get('value', ''))
            for n in nodes
            if not n.get('ignored') and n['role']['value'] in roles and n['role']['value'] != 'table'
        ]
        assert {'button', 'slider', 'checkbox', 'radio', 'combobox', 'searchbox', 'image'} <= {c[0] for c in controls}
        assert [control for control in controls if not control[1].strip()] == []
        charts = [name for role, name in controls if role == 'image']
        assert any('Pd over Fa, threshold 0.50. before: Pd 0.' in name for name in charts)

    def test_a_row_says_at_which_size_it_was_computed(self, page):
        rows = page.run("[...document.querySelectorAll('th.protocol')].map(h => h.textContent)")
        assert rows[0].startswith('defaultcomputed at its official size, native size (72 x 96)')
        assert '⚠ computed at native size (72 x 96); official: 512 x 512' in rows[1]
        assert 'official: 256 x 256' in rows[2]
        assert 'official: 256 x 256' in rows[3]

    def test_intervals_are_shown_and_move(self, page, made):
        group = made[1]['data']['groups'][1]
        for k in (HALF, 17):
            slide(page, k)
            shown = page.run('document.querySelector(\'[data-cell="default/IoU/1"]\').dataset.interval')
            assert [float(v) for v in shown.split()] == [group['intervals']['IoU'][end][k] for end in ('low', 'high')]
        assert page.run('document.querySelector(\'[data-cell="msda/IoU/1"]\').dataset.interval') == ''

    def test_values_at_the_pointer_and_at_the_keyboard(self, page, made):
        curve = next(c for c in made[1]['data']['charts'] if c['id'] == 'pd-fa')['series'][0]
        page.run("document.querySelector('#chart-pd-fa svg[role=img]').focus()")
        page.press('ArrowRight', 39)
        page.press('ArrowRight', 39)
        kept = [k for k in range(len(curve['x'])) if curve['x'][k] > 0 or curve['y'][k] > 0]
        text = page.run("document.querySelector('#chart-pd-fa .values').innerText").splitlines()
        assert text[0] == 'before'
        assert text[1].startswith(f'Pd {curve["y"][kept[1]]:.4f} [')
        assert text[3] == 'threshold 0.002 (logit -6.213)'
        page.press('Escape', 27)
        assert page.run("document.querySelector('#chart-pd-fa .values').hidden")
        x, y = page.run("""(() => { const c = document.querySelector('#chart-by-size rect');
            c.scrollIntoView({block: 'center', behavior: 'instant'});
            const r = c.getBoundingClientRect(); return [r.x + r.width / 2, r.y + 2]; })()""")
        page.call('Input.dispatchMouseEvent', type='mouseMoved', x=x, y=y)
        page.wait("!document.querySelector('#chart-by-size .values').hidden")
        assert ' found' in page.run("document.querySelector('#chart-by-size .values').innerText")

    def test_reliability_has_the_number_of_each_bin(self, page, made):
        charts = {chart['id']: chart for chart in made[1]['data']['charts']}
        page.run("document.querySelector('#chart-reliability-pixel svg[role=img]').focus()")
        page.press('ArrowRight', 39)
        series = charts['reliability-pixel']['series'][0]
        text = page.run("document.querySelector('#chart-reliability-pixel .values').innerText").splitlines()
        assert text[0] == 'before'
        assert text[3] == f'{series["counts"][0]:,.0f} pixels'
        page.run("document.getElementById('reliability').open = true")
        rows = page.run(
            "[...document.querySelectorAll('#reliability-table tbody tr')].map(r => [...r.cells].map(c => c.innerText))"
        )
        for group, row in enumerate(rows):
            assert float(row[1]) == pytest.approx(
                charts['reliability-pixel']['series'][group]['ece'], rel=1e-2, abs=1e-4
            )
            assert float(row[5].replace(',', '')) == sum(charts['reliability-target']['series'][group]['counts'])
        assert page.run("document.getElementById('threshold-logit').textContent") == 'logit 0.00'

    def test_every_chart_and_table_is_saved(self, page, made, tmp_path):
        page.download_to(tmp_path)
        names = page.run("[...document.querySelectorAll('[data-file]')].map(b => b.dataset.file)")
        charts = [chart['id'] for chart in made[1]['data']['charts']]
        assert set(names) == {
            *(f'{name}-masks.{kind}' for name in charts for kind in ('svg', 'csv')),
            *(f'{name}.{kind}' for name in ('measures', 'images', 'runs') for kind in ('csv', 'tex')),
        }
        for name in ('pd-fa-masks.svg', 'measures.csv'):
            page.run(f'document.querySelector(\'[data-file="{name}"]\').click()')
            wait_for(tmp_path / name)
        # The others without the browser's disk: it lets a page save only a few files of its own accord.
        saved = page.run("""(() => { const saved = {};
            window.download = (name, type, content) => { saved[name] = content; };
            document.querySelectorAll('[data-file]').forEach(b => b.click()); return saved; })()""")
        assert set(saved) == set(names)
        assert saved['pd-fa-masks.svg'] == (tmp_path / 'pd-fa-masks.svg').read_text(encoding='utf-8')
        for name, text in saved.items():
            if name.endswith('.svg'):
                root = ElementTree.fromstring(text)
                assert root.tag == '{http://www.w3.org/2000/svg}svg'
                assert 'var(' not in text
                assert len(list(root)) > 5
            elif name.endswith('.tex'):
                assert text.count('\\toprule') == text.count('\\bottomrule') >= 1
        rows = list(csv.DictReader(io.StringIO(saved['pd-fa-masks.csv'])))
        assert [float(row['Pd']) for row in rows[: len(REPORT_THRESHOLDS)]] == pytest.approx(
            made[1]['data']['groups'][0]['sweep']['default']['Pd']['mean'], rel=1e-5
        )
        rows = list(csv.DictReader((tmp_path / 'measures.csv').open(encoding='utf-8')))
        assert [row['official size'] for row in rows[::2]] == ['native size', '512 x 512', '256 x 256', '256 x 256']
        assert float(rows[1]['IoU']) == made[1]['data']['groups'][1]['sweep']['default']['IoU']['mean'][HALF]
        assert len(list(csv.DictReader(io.StringIO(saved['images.csv'])))) == 40

    def test_latex_is_what_python_writes(self, page, made):
        page.run("document.querySelector('input[value=own]').click()")
        found = page.run('measureTables(state.k, state.own).map(latexTable)')
        for text, protocol in zip(found, made[1]['data']['protocols'], strict=True):
            groups = made[1]['data']['groups']
            columns, names = [ResultColumn('run')], page.run('SHOWN')
            names = [name for name in names if name in groups[0]['own'][protocol['name']]]
            for name in names:
                heading, digits, better = page.run(f'MEASURES[{json.dumps(name)}]')
                columns.append(ResultColumn(heading, f'.{digits}f', better))
            rows = []
            for group in groups:
                values = [group['own'][protocol['name']][name] for name in names]
                rows.append(ResultRow((group['name'], *(None if v[0] is None else (v[0], v[1]) for v in values))))
            size = protocol['size']
            note = f'computed at {size["computed"]}; official size: {size["official"] or "not known"}'
            title = f'Two runs: protocol {protocol["name"]}, at its own threshold'
            assert text == latex_table(ResultTable(tuple(columns), tuple(rows), (note,), title))

    def test_table_of_images(self, page, made):
        data = made[1]['data']

        def rows():
            return page.run("""[...document.querySelectorAll('#images-table tbody tr')].map(r =>
                            [Number(r.dataset.image), ...[...r.querySelectorAll('td')].map(c => c.textContent)])""")

        assert len(rows()) == 25
        slide(page, 17)
        for number, targets, *figures in rows():
            items = [item for item in data['items'] if item['image'] == number]
            assert int(targets) == sum(item['kind'] == 'target' for item in items)
            for run in (0, 1):
                missed, false, _ = figures[3 * run : 3 * run + 3]
                assert int(missed) == sum(kind_of(item, run, 17) == 'missed' for item in items)
                assert int(false) == sum(kind_of(item, run, 17) == 'alarm' for item in items)
        page.run("document.querySelectorAll('#images-table button.sort')[2].click()")
        missed = [int(row[2]) for row in rows()]
        assert missed == sorted(missed, reverse=True)
        choose(page, 'images-show', 'missed')
        assert all(int(row[2]) > 0 or int(row[5]) > 0 for row in rows())
        first = rows()[0][0]
        page.run("document.querySelector('#images-table button.link').click()")
        assert {data['items'][card['item']]['image'] for card in cards(page)} == {first}
        page.run("document.getElementById('all-images').click()")
        assert len({data['items'][card['item']]['image'] for card in cards(page)}) > 1

    def test_targets_for_fingers(self, page):
        """44 px and more on a phone; 24 within a line of text."""
        try:
            page.resize(390, 844, mobile=True, scale=2)
            small = page.run("""[...document.querySelectorAll('button, select, summary, input')].filter(e => {
                const label = e.closest('label');
                const boxed = ['checkbox', 'radio'].includes(e.type) && label;
                const r = (boxed ? label : e).getBoundingClientRect();
                return r.width && (r.height < 44 || (r.width < 44 && !boxed));
            }).map(e => e.outerHTML.slice(0, 80))""")
            assert small == []
            inline = page.run("""[...document.querySelectorAll('input[type=checkbox], input[type=radio]')]
                .map(e => e.getBoundingClientRect()).filter(r => r.width && Math.min(r.width, r.height) < 24).length""")
            assert inline == 0
        finally:
            page.resize(1280, 900)

    def test_on_a_phone_in_the_dark(self, page):
        try:
            page.resize(390, 844, mobile=True, scale=2)
            page.color_scheme('dark')
            page.wait("document.documentElement.dataset.theme === 'dark'")
            assert page.run('document.documentElement.scrollWidth') == 390
            page.run("document.querySelector('.card button').click()")
            page.wait("document.getElementById('details').open")
            assert page.run("document.getElementById('details').scrollWidth") <= 390
            page.run("document.getElementById('details').close(); document.getElementById('theme').click()")
            assert page.run('document.documentElement.dataset.theme') == 'light'
        finally:
            page.color_scheme('light')


@needs_chromium
def test_a_thousand_images(browser, made, tmp_path):
    """The page holds a bounded number of nodes and drawings however many findings there are."""
    contents = thousandfold(made[1], 1000)
    path = write_page(contents, tmp_path / 'large.html')
    browser.problems.clear()
    browser.resize(1280, 900)
    browser.open(path, READY)
    items = len(contents['data']['items'])
    assert items > 2500
    nodes = browser.run("document.querySelectorAll('*').length")
    times = browser.run("""(async () => {
        const slider = document.getElementById('threshold'), times = [];
        for (let k = 20; k < 40; k++) {
            const start = performance.now();
            slider.value = k;
            slider.dispatchEvent(new Event('input'));
            await new Promise(done => requestAnimationFrame(() => setTimeout(done)));
            times.push(performance.now() - start);
        }
        return times.sort((a, b) => a - b); })()""")
    print(
        f'\n{items} findings, {path.stat().st_size / 1e6:.1f} MB; loaded in '
        f'{browser.run("performance.timing.loadEventEnd - performance.timing.navigationStart")} ms; a step of the '
        f'slider takes {times[10]:.0f} ms (median), {times[-1]:.0f} ms (largest)'
    )
    assert len(cards(browser)) == 24
    assert nodes < 2600 + len(contents['chunks'])
    assert browser.run("document.querySelectorAll('*').length") < nodes + 500
    assert browser.run("""[...document.querySelectorAll('.card canvas')].filter(c => c.width !== 300).length""") <= 48
    assert browser.problems == []


@needs_chromium
def test_seeds_and_boxes(browser, tmp_path):
    """Two detectors, one of two seeds: one line a group, a seed to choose, a clip that plays."""
    for name, quality in (('ours-0', 0.8), ('ours-1', 0.7), ('base', 0.5)):
        write_box_run(tmp_path / name, quality=quality)
    path = tmp_path / 'boxes.html'
    report.main([f'{tmp_path}/ours-0,{tmp_path}/ours-1', f'first={tmp_path}/base', '--out', str(path)])
    browser.problems.clear()
    browser.resize(1400, 900)
    browser.open(path, READY)
    assert browser.run("[...document.querySelectorAll('#legend span')].map(s => s.textContent)") == [
        'ours (2 seeds)',
        'first',
    ]
    cell = browser.run("""(() => { const c = document.querySelector('[data-cell="default/mAP50/0"]');
                       return [c.textContent, c.dataset.value, c.dataset.std]; })()""")
    assert re.match(r'0\.\d{4} ± 0\.\d{4}\[0\.\d{3}, ', cell[0])
    figures = [json.loads(browser.run(f'JSON.stringify(RUNS[{i}].own.default.mAP50)')) for i in (0, 1)]
    assert float(cell[1]) == pytest.approx(sum(figures) / 2)
    assert float(cell[2]) == pytest.approx(abs(figures[0] - figures[1]) / math.sqrt(2))
    assert browser.run("document.querySelectorAll('.card')[0].querySelectorAll('canvas').length") == 2
    assert re.search(r'\([0-2] of 2 seeds\)', browser.run("document.querySelector('.card .status').textContent"))
    assert 'COCO' in browser.run("document.querySelector('#chart-pr').closest('section').textContent")
    assert browser.run("document.getElementById('classes').hidden")
    item = browser.run('DATA.clips[0].item')
    browser.run(f'details.open([{item}], 0)')
    assert not browser.run("document.getElementById('clip').hidden")
    assert browser.run("document.querySelectorAll('#clip-strip button').length") == len(
        browser.run('DATA.clips[0].frames')
    )
    before = browser.run("document.getElementById('clip-name').textContent")
    assert before.endswith('(the finding)')
    browser.run("document.getElementById('clip-play').click()")
    browser.wait(f"document.getElementById('clip-name').textContent !== {json.dumps(before)}")
    browser.run("document.getElementById('clip-play').click(); document.getElementById('details').close()")
    assert browser.problems == []


@needs_chromium
def test_table_of_classes(browser, tmp_path):
    for name, quality, classes in (
        ('a-0', 0.9, ('drone', 'bird')),
        ('a-1', 0.7, ('drone', 'bird')),
        ('b', 0.8, ('drone', 'bird')),
        ('one', 0.8, ()),
    ):
        write_box_run(tmp_path / name, quality=quality, classes=classes)
    path = tmp_path / 'classes.html'
    browser.problems.clear()
    rows = "[...document.querySelectorAll('#classes-table tr')].map(row => [...row.children].map(c => c.textContent))"

    report.main([f'{tmp_path}/b', '--out', str(path)])
    browser.open(path, READY)
    assert not browser.run("document.getElementById('classes').hidden")
    head, drone, bird = browser.run(rows)
    assert head == ['class', 'targets', 'AP50', 'Pd', 'right class', 'false targets', 'as drone', 'as bird']
    counts = json.loads(browser.run('JSON.stringify(RUNS[0].classes.counts[state.k])'))
    for label, row in enumerate((drone, bird)):
        found = sum(counts[label][:2])
        assert row[1] == str(sum(counts[label]))
        assert float(row[3]) == pytest.approx(found / sum(counts[label]), abs=1e-4)
        assert float(row[4]) == pytest.approx(counts[label][label] / found, abs=1e-4)
        assert row[5:] == [str(counts[2][label]), *map(str, counts[label][:2])]
    browser.run('setThreshold(THRESHOLDS.length - 1)')
    browser.wait(f'JSON.stringify({rows}) !== {json.dumps(json.dumps([head, drone, bird], separators=(",", ":")))}')

    report.main([f'ours={tmp_path}/a-0,{tmp_path}/a-1', f'{tmp_path}/b', f'{tmp_path}/one', '--out', str(path)])
    browser.open(path, READY)
    head, *body = browser.run(rows)
    assert head[:3] == ['class', 'run', 'targets']
    assert [row[:2] for row in body] == [['drone', 'ours'], ['drone', 'b'], ['bird', 'ours'], ['bird', 'b']]
    figures = [json.loads(browser.run(f'JSON.stringify(RUNS[{i}].classes.AP50[1])')) for i in (0, 1)]
    assert float(body[2][3]) == pytest.approx(sum(figures) / 2, abs=1e-4)
    assert browser.problems == []


def test_groups_of_seeds(tmp_path):
    assert report.split_group('ours=a,b') == ('ours', ['a', 'b'])
    assert report.split_group('a') == (None, ['a'])
    (tmp_path / 'x=1,2').mkdir()
    assert report.split_group(str(tmp_path / 'x=1,2')) == (None, [str(tmp_path / 'x=1,2')])
    assert report.group_names([(None, ['r/net-s0', 'r/net-s1']), ('b', ['r/c'])]) == ['net-s', 'b']
    with pytest.raises(UserError, match='names no folder'):
        report.split_group('ours=')


def test_boxes_have_protocols_of_their_own(tmp_path):
    folder = write_box_run(tmp_path / 'r')
    with pytest.raises(UserError, match='boxes are always measured by all protocols'):
        report.main([str(folder), '--protocol', 'msda', '--out', str(tmp_path / 'r.html')])


def wait_for(path: Path) -> None:
    """Until a download is there."""
    end = time.monotonic() + 60
    while not path.is_file():
        assert time.monotonic() < end, path.name
        time.sleep(0.02)


def thousandfold(contents: dict, images: int) -> dict:
    """The same findings again and again, under other names, until there are that many images.

    As many false alarms as the tool lets into a report of two runs.
    """
    data, chunks = contents['data'], contents['chunks']
    pictures = list(zip(data['items'], itertools.chain.from_iterable(chunks), strict=True))
    times = math.ceil(images / len(data['images']))
    big, shown, alarms = {**data, 'images': [], 'items': []}, [], 0
    for turn in range(times):
        offset = turn * len(data['images'])
        big['images'] += [{**image, 'name': f'{image["name"]}-{turn}'} for image in data['images']]
        for item, picture in pictures:
            if item['kind'] == 'alarm':
                alarms += 1
            if item['kind'] == 'target' or alarms <= len(data['runs']) * MAX_ALARMS:
                big['items'].append({**item, 'image': item['image'] + offset})
                shown.append(picture)
    size = data['chunkSize']
    return dict(data=big, chunks=[shown[start : start + size] for start in range(0, len(shown), size)])


def test_the_file_says_what_was_measured(made, capsys):
    path, contents = made
    text = path.read_text(encoding='utf-8')
    embedded = json.loads(re.search(r'id="data">(.*?)</script>', text, re.S)[1])
    assert embedded == json.loads(json.dumps(contents['data']))
    assert [protocol['name'] for protocol in embedded['protocols']] == ['default', 'msda', 'dnanet', 'rpcanet']
    assert str(path.parent.parent) not in text  # a report is passed on: no folder of its maker is in it


def test_bad_input(made, tmp_path):
    dump = str(made[0].parent.parent / 'a')
    with pytest.raises(DataError, match=r'no dump of a test run.*`mmirstd test CONFIG CKPT --dump'):
        report.main([str(tmp_path)])
    with pytest.raises(UserError, match='--protocol: unknown evaluation protocol .msad.; did you mean .msda.'):
        report.main([dump, '--protocol', 'msad'])
    (tmp_path / 'file').write_text('')
    with pytest.raises(UserError, match='cannot be written'):
        report.main(
            [
                str(write_run(tmp_path / 'r', images=1)),
                '--protocol',
                'default',
                '--out',
                str(tmp_path / 'file' / 'report.html'),
            ]
        )
    for arguments in ([dump, '--names', 'a', 'b'], [dump] * 7, [dump, '--max-alarms', '-1']):
        with pytest.raises(SystemExit):
            report.parse_args(arguments)


def test_names_of_runs():
    assert report.run_names(['x/a', 'x/b/']) == ['a', 'b']
    assert report.run_names(['x/a', 'y/a']) == ['x/a', 'y/a']


def luminance(color: str) -> float:
    parts = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize('selector', [':root', ':root[data-theme="dark"]'])
def test_contrast_of_text(selector):
    css = (ASSETS / 'style.css').read_text(encoding='utf-8')
    block = re.search(re.escape(selector) + r' \{(.*?)\}', css, re.S)[1]
    colors = dict(re.findall(r'--([\w-]+): (#[0-9a-f]{6})', block))
    names = (
        'text',
        'dim',
        'accent',
        'missed',
        'alarm',
        'poor',
        'good',
        'perfect',
        'absent',
        *(f'run{i}' for i in range(6)),
    )
    for name, ground in itertools.product(names, ('back', 'card')):
        light, dark = sorted((luminance(colors[name]), luminance(colors[ground])), reverse=True)
        limit = 3 if name.startswith('run') else 4.5  # WCAG 2.1 AA: graphics, text
        assert (light + 0.05) / (dark + 0.05) >= limit, (name, ground)


def test_assets_are_in_the_package():
    text = Path(REPO / 'setup.py').read_text(encoding='utf-8')
    assert "'mmirstd.visualization.report': ['assets/*']" in text
    assert (ASSETS.parent / '__init__.py').is_file()  # what find_packages goes by
    assert {path.suffix for path in ASSETS.iterdir()} == {'.html', '.css', '.js'}
