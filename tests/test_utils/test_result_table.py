from __future__ import annotations

import csv
import io
import math
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from mmirstd.utils.errors import ConfigError
from mmirstd.utils.result_table import (
    RESULT_FORMATS,
    ResultColumn,
    ResultRow,
    ResultTable,
    check_result_path,
    csv_table,
    html_page,
    latex_table,
    markdown_table,
    write_result_tables,
)

TABLE = ResultTable(
    (ResultColumn('network'), ResultColumn('IoU', '.3f', 'higher'), ResultColumn('Fa_e6', '.1f', 'lower')),
    (
        ResultRow(('ACM & co', (0.71234, 0.0041), 12.04)),
        ResultRow(('a|b', (0.7123, None), 12.0)),
        ResultRow(('c<d', 0.6, math.nan), note='seed 1: 100% of it\nfailed'),
        ResultRow(('none', None, None)),
    ),
    notes=('Mean ± standard deviation.',),
    title='My_table',
)


def test_the_best_are_those_that_look_equal_to_the_best() -> None:
    assert TABLE.best() == [[False, True, True], [False, True, True], [False] * 3, [False] * 3]


def test_one_value_is_not_the_best_of_a_column() -> None:
    table = ResultTable(TABLE.columns, (TABLE.rows[0], TABLE.rows[3]))
    assert not any(any(row) for row in table.best())


def test_markdown() -> None:
    assert markdown_table(TABLE).splitlines() == [
        '| network | IoU | Fa_e6 |',
        '|---|---:|---:|',
        '| ACM & co | **0.712 ± 0.004** | **12.0** |',
        '| a\\|b | **0.712** | **12.0** |',
        '| c<d | 0.600 | - |',
        '| none | - | - |',
        '',
        'c<d: seed 1: 100% of it',
        'failed',
        '',
        'Mean ± standard deviation.',
    ]
    assert '**' not in markdown_table(TABLE, mark_best=False)


def test_latex() -> None:
    lines = latex_table(TABLE).splitlines()
    start, end = lines.index(r'\toprule'), lines.index(r'\bottomrule')
    assert lines[start + 1 : end] == [
        r'network & IoU $\uparrow$ & Fa\_e6 $\downarrow$ \\',
        r'\midrule',
        r'ACM \& co & \textbf{0.712 $\pm$ 0.004} & \textbf{12.0} \\',
        r'a\textbar{}b & \textbf{0.712} & \textbf{12.0} \\',
        r'c\textless{}d & 0.600 & - \\',
        r'none & - & - \\',
    ]
    assert r'\begin{tabular}{lrr}' in lines
    assert r'\caption{My\_table}' in lines
    # a percent sign in a note ends no line of the table
    assert [line for line in lines if 'of it' in line or 'failed' in line] == [
        '% c<d: seed 1: 100% of it',
        '% failed',
    ]


def test_csv_has_the_numbers_unrounded() -> None:
    assert list(csv.reader(io.StringIO(csv_table(TABLE)))) == [
        ['network', 'IoU', 'IoU std', 'Fa_e6', 'note'],
        ['ACM & co', '0.71234', '0.0041', '12.04', ''],
        ['a|b', '0.7123', '', '12.0', ''],
        ['c<d', '0.6', '', '', 'seed 1: 100% of it\nfailed'],
        ['none', '', '', '', ''],
    ]
    scaled = ResultTable((ResultColumn('parameters (k)', '.0f'),), (ResultRow((397823 * 1e-3,)),))
    assert csv_table(scaled).splitlines() == ['parameters (k)', '397.823']


class _Cells(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self.strong: list[str] = []
        self._tags: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self._tags.append(tag)
        if tag == 'tr':
            self.rows.append([])

    def handle_endtag(self, tag: str) -> None:
        while self._tags and self._tags.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        if {'td', 'th'} & set(self._tags):
            self.rows[-1].append(data)
        if 'strong' in self._tags:
            self.strong.append(data)


def test_html() -> None:
    parser = _Cells()
    page = html_page(TABLE)
    parser.feed(page)
    assert parser.rows == [['network', 'IoU', 'Fa_e6'], *TABLE.texts()]
    assert parser.strong == ['0.712 ± 0.004', '12.0', '0.712', '12.0']
    assert '<p>c&lt;d: seed 1' in page
    assert '<title>My_table</title>' in page


def test_files_by_their_suffix(tmp_path: Path) -> None:
    for suffix, make in RESULT_FORMATS.items():
        path = tmp_path / 'new' / f'results{suffix}'
        assert write_result_tables(path, TABLE) == [path]
        assert path.read_text(encoding='utf-8') == make(TABLE)


def test_several_tables(tmp_path: Path) -> None:
    other = replace(TABLE, title='Other')
    write_result_tables(tmp_path / 'r.md', TABLE, other)
    assert [line for line in (tmp_path / 'r.md').read_text().splitlines() if line.startswith('#')] == [
        '## My_table',
        '## Other',
    ]
    write_result_tables(tmp_path / 'r.html', TABLE, other)
    assert (tmp_path / 'r.html').read_text(encoding='utf-8').count('<table>') == 2
    write_result_tables(tmp_path / 'r.tex', TABLE, other)
    assert (tmp_path / 'r.tex').read_text(encoding='utf-8').count(r'\begin{tabular}') == 2
    files = write_result_tables(tmp_path / 'r.csv', TABLE, other)
    assert [file.name for file in files] == ['r-1.csv', 'r-2.csv']
    assert files[1].read_text(encoding='utf-8') == csv_table(other)


def test_paths_that_no_table_can_be_written_to(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"results.docx: .*'.docx', expected one of .md, .tex, .csv, .html"):
        check_result_path('results.docx')
    with pytest.raises(ConfigError, match='expected one of .md, .tex, .csv, .html, .json'):
        check_result_path('results.docx', '.json')
    assert check_result_path('results.json', '.json') == Path('results.json')
    (tmp_path / 'a.md').mkdir()
    with pytest.raises(ConfigError, match='is a folder'):
        check_result_path(tmp_path / 'a.md')
