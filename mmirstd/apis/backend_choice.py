"""Choose what computes an inferencer's maps: the fastest that is installed and gives the network's results."""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from mmirstd.compat.mean_of_views import views_of
from mmirstd.deploy.graph_description import FORMAT_VERSION, KEY, GraphDescription
from mmirstd.deploy.graph_files import write_graph
from mmirstd.deploy.quantization import lacks_fast_integers
from mmirstd.deploy.session import RUNTIMES, is_installed, open_session
from mmirstd.utils.errors import DataError, UserError
from mmirstd.version import __version__

from .calibration import BROKEN, CalibrationImages
from .map_backends import MapBackend, SessionBackend, TorchBackend
from .sequence_inference import SequenceInference

#: What ``backend`` may be.
BACKENDS: tuple[str, ...] = ('auto', 'torch', *RUNTIMES)
#: What ``precision`` may be.
PRECISIONS: tuple[str, ...] = ('fp32', 'bf16', 'fp16', 'int8')
#: The default backend where this environment variable does not name another.
VARIABLE = 'MMIRSTD_BACKEND'
#: Largest difference of a probability in float32.
TOLERANCE = 1e-4
#: Sides of the image of the self-check, at most.
CHECK_SIZE = 512
_REPEATS = 3


def default_backend() -> str:
    """``auto``, or what the environment variable says.

    Raises:
        UserError: It names no backend.
    """
    name = os.environ.get(VARIABLE) or 'auto'
    if name not in BACKENDS:
        raise UserError(VARIABLE, found=repr(name), expected=', '.join(BACKENDS))
    return name


def cache_folder() -> Path:
    """Where networks are kept that were exported for a backend."""
    base = os.environ.get('XDG_CACHE_HOME') or os.path.join(os.path.expanduser('~'), '.cache')
    return Path(base) / 'mmirstd' / 'exported'


def choose_backend(
    inferencer: Any, own: TorchBackend, asked: str, precision: str, image: np.ndarray, say: Callable[[str], None]
) -> MapBackend:
    """The backend of an inferencer; what was taken and why is said.

    Args:
        inferencer: An :class:`~.irstd_inferencer.IRSTDInferencer`.
        own: Its network in PyTorch.
        asked: Of ``BACKENDS``.
        precision: Of ``PRECISIONS``.
        image: (H, W) normalized, of the size that will come; the backends are compared on it.
        say: Called with a line for the user.

    Raises:
        UserError: What was asked for is not installed, cannot do it, or gives other results.
    """
    image = np.ascontiguousarray(image[:CHECK_SIZE, :CHECK_SIZE])
    names = [name for name in RUNTIMES if is_installed(name)] if asked == 'auto' else [asked]
    if asked in RUNTIMES and not is_installed(asked):
        raise UserError(f'backend {asked}: it is not installed', cure=f"pip install {asked} (or 'mmirstd[deploy]')")
    if asked == 'auto' and precision == 'fp32' and not names:
        say(
            "backend: torch; OpenVINO and ONNX Runtime, often faster, are not installed (pip install 'mmirstd[deploy]')"
        )
        return own
    if precision == 'int8':
        notice = lacks_fast_integers()
        if notice:
            say(notice)
        if asked == 'torch' or not names:
            cure = '--backend auto' if any(map(is_installed, RUNTIMES)) else "pip install 'mmirstd[deploy]'"
            raise UserError(f'backend {asked}, int8: ONNX Runtime and OpenVINO compute so', cure=cure)
    elif precision != 'fp32':
        names = [name for name in names if name != 'onnxruntime'] if asked == 'auto' else names
    reference = _reduced(own, 'fp32')
    in_torch = asked in ('auto', 'torch') and precision != 'int8'
    candidates: list[MapBackend] = [_reduced(own, precision)] if in_torch else []
    refused: list[str] = []
    try:
        file = exported_file(inferencer, say) if any(name in RUNTIMES for name in names) else None
    except Exception as error:  # whatever a network of someone else does to an exporter, PyTorch still runs it
        if isinstance(error, DataError):  # of a calibration image, not of the one that is at hand
            raise UserError(f'precision int8: --calibration-images: {error.told(error.cure)}') from error
        if asked != 'auto' or precision == 'int8':
            raise
        file, names = None, []
        refused.append(str(error).split('\n')[0])
    for name in names:
        if file is None or name not in RUNTIMES:
            continue
        try:
            session = open_session(file, name, threads=torch.get_num_threads(), precision=precision)
            exported = SessionBackend(session, precision)
            exported([image])
        except (UserError, RuntimeError) as error:
            if asked != 'auto':
                raise UserError(f'backend {name}, {precision}: {str(error).splitlines()[0]}') from error
            refused.append(f'{name}: {str(error).splitlines()[0]}')
            continue
        candidates.append(exported)
    expected = reference([image])[0].probability
    checked: list[tuple[MapBackend, float]] = []
    for candidate in candidates:
        differences = np.abs(candidate([image])[0].probability - expected)
        difference, mean = float(differences.max()), float(differences.mean())
        if precision == 'fp32' and not difference <= TOLERANCE:
            refused.append(f'{candidate.name}: differs by {difference:.2g}')
        elif precision == 'int8' and not mean <= BROKEN:
            refused.append(f'{candidate.name}: probabilities differ from float32 by {mean:.2g} in the mean')
        else:
            checked.append((candidate, difference))
    if not checked:
        cure = '--backend torch' if precision == 'fp32' else 'another --backend, or --precision fp32'
        raise UserError(f'backend {asked}, {precision}: {"; ".join(refused)}', cure=cure)
    times = _times([reference, *(candidate for candidate, _ in checked)], image)
    best = min(range(len(checked)), key=lambda k: times[k + 1])
    chosen, difference = checked[best]
    if asked == 'auto' or precision != 'fp32':
        height, width = image.shape
        ratio = times[0] / times[best + 1]
        others = '' if not refused else f' (not taken: {"; ".join(refused)})'
        if chosen.name == 'torch' and precision == 'fp32':
            say(f'backend: torch, the fastest that is installed on {height}x{width} pixels{others}')
        else:
            say(
                f'backend: {chosen.name}, {precision}: {ratio:.1f} times as fast as torch in fp32 on {height}x{width} '
                f'pixels; probabilities differ by at most {difference:.1g} there{others}'
            )
    return chosen


