"""Run an exported file with ONNX Runtime or OpenVINO; neither torch nor OpenMMLab is imported."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmirstd.utils.errors import DataError, MissingDataError, UserError

from .graph_description import KEY, READERS, GraphDescription
from .openvino_package import openvino_core

#: What runs a file -> the Python package; the first installed one is taken unless another is asked for.
RUNTIMES: dict[str, str] = {'openvino': 'openvino', 'onnxruntime': 'onnxruntime'}


class GraphSession(ABC):
    """An exported file, ready to run.

    Attributes:
        file: The file.
        runtime: Of ``RUNTIMES``.
        description: What the file says of itself.
    """

    runtime: str

    def __init__(self, file: Path, description: GraphDescription) -> None:
        self.file = file
        self.description = description

    @abstractmethod
    def run(self, inputs: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
        """Outputs by their names, from inputs by theirs."""


class OnnxRuntimeSession(GraphSession):
    """A file in ONNX Runtime.

    Args:
        file: ``.onnx``.
        threads: Threads of one operator; None: ONNX Runtime's choice.
        providers: Execution providers, the preferred first; None: the CPU.
    """

    runtime = 'onnxruntime'

    def __init__(self, file: Path, threads: int | None = None, providers: list[Any] | None = None) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        if threads is not None:
            options.intra_op_num_threads = threads
            options.inter_op_num_threads = 1
        try:
            self._session = onnxruntime.InferenceSession(
                os.fspath(file), options, providers=providers or ['CPUExecutionProvider']
            )
        except Exception as error:  # its own exceptions have no common base
            raise _unreadable(file, self.runtime, error) from error
        metadata = self._session.get_modelmeta().custom_metadata_map
        super().__init__(file, GraphDescription.from_json(metadata.get(KEY), os.fspath(file)))
        self._outputs = [output.name for output in self._session.get_outputs()]

    def run(self, inputs: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
        """See the base class."""
        return dict(zip(self._outputs, self._session.run(self._outputs, dict(inputs))))


class OpenVinoSession(GraphSession):
    """A file in OpenVINO.

    Args:
        file: ``.onnx`` or ``.xml``.
        threads: Threads; None: OpenVINO's choice.
        precision: ``'fp32'``, or ``'bf16'`` and ``'fp16'``: what OpenVINO may compute with; ``'int8'``: what is not
            quantized is float32.
    """

    runtime = 'openvino'

    def __init__(self, file: Path, threads: int | None = None, precision: str = 'fp32') -> None:
        core = openvino_core()
        options: dict[str, Any] = {
            'INFERENCE_PRECISION_HINT': {'fp32': 'f32', 'int8': 'f32', 'bf16': 'bf16', 'fp16': 'f16'}[precision],
            'PERFORMANCE_HINT': 'LATENCY',
        }
        if threads is not None:
            options['INFERENCE_NUM_THREADS'] = threads
        try:
            model = core.read_model(file)
            text = _openvino_metadata(model)
            self._compiled = core.compile_model(model, 'CPU', options)
        except RuntimeError as error:
            raise _unreadable(file, self.runtime, error) from error
        super().__init__(file, GraphDescription.from_json(text, os.fspath(file)))
        self._request = self._compiled.create_infer_request()
        self._outputs = [
            next(name for name in self.description.outputs if name in output.get_names())
            for output in self._compiled.outputs
        ]

    def run(self, inputs: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
        """See the base class."""
        results = self._request.infer(dict(inputs), share_inputs=True)
        return {name: np.array(results[index]) for index, name in enumerate(self._outputs)}


def _openvino_metadata(model: Any) -> str | None:
    # What ONNX has as an entry of its meta data, OpenVINO keeps below 'framework'.
    for path in ([KEY], ['framework', KEY]):
        if model.has_rt_info(path):
            return str(model.get_rt_info(path).astype(str))
    return None


def open_session(
    file: str | os.PathLike[str], runtime: str | None = None, threads: int | None = None, precision: str = 'fp32'
) -> GraphSession:
    """Open an exported file.

    Args:
        file: ``.onnx`` or OpenVINO's ``.xml``.
        runtime: Of ``RUNTIMES``; None: the first that is installed and reads the file.
        threads: Threads; None: the runtime's choice.
        precision: Of the arithmetic; ``'bf16'`` and ``'fp16'`` OpenVINO alone knows, ``'int8'`` needs a quantized file,
            which runs so in any case.

    Raises:
        MissingDataError: There is no such file.
        DataError: It cannot be read, or has another format.
        UserError: The runtime is not installed, or does not know the precision.
    """
    path = Path(file)
    if not path.is_file():
        raise MissingDataError(f'{path}: there is no such file', expected='a file that `mmirstd export` wrote')
    readers = READERS.get(path.suffix.lower())
    if readers is None:
        raise DataError(
            f'{path}: not a format that runs without PyTorch',
            expected=f'a name that ends in {" or ".join(READERS)}',
            cure='mmirstd export CONFIG CKPT --format onnx -o FILE.onnx',
        )
    chosen = runtime or next((name for name in RUNTIMES if name in readers and is_installed(name)), readers[0])
    if chosen not in readers:
        raise UserError(f'{path}: {chosen} does not read this format', expected=' or '.join(readers))
    if not is_installed(chosen):
        raise UserError(
            f'{path}: needs {chosen}, which is not installed', cure=f"pip install {chosen} (or 'mmirstd[deploy]')"
        )
    if path.suffix.lower() == '.xml' and not path.with_suffix('.bin').is_file():
        raise MissingDataError(
            f'{path}: there is no {path.with_suffix(".bin").name} beside it',
            expected='both files that `mmirstd export` wrote: the .xml says how to compute, the .bin has the weights',
        )
    if chosen == 'openvino':
        session: GraphSession = OpenVinoSession(path, threads, precision)
    elif precision in ('fp32', 'int8'):
        session = OnnxRuntimeSession(path, threads)
    else:
        raise UserError(f'{path}: onnxruntime computes in the precision of the file', cure='--backend openvino')
    if precision == 'int8' and session.description.precision != 'int8':
        raise UserError(
            f'{path}: precision int8',
            found=f'a file in {session.description.precision}',
            expected='a quantized one',
            cure='mmirstd export CONFIG CKPT --precision int8 --calibration-images DIR -o FILE',
        )
    return session


def is_installed(runtime: str) -> bool:
    """Whether the package of a runtime is there."""
    return find_spec(RUNTIMES[runtime]) is not None


def _unreadable(file: Path, runtime: str, error: Exception) -> DataError:
    lines = str(error).strip().splitlines()
    # OpenVINO says first in which of its own files it was
    reason = next((line for line in lines if not line.startswith(('Exception from ', 'Check '))), 'no reason given')
    return DataError(
        f'{file}: {runtime} cannot read this file ({reason})',
        cure='export it again: mmirstd export CONFIG CKPT -o FILE',
    )
