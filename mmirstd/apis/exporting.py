"""From a config and a checkpoint to a file that runs without PyTorch."""

from __future__ import annotations

import copy
import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import torch

from mmirstd.datasets.transforms import PadToMultiple
from mmirstd.deploy.any_size_ranks import takes_any_of_equals, takes_ranks
from mmirstd.deploy.classical_graph import ClassicalGraph
from mmirstd.deploy.export_limits import check_exportable, check_program
from mmirstd.deploy.export_path import check_export_path
from mmirstd.deploy.graph_description import READERS, SUFFIXES, GraphDescription
from mmirstd.deploy.graph_files import takes_image, write_graph, write_openvino
from mmirstd.deploy.gray_input import ARRAY_TYPES
from mmirstd.deploy.quantization import quantize_onnx
from mmirstd.deploy.segmentation_graph import SegmentationGraph
from mmirstd.deploy.session import is_installed, open_session
from mmirstd.deploy.target_decision import TargetDecision
from mmirstd.models.segmentors import ClassicalSegmentor
from mmirstd.utils.errors import ConfigError, UserError

from .base_inferencer import TargetInferencer
from .calibration import CalibrationImages, QuantizationCheck, compare_quantized
from .clip_exporting import clip_graph_of
from .irstd_inferencer import IRSTDInferencer
from .moving_target_inferencer import MovingTargetInferencer

#: Largest difference of a probability from PyTorch's that is always taken for rounding.
TOLERANCE = 1e-4
#: Two right results in float32 differ by no more than this many times the rounding of one of them.
MARGIN = 12
#: Random images of each size that a network is compared on whose results jump where rounding exchanges two ranks.
RANKED_IMAGES = 8
#: Where float32 and float64 differ by more, it was exchanged ranks and no rounding.
EXCHANGED = 1e-3

_Run = Callable[[Sequence[torch.Tensor]], Sequence[torch.Tensor]]


@dataclass(frozen=True)
class ExportCheck:
    """How an exported file compared with PyTorch, on random images.

    Attributes:
        runtime: What ran the file; None: nothing that could is installed.
        difference: Largest difference of an output from PyTorch's in float32.
        rounding: Largest difference between PyTorch's in float32 and in float64.
        sizes: Height and width of the images.
    """

    runtime: str | None
    difference: float = 0.0
    rounding: float = 0.0
    sizes: Sequence[tuple[int, int]] = ()

    @property
    def equal(self) -> bool:
        """Whether the difference is rounding."""
        return self.difference <= max(TOLERANCE, MARGIN * self.rounding)

    def __str__(self) -> str:
        if self.runtime is None:
            return 'not compared with PyTorch: no runtime that reads the file is installed'
        sizes = ' and '.join(f'{height}x{width}' for height, width in self.sizes)
        return (
            f'{self.runtime} gives the results of PyTorch on random images of {sizes} up to {self.difference:.1g}; '
            f'the rounding of float32 is {self.rounding:.1g} there'
        )


def graph_of(
    inferencer: TargetInferencer, input_type: str = 'any', stream: bool = False
) -> tuple[Any, GraphDescription]:
    """The graph of what an inferencer does with an image, and its description.

    Args:
        inferencer: With its threshold and normalization.
        input_type: Of ``mmirstd.deploy.graph_description.INPUT_TYPES``.
        stream: Of a model of clips: one frame and what is kept of the past, in place of whole clips.

    Raises:
        ConfigError: There is no graph of the network, or of a step of its test pipeline.
    """
    network = inferencer.model
    check_exportable(network, inferencer.name)
    if takes_any_of_equals(network):
        inferencer._say(
            f'notice: {inferencer.name}: of equal values the file takes those that come first, PyTorch any, as the '
            'official code does; results of the two may differ. With model.backbone.stable=True PyTorch takes the first'
        )
    normalization = normalization_of(inferencer)
    made = inferencer.provenance()
    point = inferencer.operating_point
    decision = TargetDecision(inferencer.threshold, point)
    source = dict(
        weights=made['weights'],
        weights_sha256=made['weights_sha256'],
        model_sha256=inferencer.model_digest(),
        tta=made.get('tta'),
        operating_point=None if point is None else point.as_dict(),
    )
    if isinstance(inferencer, MovingTargetInferencer):
        graph, description = clip_graph_of(inferencer, decision, input_type, normalization, stream)
        if inferencer.classes:
            source.update(classes=inferencer.classes)
        return graph, replace(description, **source)
    if not isinstance(inferencer, IRSTDInferencer) or stream:
        kind = type(network).__name__
        raise ConfigError(
            f'{inferencer.name}: a {kind} has no stream' if stream else f'{inferencer.name}: {kind} cannot be exported',
            expected='a model of clips' if stream else 'a segmentation network of single images, or a model of clips',
        )
    return _image_graph_of(inferencer, decision, input_type, normalization, source)


