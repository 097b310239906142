"""Put the tables of a suite where they belong: into READMEs, into files of their own, on the screen."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from mmirstd.utils.result_table import markdown_table, write_result_tables

from .charts import write_chart
from .failure import Failure, read_failure
from .markers import write_table
from .run_record import read_records
from .suite import Suite
from .tables import build_table, usual_table
from .work_folder import run_folder


def write_tables(suite: Suite, logs: Path, work_dir: Path, out: Sequence[Path] = ()) -> None:
    """Rebuild all tables of a suite and their charts; all are built before the first is written.

    Args:
        suite: Without tables it gets one with the usual figures.
        logs: Folder of the records.
        work_dir: Folder of the runs: which of them failed stands in ``out`` and on the screen, not in READMEs.
        out: Files for the tables, see :data:`mmirstd.utils.result_table.RESULT_FORMATS`.

    Raises:
        ConfigError: A record, a figure or a README is not what it should be.
    """
    records = read_records(suite, logs)
    failures = find_failures(suite, work_dir, {name: list(found) for name, found in records.items()})
    tables = suite.tables or (usual_table(suite, records),)
    built = [build_table(suite, table, records, logs) for table in tables]
    full = [build_table(suite, table, records, logs, failures).results for table in tables]
    for table, content, results in zip(tables, built, full):
        name = f'{suite.name}/{table.name}'
        files = {}
        if table.readme is not None:
            files[table.readme] = write_table(suite.paths.find(table.readme), name, content.markdown)
        if content.chart is not None and table.chart:
            files[table.chart] = write_chart(suite.paths.target(table.chart), content.chart)
        shown = ', '.join(file + ('' if changed else ' (unchanged)') for file, changed in files.items())
        if shown:
            print(f'table {name}: {shown}')
        if table.readme is None:
            print(f'\n{markdown_table(results) if results.rows else content.markdown}')
    for path in out:
        print(f'results: {", ".join(map(str, write_result_tables(path, *full)))}')


def find_failures(suite: Suite, work_dir: Path, done: dict[str, list[int]]) -> dict[str, list[Failure]]:
    """Run -> why its runs without a record ended.

    Args:
        suite: The suite.
        work_dir: Folder of the runs.
        done: Run -> seeds with a record.
    """
    return {
        run.name: [
            failure
            for seed in run.seeds
            if seed not in done[run.name]
            and (failure := read_failure(run_folder(work_dir, suite.name, run.name, seed))) is not None
        ]
        for run in suite.runs
    }
