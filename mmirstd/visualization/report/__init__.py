"""The HTML report of test runs.

``tools/test.py --dump`` -> :class:`~mmirstd.evaluation.prediction_dump.PredictionDump` -> :func:`analyze_run` (all
measures and findings at all thresholds) -> :func:`build_contents` (runs side by side, pictures) -> :func:`write_page`
(``assets/``: HTML, CSS and the scripts).  The page only looks up, sorts and draws; every measure was computed here, by
:mod:`mmirstd.evaluation.functional`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mmirstd.utils.lazy import lazy_names

if TYPE_CHECKING:
    from .contents import build_contents
    from .limits import MAX_ALARMS, MAX_CLIPS, MAX_RUNS
    from .page import render_page, write_page
    from .run_analysis import ImageAnalysis, RunAnalysis, analyze_run
    from .run_groups import RunGroup
    from .thresholds import REPORT_THRESHOLDS, threshold_levels

_MODULES = {
    'ImageAnalysis': '.run_analysis',
    'MAX_ALARMS': '.limits',
    'MAX_CLIPS': '.limits',
    'MAX_RUNS': '.limits',
    'REPORT_THRESHOLDS': '.thresholds',
    'RunAnalysis': '.run_analysis',
    'RunGroup': '.run_groups',
    'analyze_run': '.run_analysis',
    'build_contents': '.contents',
    'render_page': '.page',
    'threshold_levels': '.thresholds',
    'write_page': '.page',
}
__all__ = [
    'ImageAnalysis',
    'MAX_ALARMS',
    'MAX_CLIPS',
    'MAX_RUNS',
    'REPORT_THRESHOLDS',
    'RunAnalysis',
    'RunGroup',
    'analyze_run',
    'build_contents',
    'render_page',
    'threshold_levels',
    'write_page',
]
if not TYPE_CHECKING:
    __getattr__, __dir__ = lazy_names(__name__, _MODULES, {'analyse_run': 'run_analysis.analyze_run'})
