"""A model of clips in another runtime than PyTorch: exported once, then fed frame by frame."""

from __future__ import annotations

import torch

from mmirstd.datasets.transforms import AlignClip
from mmirstd.deploy.session import RUNTIMES, is_installed
from mmirstd.utils.errors import UserError

from .backend_choice import exported_file
from .exported_sequence_inferencer import ExportedSequenceInferencer
from .moving_target_inferencer import MovingTargetInferencer


def sequences_in(inferencer: MovingTargetInferencer, runtime: str, precision: str) -> ExportedSequenceInferencer:
    """An inferencer's model as a file in a runtime, with its threshold and its way to read gray values.

    The file is of the cache, or is exported now and compared with PyTorch: one of a stream, of whole clips where past
    frames are aligned anew with each frame.

    Args:
        inferencer: Of the model.
        runtime: Of ``mmirstd.deploy.session.RUNTIMES``.
        precision: ``'fp32'``; with OpenVINO also ``'bf16'`` and ``'fp16'``.

    Raises:
        UserError: The runtime is not installed or does not know the precision, or the model cannot be exported.
    """
    if not is_installed(runtime):
        raise UserError(
            f'backend {runtime}: it is not installed', cure=f"pip install {RUNTIMES[runtime]} (or 'mmirstd[deploy]')"
        )
    aligned = any(isinstance(step, AlignClip) for step in inferencer.detector.pipeline.transforms)
    point = inferencer.operating_point
    return ExportedSequenceInferencer(
        exported_file(inferencer, inferencer._say, stream=not aligned),
        runtime,
        precision,
        threads=torch.get_num_threads(),
        threshold=inferencer.threshold if point is None else None,
        min_area=inferencer.min_area,
        operating_point=point,
    )
