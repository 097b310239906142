"""The HTML report of test runs.

``tools/test.py --dump`` -> :class:`~mmirstd.evaluation.prediction_dump.PredictionDump` -> :func:`analyze_run` (all
measures and findings at all thresholds) -> :func:`build_contents` (runs side by side, pictures) -> :func:`write_page`
(``assets/``: HTML, CSS and the scripts).  The page only looks up, sorts and draws; every measure was computed here, by
:mod:`mmirstd.evaluation.functional`.
"""

from mmirstd.utils.renamed import renamed_names

from .contents import MAX_ALARMS, build_contents
from .page import render_page, write_page
from .run_analysis import ImageAnalysis, RunAnalysis, analyze_run
from .thresholds import REPORT_THRESHOLDS, threshold_levels

__all__ = [
    'MAX_ALARMS',
    'REPORT_THRESHOLDS',
    'ImageAnalysis',
    'RunAnalysis',
    'analyze_run',
    'build_contents',
    'render_page',
    'threshold_levels',
    'write_page',
]
__getattr__ = renamed_names(__name__, {'analyse_run': 'run_analysis.analyze_run'})
