"""Benchmarks: suites of trainings that can be interrupted, and tables made from their records alone.

``tools/benchmark.py SUITE.yml`` is the command. A suite (:mod:`.suite`, read by :mod:`.suite_file`) names runs, seeds
and tables; a job (:mod:`.job`) trains and tests one run with one seed and writes a record (:mod:`.run_record`); tables
(:mod:`.tables`) are built from the records and put between markers in READMEs (:mod:`.markers`), differences
(:mod:`.differences`) drawn as well (:mod:`.charts`).
"""

from .charts import draw_differences, write_chart
from .differences import Difference, Differences, find_differences
from .further_tests import Evaluation
from .halving import Halving, Stage, due_pairs
from .image_counts import bootstrap_differences
from .job import Job
from .markers import replace_between, write_table
from .plan import Plan, read_plan
from .run_record import read_record, read_records, record_path, write_record
from .scheduler import Outcome, run_jobs
from .settings import Settings
from .statistics import PairedDifference, mean_and_spread, paired_difference
from .suite import Column, Run, Suite, Table, move_data
from .suite_file import load_suite
from .tables import BuiltTable, build_table
from .tool_process import JobFailed, Stopped

__all__ = [
    'BuiltTable',
    'Column',
    'Difference',
    'Differences',
    'Evaluation',
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
    'Table',
    'bootstrap_differences',
    'build_table',
    'draw_differences',
    'due_pairs',
    'find_differences',
    'load_suite',
    'mean_and_spread',
    'move_data',
    'paired_difference',
    'read_plan',
    'read_record',
    'read_records',
    'record_path',
    'replace_between',
    'run_jobs',
    'write_chart',
    'write_record',
    'write_table',
]
