"""Write a graph to a file: ONNX, OpenVINO or PyTorch's exported program."""

from __future__ import annotations

import io
import os
import warnings
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, redirect_stderr, redirect_stdout
from functools import partial
from inspect import Parameter, signature
from pathlib import Path
from typing import Any

import torch

from mmirstd.utils.errors import UserError
from mmirstd.utils.files import atomic_path

from .graph_description import KEY, GraphDescription
from .openvino_package import import_openvino

#: ONNX's operator set; the newest that PyTorch 2.0 can write.
OPSET = 17


def write_graph(graph: Any, file: str | os.PathLike[str], description: GraphDescription, form: str = 'onnx') -> Path:
    """Write a graph with its description; the file appears whole or not at all.

    Args:
        graph: Such as :class:`~.segmentation_graph.SegmentationGraph`.
        file: Where to; ``'openvino'`` writes a ``.bin`` beside its ``.xml``.
        description: Goes into the file's meta data.
        form: Of ``FORMATS``.

    Returns:
        The file.

    Raises:
        UserError: A package that the format needs is not installed.
    """
    path = Path(file)
    FORMATS[form](graph.eval(), path, description)
    return path


def onnx_bytes(graph: Any, description: GraphDescription) -> bytes:
    """The graph as an ONNX file.

    PyTorch's tracing exporter writes it: it goes with every PyTorch from 2.0 on, and takes a second where the one on
    ``torch.export`` takes most of a minute for any size of image (PyTorch 2.13, GGL-Net tiny).
    """
    onnx = _package('onnx')
    buffer: Any = io.BytesIO()  # which the exporter takes, whatever its types say
    options: dict[str, Any] = {'dynamo': False} if 'dynamo' in torch.onnx.export.__code__.co_varnames else {}
    said = io.StringIO()
    try:
        with (
            torch.no_grad(),
            warnings.catch_warnings(),
            _quiet_graph_log(),
            redirect_stdout(said),
            redirect_stderr(said),
        ):
            warnings.simplefilter('ignore')  # notes on branches that our networks take by their own configuration
            torch.onnx.export(
                graph,
                graph.example(),
                buffer,
                opset_version=OPSET,
                input_names=list(graph.inputs),
                output_names=list(graph.outputs),
                dynamic_axes=graph.dynamic_axes(),
                **options,
            )
    except torch.onnx.OnnxExporterError as error:
        reason = str(error).strip().splitlines()[0]
        raise UserError(f'{description.model}: PyTorch has no graph of this network: {reason}') from error
    model = onnx.load_from_string(buffer.getvalue())
    if description.input_type == 'uint16':
        # PyTorch's exporter does not know the type; the first that happens to the image is a cast.
        image = next(value for value in model.graph.input if value.name == 'image')
        image.type.tensor_type.elem_type = onnx.TensorProto.UINT16
    model.producer_name, model.producer_version = 'mmirstd', description.mmirstd
    model.doc_string = f'{description.model}: {description.kind}'
    onnx.helper.set_model_props(model, {KEY: description.to_json()})
    return model.SerializeToString()


@contextmanager
def _quiet_graph_log() -> Iterator[None]:
    """Keep PyTorch's log of graphs quiet.

    Its exporter means to turn the log on where it is asked to, but in 2.13 it always does (``setup_onnx_logging`` tests
    a function, not what it returns). The log goes past Python's ``sys.stdout``.
    """
    log = getattr(torch._C, '_jit_onnx_log', None)
    if log is None:  # a PyTorch without this log
        yield
        return
    torch._C._jit_onnx_log = lambda *args: None
    try:
        yield
    finally:
        torch._C._jit_onnx_log = log


def _write_onnx(graph: Any, path: Path, description: GraphDescription) -> None:
    data = onnx_bytes(graph, description)
    with atomic_path(path) as temporary:
        temporary.write_bytes(data)


def _write_openvino(graph: Any, path: Path, description: GraphDescription) -> None:
    write_openvino(onnx_bytes(graph, description), path, description)


