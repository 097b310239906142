"""Benchmarks: suites of trainings that can be interrupted, and tables made from their records alone.

``mmirstd benchmark SUITE.yml`` is the command. A suite (:mod:`.suite`, read by :mod:`.suite_file`, its form in
:mod:`.suite_schema`) names runs, seeds and tables; a job (:mod:`.job`) trains and tests one run with one seed and
writes a record (:mod:`.run_record`), or why it failed (:mod:`.failure`); tables (:mod:`.tables`) are built from the
records and put into files (:mod:`.table_files`), in READMEs between markers (:mod:`.markers`), differences
(:mod:`.differences`) drawn as well (:mod:`.charts`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mmirstd.utils.lazy import lazy_names

if TYPE_CHECKING:
    from mmirstd.evaluation.image_counts import bootstrap_differences
    from mmirstd.evaluation.seed_statistics import PairedDifference, mean_and_spread, paired_difference

    from .charts import draw_differences, write_chart
    from .differences import Difference, Differences, find_differences
    from .failure import Failure
    from .further_tests import Evaluation
    from .halving import Halving, Stage, due_pairs
    from .job import Job
    from .markers import replace_between, write_table
    from .plan import Plan, read_plan
    from .run_record import read_record, read_records, record_path, write_record
    from .scheduler import Outcome, run_jobs
    from .settings import Settings
    from .suite import Column, Run, Suite, Table, move_data
    from .suite_file import load_suite
    from .suite_paths import SuitePaths
    from .suite_schema import load_suite_schema
    from .table_files import write_tables
    from .tables import BuiltTable, build_table, usual_table
    from .time_budget import TimeBudget
    from .tool_process import JobFailed, Stopped

_MODULES = {
    'BuiltTable': '.tables',
    'Column': '.suite',
    'Difference': '.differences',
    'Differences': '.differences',
    'Evaluation': '.further_tests',
    'Failure': '.failure',
    'Halving': '.halving',
    'Job': '.job',
    'JobFailed': '.tool_process',
    'Outcome': '.scheduler',
    'PairedDifference': 'mmirstd.evaluation.seed_statistics',
    'Plan': '.plan',
    'Run': '.suite',
    'Settings': '.settings',
    'Stage': '.halving',
    'Stopped': '.tool_process',
    'Suite': '.suite',
    'SuitePaths': '.suite_paths',
    'Table': '.suite',
    'TimeBudget': '.time_budget',
    'bootstrap_differences': 'mmirstd.evaluation.image_counts',
    'build_table': '.tables',
    'draw_differences': '.charts',
    'due_pairs': '.halving',
    'find_differences': '.differences',
    'load_suite': '.suite_file',
    'load_suite_schema': '.suite_schema',
    'mean_and_spread': 'mmirstd.evaluation.seed_statistics',
    'move_data': '.suite',
    'paired_difference': 'mmirstd.evaluation.seed_statistics',
    'read_plan': '.plan',
    'read_record': '.run_record',
    'read_records': '.run_record',
    'record_path': '.run_record',
    'replace_between': '.markers',
    'run_jobs': '.scheduler',
    'usual_table': '.tables',
    'write_chart': '.charts',
    'write_record': '.run_record',
    'write_table': '.markers',
    'write_tables': '.table_files',
}
__all__ = [
    'BuiltTable',
    'Column',
    'Difference',
    'Differences',
    'Evaluation',
    'Failure',
    'Halving',
    'Job',
    'JobFailed',
    'Outcome',
    'PairedDifference',
    'Plan',
    'Run',
    'Settings',
    'Stage',
    'Stopped',
    'Suite',
    'SuitePaths',
    'Table',
    'TimeBudget',
    'bootstrap_differences',
    'build_table',
    'draw_differences',
    'due_pairs',
    'find_differences',
    'load_suite',
    'load_suite_schema',
    'mean_and_spread',
    'move_data',
    'paired_difference',
    'read_plan',
    'read_record',
    'read_records',
    'record_path',
    'replace_between',
    'run_jobs',
    'usual_table',
    'write_chart',
    'write_record',
    'write_table',
    'write_tables',
]
if not TYPE_CHECKING:
    __getattr__, __dir__ = lazy_names(__name__, _MODULES)