def _reduced(own: TorchBackend, precision: str) -> TorchBackend:
    return TorchBackend(own.network, own.pipeline, own.label, precision)


def _times(sides: Sequence[MapBackend], image: np.ndarray) -> list[float]:
    """Seconds of each side, the best of a few alternating runs."""
    times = [float('inf')] * len(sides)
    for _ in range(_REPEATS):
        for k, side in enumerate(sides):
            start = time.perf_counter()
            side([image])
            times[k] = min(times[k], time.perf_counter() - start)
    return times


def exported_file(inferencer: Any, say: Callable[[str], None], stream: bool = False) -> Path:
    """The network as an ONNX file, from the cache, or exported now; in int8 where the inferencer is calibrated.

    Args:
        inferencer: Of the network.
        say: Called with a line for the user.
        stream: Of a model of clips: one frame and what is kept of the past, in place of whole clips.

    Raises:
        UserError: The network cannot be exported.
    """
    from .exporting import export_model, graph_of

    calibration = getattr(inferencer, 'calibration', None)
    images = '' if calibration is None else f'-int8-{_calibration_digest(inferencer, calibration)[:16]}'
    file = (
        cache_folder()
        / f'{inferencer.name}-{network_digest(inferencer)[:16]}{"-stream" if stream else ""}{images}.onnx'
    )
    if file.is_file():
        if _is_whole(file):
            return file
        say(f'backend: {file} is damaged, and is made anew')
    if calibration is not None:
        check = export_model(inferencer, file, calibration=calibration)
        say(f'backend: the network was quantized once to {file}; {check}')
        return file
    if _is_of_clips(inferencer):
        check = export_model(inferencer, file, stream=stream)
        say(f'backend: the model was exported once to {file}; {check}')
        return file
    graph, description = graph_of(inferencer)
    write_graph(graph, file, description)
    say(f'backend: the network was exported once to {file}')
    return file


def _is_of_clips(inferencer: Any) -> bool:
    return isinstance(inferencer, SequenceInference)


def _is_whole(file: Path) -> bool:
    """Whether a file of the cache is what was written there: a disk that was full may have cut it."""
    try:
        import onnx

        about = {entry.key: entry.value for entry in onnx.load(file, load_external_data=False).metadata_props}
        GraphDescription.from_json(about.get(KEY), str(file))
    except ImportError:  # nothing could make it anew; the runtime tells whether it can read it
        return True
    except Exception:  # protobuf's own errors, and ours
        return False
    return True


def _calibration_digest(inferencer: Any, calibration: CalibrationImages) -> str:
    """Checksum of what the network sees of the images, and of how the CPU multiplies: what the scales depend on."""
    from .exporting import normalization_of

    record = calibration.record()
    seen = [record['images_sha256'], normalization_of(inferencer), lacks_fast_integers() is None]
    return hashlib.sha256(json.dumps(seen).encode()).hexdigest()


def network_digest(inferencer: Any) -> str:
    """Checksum of all that an exported file depends on: network, weights, pipeline, versions."""
    from .exporting import normalization_of

    digest = hashlib.sha256(
        f'{__version__} {FORMAT_VERSION} {torch.__version__} {inferencer.model} {inferencer.pipeline} '
        f'{views_of(inferencer.model)}'.encode()
    )
    if _is_of_clips(inferencer):  # its file says how to read gray values, and which frames are a clip
        clip = [normalization_of(inferencer), inferencer.detector.stream.stride, inferencer.gaps, inferencer.classes]
        digest.update(json.dumps(clip).encode())
    for name, value in inferencer.model.state_dict().items():
        digest.update(name.encode())
        digest.update(value.detach().cpu().contiguous().view(-1).view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()
