"""What is counted in each image of an evaluation, and the measures, tables and files that come of all of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from .functional import (
    ImageEvidence,
    PdFaCurve,
    ProtocolSpec,
    RocCurve,
    count_evidence,
    get_protocol,
    image_records,
    pd_fa_curve,
    roc_curve,
    summarize,
)
from .functional.pd_fa_curve import curve_counts
from .functional.roc_curve import score_histograms
from .text_tables import as_text, cell, heading, new_table


def specs_of(names: Sequence[str | ProtocolSpec], threshold: float | None = None) -> dict[str, ProtocolSpec]:
    """Protocols by name.

    Args:
        names: At least one.
        threshold: Replaces 0.5 in the default protocol; the official ones are what they are.

    Raises:
        KeyError: Unknown protocol.
        ValueError: No protocol, a threshold without the default protocol, or one outside of [0, 1).
    """
    if not names:
        raise ValueError('protocol is empty; name at least one')
    specs = {spec.name: spec for spec in map(get_protocol, names)}
    if threshold is not None:
        if 'default' not in specs:
            raise ValueError(
                f'threshold={threshold} applies to the default protocol, which is not among {list(specs)}; the '
                'thresholds of the official ones are part of their definition'
            )
        if not 0 <= threshold < 1:
            raise ValueError(f'threshold={threshold} must be in [0, 1)')
        specs['default'] = specs['default'].with_threshold(threshold)
    return specs


def image_result(evidence: ImageEvidence, protocols: Mapping[str, ProtocolSpec], curves: bool = True) -> dict[str, Any]:
    """Count one image: a few numbers and, for curves, a histogram of 9 kB; picklable.

    Args:
        evidence: The image.
        protocols: By name.
        curves: Also what ROC and Pd-Fa curve need.
    """
    result: dict[str, Any] = dict(
        image=evidence.name,
        shape=evidence.shape,
        counts={key: count_evidence(spec, evidence) for key, spec in protocols.items()},
    )
    if curves:
        targets = evidence.targets('half')
        result['roc'] = score_histograms(evidence.score, evidence.mask('half'), evidence.logit)
        result['pd_fa'] = curve_counts(evidence.score, evidence.logit, targets)
        result['targets'] = len(targets)
    return result


def add_records(
    result: dict[str, Any], evidence: ImageEvidence, default: ProtocolSpec, gray: NDArray[Any] | None
) -> None:
    """Add to an image's result what :func:`per_image_row` needs: its targets and false alarms.

    Args:
        result: Of :func:`image_result`.
        evidence: The image.
        default: The default protocol, with its threshold.
        gray: (H, W) gray image for the local SCR; None leaves it out.
    """
    result['default'] = result['counts'].get('default') or count_evidence(default, evidence)
    result['records'] = image_records(evidence, default.target_rule, gray)


def per_image_row(result: Mapping[str, Any]) -> dict[str, Any]:
    """An image's entry of a per-image file (:func:`~.report_files.write_per_image`)."""
    targets, pixels = result['default']['targets'], result['default']['pixel']
    return dict(
        image=result['image'],
        height=result['shape'][0],
        width=result['shape'][1],
        IoU=result['default']['niou']['iou'],
        tp=pixels['tp'],
        fp=pixels['fp'],
        fn=pixels['fn'],
        targets=targets['targets'],
        detected=targets['detected'],
        false_pixels=targets['false_pixels'],
        records=result['records'],
    )


@dataclass(frozen=True)
class DataSetResults:
    """What a whole data set gave.

    Attributes:
        tables: Protocol -> measure -> value, as fractions; NaN where undefined.
        roc: None if no curves were counted.
        pd_fa: Likewise.
    """

    tables: dict[str, dict[str, float]]
    roc: RocCurve | None = None
    pd_fa: PdFaCurve | None = None

    @property
    def measures(self) -> dict[str, float]:
        """Those of ``default`` by their names, those of any other protocol with its name: ``msda/IoU``; ``AUC``."""
        found: dict[str, float] = {}
        for name, table in self.tables.items():
            found.update(
                {key: value for key, value in table.items() if key != 'AUC'}
                if name == 'default'
                else {f'{name}/{key}': value for key, value in table.items()}
            )
        if self.roc is not None:
            found['AUC'] = self.roc.auc
        return found

    def __str__(self) -> str:
        """The measures as a text table, one row a protocol."""
        shown = ['IoU', 'nIoU', 'pixAcc', 'precision', 'recall', 'F1', 'Pd', 'Fa_e6', 'AUC']
        shown = [name for name in shown if any(name in table for table in self.tables.values())]
        view = new_table('protocol')
        for name in shown:
            view.add_column(heading(name), justify='right', no_wrap=True)
        for protocol, table in self.tables.items():
            view.add_row(protocol, *(cell(name, table[name]) if name in table else '' for name in shown))
        return as_text(view, width=40 + 14 * len(shown))


def data_set_results(
    results: Sequence[Mapping[str, Any]], protocols: Mapping[str, ProtocolSpec], curves: bool = True
) -> DataSetResults:
    """Measures of a data set.

    Args:
        results: Of :func:`image_result`, in data-set order.
        protocols: Those that were counted.
        curves: Whether they were counted.
    """
    tables = {name: summarize(spec, [item['counts'][name] for item in results]) for name, spec in protocols.items()}
    if not curves:
        return DataSetResults(tables)
    roc = roc_curve([item['roc'][0] for item in results], [item['roc'][1] for item in results])
    pixels = sum(item['shape'][0] * item['shape'][1] for item in results)
    pd_fa = pd_fa_curve([item['pd_fa'] for item in results], sum(item['targets'] for item in results), pixels)
    if 'default' in tables:
        tables['default']['AUC'] = roc.auc
    return DataSetResults(tables, roc, pd_fa)