def write_openvino(data: bytes, path: Path, description: GraphDescription) -> None:
    """An ONNX file as OpenVINO's ``.xml`` and ``.bin``."""
    openvino = _package('openvino')
    model = openvino.convert_model(io.BytesIO(data))
    model.set_rt_info(description.to_json(), KEY)
    path.parent.mkdir(parents=True, exist_ok=True)
    openvino.save_model(model, path, compress_to_fp16=False)


def _write_program(graph: Any, path: Path, description: GraphDescription) -> None:
    if description.input_type == 'uint16':
        raise UserError(
            "--input-type uint16: PyTorch's exported programs do not compute with this type", cure='--input-type any'
        )
    export = program_exporter()
    axes = graph.dynamic_axes()
    shapes: tuple[Any, ...] = tuple(dict.fromkeys(axes[name], torch.export.Dim.DYNAMIC) for name in graph.inputs)
    if any(part.kind is Parameter.VAR_POSITIONAL for part in signature(graph.forward).parameters.values()):
        shapes = (shapes,)  # torch.export takes the inputs of *inputs as one
    try:
        with torch.no_grad(), warnings.catch_warnings():
            warnings.simplefilter('ignore')
            program = export(graph, graph.example(), dynamic_shapes=shapes)
            taken = _small_images_taken(program, graph)
            if taken < len(_SMALL):
                with _sizes_of_one():
                    other = export(graph, graph.example(), dynamic_shapes=shapes)
                program = other if _small_images_taken(other, graph) > taken else program
    except (RuntimeError, ValueError) as error:  # what torch.export raises has one of them as its base
        reason = str(error).strip().splitlines()[0]
        raise UserError(
            f'{description.model}: PyTorch has no exported program of this network: {reason}', cure='--format onnx'
        ) from error
    with atomic_path(path) as temporary:
        torch.export.save(program, temporary, extra_files={KEY: description.to_json()})


def program_exporter() -> Callable[..., Any]:
    """``torch.export.export`` for sizes that are free.

    Raises:
        UserError: This PyTorch has none.
    """
    export = getattr(getattr(torch, 'export', None), 'export', None)
    deferred = 'prefer_deferred_runtime_asserts_over_guards'
    if export is None or deferred not in signature(export).parameters:
        raise UserError(
            f'PyTorch {torch.__version__} has no torch.export for images of any size',
            cure='a newer PyTorch, or --format onnx',
        )
    return partial(export, strict=False, **{deferred: True})


#: Strides in height and width of single images, whose deepest maps have one pixel in an axis or in both.
_SMALL = ((1, 2), (2, 1), (1, 1))


def takes_image(program: Any, graph: Any, height: int, width: int) -> bool:
    """Whether an exported program of a graph takes a single image of a size.

    Args:
        program: A ``torch.export.ExportedProgram``.
        graph: What it was made of.
        height: Of the image, in pixels.
        width: Likewise.
    """
    try:
        program.module()(*graph.example(height, width, batch=1))
    except (AssertionError, RuntimeError):
        return False
    return True


def _small_images_taken(program: Any, graph: Any) -> int:
    """How many of ``_SMALL`` a program takes."""
    side = max(graph.divisor, 16)
    return sum(takes_image(program, graph, rows * side, columns * side) for rows, columns in _SMALL)


def _sizes_of_one() -> AbstractContextManager[Any]:
    """PyTorch tells fewer maps of one pixel from larger ones, but more single images from several."""
    from torch.fx.experimental import _config  # older ones have none

    config: Any = _config  # which gets its methods at run time
    return config.patch(backed_size_oblivious=True) if hasattr(config, 'backed_size_oblivious') else nullcontext()


#: Format -> its writer.
FORMATS: dict[str, Callable[[Any, Path, GraphDescription], None]] = {
    'onnx': _write_onnx,
    'openvino': _write_openvino,
    'exported-program': _write_program,
}


def _package(name: str) -> Any:
    try:
        return import_openvino() if name == 'openvino' else __import__(name)
    except ImportError as error:
        raise UserError(
            f'the format needs the package {name}, which cannot be imported ({error})',
            cure="pip install 'mmirstd[deploy]'",
        ) from error
