"""The HTML report of test runs.

``tools/test.py --dump`` -> :class:`~mmirstd.evaluation.prediction_dump.PredictionDump` -> :func:`analyse_run` (all
measures and findings at all thresholds) -> :func:`build_contents` (runs side by side, pictures) -> :func:`write_page`
(``assets/``: HTML, CSS and the scripts).  The page only looks up, sorts and draws; every measure was computed here, by
:mod:`mmirstd.evaluation.functional`.
"""

from .contents import MAX_ALARMS, build_contents
from .page import render_page, write_page
from .run_analysis import ImageAnalysis, RunAnalysis, analyse_run
from .thresholds import REPORT_THRESHOLDS, threshold_levels

__all__ = [
    'MAX_ALARMS',
    'REPORT_THRESHOLDS',
    'ImageAnalysis',
    'RunAnalysis',
    'analyse_run',
    'build_contents',
    'render_page',
    'threshold_levels',
    'write_page',
]
