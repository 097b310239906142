"""The graph of what :class:`~.moving_target_inferencer.MovingTargetInferencer` does."""

from __future__ import annotations

from typing import Any

from mmirstd.datasets.transforms import AlignClip, ClipLetterbox, PadToMultiple
from mmirstd.deploy.clip_graph import ClipGraph, StreamGraph
from mmirstd.deploy.clip_input import ClipInput
from mmirstd.deploy.clip_results import clip_results
from mmirstd.deploy.graph_description import GraphDescription
from mmirstd.deploy.resampling import Letterbox
from mmirstd.deploy.target_decision import TargetDecision
from mmirstd.deploy.traceable import traceable_copy
from mmirstd.utils.errors import ConfigError

from .moving_target_inferencer import MovingTargetInferencer

_WITHOUT_GRAPH = ('LoadClip', 'PackClipInputs', 'PackClipSegInputs')


def clip_graph_of(
    inferencer: MovingTargetInferencer,
    decision: TargetDecision,
    input_type: str,
    normalization: dict[str, Any],
    stream: bool,
) -> tuple[ClipGraph, GraphDescription]:
    """The graph and its description.

    Args:
        inferencer: Of the model.
        decision: What makes the masks of a segmentor.
        input_type: Of ``mmirstd.deploy.graph_description.INPUT_TYPES``.
        normalization: Options of the loading step.
        stream: One frame and what is kept of the past, in place of whole clips.

    Raises:
        ConfigError: There is no graph of the model, or of a step of its test pipeline.
    """
    padding, letterbox, alignment = _steps(inferencer)
    if alignment is not None and stream:
        raise ConfigError(
            f'{inferencer.name}: past frames are aligned anew with each frame, so nothing of them can be kept',
            cure='export whole clips: without --stream',
        )
    if alignment is not None and input_type != 'any':
        raise ConfigError(
            f'{inferencer.name}: past frames are aligned before they go in, which makes no codes of them',
            cure='--input-type any',
        )
    model = inferencer.model
    motion_branch = getattr(model, 'motion_branch', None)
    if motion_branch is not None:
        model.motion_branch = None  # of training alone
    copied: Any = traceable_copy(model)
    if motion_branch is not None:
        model.motion_branch = motion_branch
    frames = ClipInput(copied.data_preprocessor, input_type, normalization, padding, letterbox)
    results = clip_results(copied, inferencer.boxes, decision)
    stride = inferencer.detector.stream.stride
    graph = StreamGraph(copied, frames, results, stride) if stream else ClipGraph(copied, frames, results)
    graph.eval()
    description = GraphDescription(
        kind=f'{graph.kind}-{"detection" if inferencer.boxes else "segmentation"}',
        model=inferencer.name,
        threshold=float(inferencer.threshold),
        input_type=input_type,
        normalization=normalization,
        divisor=graph.divisor,
        whole_image=graph.whole_image,
        frames=copied.num_frames,
        stride=stride,
        gaps=inferencer.gaps,
        states=dict(graph.states) if isinstance(graph, StreamGraph) else {},
        network_size=frames.network_size,
        alignment=alignment,
        inputs=graph.inputs,
        outputs=dict(graph.outputs),
    )
    return graph, description


def _steps(inferencer: MovingTargetInferencer) -> tuple[dict[str, Any] | None, Letterbox | None, dict[str, Any] | None]:
    """Padding, letterbox and options of the alignment, as the test pipeline has them."""
    padding = letterbox = alignment = None
    for step in inferencer.detector.pipeline.transforms:
        if isinstance(step, PadToMultiple):
            padding = dict(divisor=step.divisor, mode=step.mode, pad_value=step.pad_value)
        elif isinstance(step, ClipLetterbox):
            letterbox = Letterbox(step.size, step.pad_value, step.interpolation, step.center)
        elif isinstance(step, AlignClip):
            alignment = dict(step.options, border=step.border, keep_original=step.keep_original)
        elif type(step).__name__ not in _WITHOUT_GRAPH:
            raise ConfigError(
                f'{inferencer.name}: its test pipeline has the step {type(step).__name__}, which has no graph',
                expected='LoadClip, AlignClip, ClipLetterbox or PadToMultiple, and PackClipInputs or PackClipSegInputs',
            )
    if padding is not None and letterbox is not None:
        raise ConfigError(
            f'{inferencer.name}: its test pipeline has a letterbox and PadToMultiple; expected one of them'
        )
    return padding, letterbox, alignment
