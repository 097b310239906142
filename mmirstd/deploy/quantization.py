"""Exported networks in integers of 8 bits: ONNX Runtime's static quantization, calibrated on images."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from importlib.util import find_spec
from itertools import chain
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from mmirstd.compat.hardware import read_cpu
from mmirstd.utils.errors import ConfigError, UserError
from mmirstd.utils.files import atomic_path

from .graph_description import KEY, GraphDescription
from .session import is_installed

#: Features of which one makes products of 8-bit integers fast, and exact in 32 bits.
FAST_INTEGERS = ('AVX-VNNI', 'AVX512-VNNI')


def lacks_fast_integers() -> str | None:
    """What to say of a CPU on which int8 gains little; None: it gains, or nobody knows."""
    cpu = read_cpu()
    if cpu.architecture != 'x86_64' or cpu.features is None or set(cpu.features) & set(FAST_INTEGERS):
        return None
    return 'precision int8: this CPU has no VNNI; expect little gain here'


def quantize_onnx(
    source: Path, file: Path, inputs: Iterable[Mapping[str, NDArray[Any]]], calibration: Mapping[str, Any]
) -> GraphDescription:
    """Write a copy of an ONNX file whose convolutions compute in int8.

    The first and the last convolution stay in float, and all of full resolution where these are the smaller part: they
    read the gray values and draw the mask, where rounding is seen most. Weights have a scale for each output channel;
    activations have one for each tensor, from its least and greatest value on the images.

    Args:
        source: What ``mmirstd export`` wrote in float32.
        file: Where to.
        inputs: Those of the graph, for each image.
        calibration: How it was calibrated, for the file's meta data.

    Returns:
        The description in the file.

    Raises:
        UserError: A package is missing.
        ConfigError: There is nothing to quantize.
    """
    if not is_installed('onnxruntime') or find_spec('onnx') is None:
        raise UserError('precision int8: needs onnx and onnxruntime', cure="pip install 'mmirstd[deploy]'")
    import onnx
    from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static
    from onnxruntime.quantization.shape_inference import quant_pre_process

    class Reader(CalibrationDataReader):
        def __init__(self, images: Iterator[Mapping[str, NDArray[Any]]]) -> None:
            self._images = images

        def get_next(self) -> dict[str, NDArray[Any]] | None:
            found = next(self._images, None)
            return None if found is None else dict(found)

    before = logging.root.manager.disable
    logging.disable(logging.WARNING)  # advice for people who write quantizers
    try:
        with tempfile.TemporaryDirectory() as folder:
            prepared, quantized = Path(folder) / 'prepared.onnx', Path(folder) / 'quantized.onnx'
            quant_pre_process(source, prepared, skip_symbolic_shape=True)
            images = iter(inputs)
            first = next(images)
            # A corner is enough, and all outputs of a large image at once may not fit into memory.
            corner = {name: value[..., :128, :128] if value.ndim > 2 else value for name, value in first.items()}
            resolutions = _resolutions(prepared, corner)
            if len(resolutions) < 3:
                raise ConfigError(
                    f'{source.stem}: precision int8',
                    found=f'{len(resolutions)} convolutions',
                    expected='a network of many',
                )
            quantize_static(
                prepared,
                quantized,
                Reader(chain([first], images)),
                quant_format=QuantFormat.QDQ,
                op_types_to_quantize=['Conv'],
                nodes_to_exclude=convolutions_in_float(resolutions),
                per_channel=True,
                # without VNNI pairs of full 8-bit products overflow 16 bits
                reduce_range=lacks_fast_integers() is not None,
                activation_type=QuantType.QUInt8,
                weight_type=QuantType.QInt8,
            )
            model = onnx.load(quantized)
    finally:
        logging.disable(before)
    about = {entry.key: entry.value for entry in onnx.load(source, load_external_data=False).metadata_props}
    description = GraphDescription.from_json(about.get(KEY), str(source))
    description = replace(description, precision='int8', calibration=dict(calibration))
    onnx.helper.set_model_props(model, {KEY: description.to_json()})
    with atomic_path(file) as temporary:
        temporary.write_bytes(model.SerializeToString())
    return description


def _resolutions(file: Path, inputs: Mapping[str, NDArray[Any]]) -> dict[str, int]:
    """Name of each convolution, in the file's order -> pixels of its output for these inputs."""
    import onnx
    import onnxruntime

    model = onnx.load(file)
    convolutions = [node for node in model.graph.node if node.op_type == 'Conv']
    model.graph.output.extend(onnx.helper.make_empty_tensor_value_info(node.output[0]) for node in convolutions)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=['CPUExecutionProvider'])
    outputs = session.run([node.output[0] for node in convolutions], dict(inputs))
    return {node.name: output.shape[-2] * output.shape[-1] for node, output in zip(convolutions, outputs)}


def convolutions_in_float(resolutions: Mapping[str, int]) -> list[str]:
    """The first, the last, and those of full resolution unless these are more than half.

    Args:
        resolutions: Name -> pixels of its output, in the order of the network.

    Returns:
        Names, sorted.
    """
    names = list(resolutions)
    ends, full = {names[0], names[-1]}, max(resolutions.values())
    kept = ends | {name for name in names if resolutions[name] == full}
    return sorted(kept if 2 * len(kept) <= len(names) else ends)