def normalization_of(inferencer: TargetInferencer) -> dict[str, Any]:
    """How an inferencer normalizes gray values, as options of its loading step."""
    loader = inferencer.loader
    return dict(
        normalize=loader.normalize,
        bit_depth=loader.bit_depth,
        max_value=loader.max_value,
        percentiles=list(loader.percentiles),
        nonfinite=loader.nonfinite,
        invert=loader.invert,
    )


def _image_graph_of(
    inferencer: IRSTDInferencer,
    decision: TargetDecision,
    input_type: str,
    normalization: dict[str, Any],
    source: dict[str, Any],
) -> tuple[Any, GraphDescription]:
    """The graph and description of a network of single images."""
    network = inferencer.model
    padding: dict[str, Any] = {}
    for step in inferencer.pipeline.transforms:
        if isinstance(step, PadToMultiple):
            padding = dict(divisor=step.divisor, mode=step.mode, pad_value=step.pad_value)
        elif type(step).__name__ != 'PackSegInputs':
            raise ConfigError(
                f'{inferencer.name}: its test pipeline has the step {type(step).__name__}, which has no graph',
                expected='LoadInfraredImage, PadToMultiple and PackSegInputs',
            )
    classical = isinstance(network, ClassicalSegmentor)
    options: dict[str, Any] = dict(decision=decision, input_type=input_type, normalization=normalization)
    # A classical method works on the image without its padding.
    graph = ClassicalGraph(network, **options) if classical else SegmentationGraph(network, padding=padding, **options)
    description = GraphDescription(
        kind='segmentation',
        model=inferencer.name,
        threshold=float(inferencer.threshold),
        input_type=input_type,
        normalization=normalization,
        divisor=graph.divisor,
        whole_image=graph.whole_image,
        inputs=graph.inputs,
        outputs=dict(graph.outputs),
        **source,
    )
    return graph, description


def export_model(
    inferencer: TargetInferencer,
    file: str | os.PathLike[str],
    form: str = 'onnx',
    input_type: str = 'any',
    stream: bool = False,
    calibration: CalibrationImages | None = None,
) -> ExportCheck | QuantizationCheck:
    """Write a network to a file and compare the two.

    A file that was there is replaced when the new one is right; else it stays.

    Args:
        inferencer: Of the network.
        file: Where to; its name ends as the format's files do.
        form: Of ``mmirstd.deploy.FORMATS``.
        input_type: See :func:`graph_of`.
        stream: Likewise.
        calibration: Write it in int8, with the ranges of values on these images.

    Raises:
        ConfigError: The network cannot be exported, or not in int8.
        UserError: See :func:`~mmirstd.deploy.export_path.check_export_path`; or a package is missing, or the file gives
            other results.
    """
    path = Path(file)
    check_export_path(path, form)
    if form == 'exported-program':
        check_program(inferencer.model, inferencer.name)
    graph, description = graph_of(inferencer, input_type, stream)
    if calibration is not None:
        if description.kind != 'segmentation' or form == 'exported-program':
            raise ConfigError(
                f'{inferencer.name}: precision int8',
                found=f'{description.kind}, {form}',
                expected='a segmentation network of single images; onnx or openvino',
            )
        with _taking_its_place(path) as temporary:
            return _export_quantized(inferencer, graph, description, temporary, form, calibration)
    with _taking_its_place(path) as temporary:
        write_graph(graph, temporary, description, form)
        check = compare(graph, temporary)
        if not check.equal:
            raise UserError(
                f'{path}: {check.runtime} gives other results than PyTorch: they differ by {check.difference:.2g}, '
                f'where rounding makes {check.rounding:.2g}; it was not kept'
            )
        side = max(graph.divisor, 16)
        if form == 'exported-program' and not takes_image(torch.export.load(temporary), graph, side, side):
            inferencer._say(
                f'notice: {inferencer.name}: the exported program takes no image of up to {side}x{side} pixels alone, '
                'because PyTorch tells maps of one pixel from larger ones; an ONNX file takes them'
            )
    return check


@contextmanager
def _taking_its_place(path: Path) -> Iterator[Path]:
    """A path of this name in a temporary folder beside it; when the block ends, what was written takes its place."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=f'.{path.stem}.') as folder:
        yield Path(folder) / path.name
        for written in sorted(Path(folder).iterdir()):  # OpenVINO's .bin before the .xml that says how to read it
            os.replace(written, path.with_name(written.name))


def _export_quantized(
    inferencer: TargetInferencer,
    graph: Any,
    description: GraphDescription,
    path: Path,
    form: str,
    calibration: CalibrationImages,
) -> QuantizationCheck:
    with tempfile.TemporaryDirectory() as folder:
        exact = write_graph(graph, Path(folder) / f'{inferencer.name}.onnx', description)
        quantized = path if form == 'onnx' else Path(folder) / 'int8.onnx'
        inputs = partial(calibration.inputs, inferencer, description.input_type)
        description = quantize_onnx(exact, quantized, inputs(), calibration.record())
        if form == 'openvino':
            write_openvino(quantized.read_bytes(), path, description)
        runtime = next(name for name in READERS[path.suffix.lower()] if is_installed(name))
        threads = torch.get_num_threads()
        check = compare_quantized(open_session(path, runtime, threads), open_session(exact, runtime, threads), inputs())
    if check.broken:
        raise UserError(
            f'{path.name}: gives other results than float32, and was not kept: {check}',
            cure='another runtime (--backend of mmirstd infer, --format of mmirstd export), or --precision fp32',
        )
    return check


@torch.no_grad()
def compare(graph: Any, file: Path, runtime: str | None = None) -> ExportCheck:
    """Run a file and the graph that it was made of on random images of two sizes, one of which is not square.

    Args:
        graph: Of :func:`graph_of`.
        file: Written from it.
        runtime: What runs the file; None: the first that is installed and reads it.
    """
    step = max(graph.divisor, 16)
    sizes = [(2 * step, 2 * step), (step + 5, 2 * step + 3)]
    run = _runner(graph, file, runtime)
    if run is None:
        return ExportCheck(None)
    name, outputs = run
    exact = copy.deepcopy(graph).double()
    found = [apart(graph, exact, outputs, size, batch) for size, batch in zip(sizes, (1, 2))]
    difference, rounding = (max(part) for part in zip(*found))
    return ExportCheck(name, difference, rounding, sizes)


def apart(graph: Any, exact: Any, outputs: _Run, size: tuple[int, int], batch: int) -> tuple[float, float]:
    """Difference and rounding on random images of one size.

    Where ranks are taken, it is the least on several images: in some of them rounding exchanges two of thousands of
    ranks, which changes everything.  A wrong file is wrong on all.

    Args:
        graph: In float32.
        exact: In float64.
        outputs: What a file gives for inputs.
        size: Height and width.
        batch: Number of images.
    """
    found: list[tuple[float, float]] = []
    for seed in range(RANKED_IMAGES if takes_ranks(graph) else 1):
        inputs = graph.example(*size, batch=batch, seed=seed)
        single = graph.reference(*inputs)
        rounding = graph.difference(single, exact.reference(*_doubled(inputs)))
        found.append((graph.difference(single, outputs(inputs)), rounding))
        if rounding <= EXCHANGED and ExportCheck('', *found[-1]).equal:
            break
    difference, rounding = (min(part) for part in zip(*found))
    return difference, rounding


def _doubled(inputs: Sequence[torch.Tensor]) -> list[torch.Tensor]:
    return [x.double() if x.is_floating_point() else x for x in inputs]


def _program(graph: Any, file: Path) -> _Run:
    """An exported program, which says so where it takes no other size than the one that it was made with."""
    program = torch.export.load(file).module()

    def run(inputs: Sequence[torch.Tensor]) -> Sequence[torch.Tensor]:
        try:
            found: Sequence[torch.Tensor] = program(*inputs)
        except (AssertionError, RuntimeError) as error:
            given, made = ('x'.join(map(str, image[0].shape)) for image in (inputs, graph.example()))
            raise UserError(
                f'{file.name}: PyTorch has fixed the sizes of this network in its exported program: made with images '
                f'of {made}, it does not take {given} ({str(error).strip().splitlines()[0]})',
                cure='--format onnx, or openvino',
            ) from error
        return found

    return run


def _runner(graph: Any, file: Path, runtime: str | None) -> tuple[str, _Run] | None:
    """What runs a file, and its outputs."""
    if file.suffix.lower() == SUFFIXES['exported-program']:
        return 'PyTorch without OpenMMLab', _program(graph, file)
    runtime = runtime or next((name for name in READERS[file.suffix.lower()] if is_installed(name)), None)
    if runtime is None:
        return None
    session = open_session(file, runtime, threads=torch.get_num_threads())

    def run(inputs: Sequence[torch.Tensor]) -> list[torch.Tensor]:
        arrays = {key: x.numpy() for key, x in zip(graph.inputs, inputs)}
        arrays['image'] = arrays['image'].astype(ARRAY_TYPES[graph.input.input_type])
        found = session.run(arrays)
        return [torch.from_numpy(found[name]) for name in graph.outputs]

    return runtime, run
