"""Does this GPU compute what the CPU computes, and how fast is it? docs/gpu.md

    python benchmarks/gpu/check.py --minutes 3 --out gpu-check

Runs the tests of `make gpu-check`, then measures; both end in time. After each measurement check.json and check.md are
written anew, so that nothing is lost when the machine is taken away. ``--device cpu`` is a dry run: it shows that the
script runs, and nothing of a GPU.
"""

from __future__ import annotations

import argparse
import copy
import importlib.util
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import torch
from mmengine.config import Config
from mmengine.dataset import pseudo_collate
from mmengine.logging import MMLogger
from mmengine.registry import init_default_scope
from torch import nn

import mmirstd.registry
from mmirstd.apis import IRSTDInferencer, StreamingDetector, StreamingSegmentor
from mmirstd.apis.exporting import graph_of
from mmirstd.apis.model_loading import find_model_config
from mmirstd.cli.speed_training import OurStep, PlainLoop, dataset, write_images
from mmirstd.costs.backend_sides import official_form
from mmirstd.deploy.graph_files import write_graph
from mmirstd.deploy.session import OnnxRuntimeSession
from mmirstd.engine.config_names import networks
from mmirstd.engine.provenance import git_state
from mmirstd.models.detectors import MultiFrameDetector
from mmirstd.models.folded import folded_copy
from mmirstd.models.segmentors import MultiFrameSegmentor
from mmirstd.registry import MODELS
from mmirstd.utils.commands import python_path
from mmirstd.utils.files import write_json, write_text
from mmirstd.utils.resources import resource_root

NETWORK = 'ggl-net'
TRAINING_CONFIG = 'ggl-net_recipe-b8-200e_nuaa-sirst-341-86'
SIZE, BATCHES = 256, (4, 16)
#: Networks of clips, the better known first: the time may not reach all.
CLIPS = (
    'sstnet',
    'yolo-bp',
    'resunet-dtum',
    'deeppro',
    'yolox-bp',
    'deeppro-plus',
    'tdcnet',
    'stmenet',
    'tridos',
    'resunet-rfr',
    'ggl-net-dtum',
    'lvnet',
    'feedbacksts',
)
HEADINGS = {
    'training': ('training step', 'batch', 'steps/s', 'images/s', 'ms', 'peak MiB'),
    'latency': ('one image', 'side', 'ms', 'images/s', 'differs by'),
    'streaming': ('stream', 'frames of a clip', 'frames/s', 'ms', 'ms, slowest of 20'),
}


class Clock:
    """Seconds that are left.

    Args:
        minutes: For everything.
    """

    def __init__(self, minutes: float) -> None:
        self._end = time.monotonic() + 60 * minutes

    def left(self) -> float:
        """Seconds; below 0 when it is over."""
        return self._end - time.monotonic()


def synchronize(device: torch.device) -> None:
    """Wait for what the device was told to do."""
    if device.type == 'cuda':
        torch.cuda.synchronize(device)


def timed(run: Callable[[], object], device: torch.device, seconds: float, least: int = 3) -> list[float]:
    """Seconds of single calls, each waited for; as many as fit, ``least`` in any case."""
    times: list[float] = []
    begin = time.perf_counter()
    while len(times) < least or time.perf_counter() - begin < seconds:
        synchronize(device)
        start = time.perf_counter()
        run()
        synchronize(device)
        times.append(time.perf_counter() - start)
    return times


# Tests


def run_tests(device: str, workers: int, seconds: float, log: Path, words: list[str]) -> dict[str, Any]:
    """The tests of ``make gpu-check``; when the time is over, what ran until then counts.

    Returns:
        Numbers by outcome, names of those that failed, and whether all ran.
    """
    # -vv: pyproject.toml has a -q already
    command = [sys.executable, '-m', 'pytest', '-m', 'gpu', '-vv', '--tb=short', '-p', 'no:cacheprovider', *words]
    if workers > 1 and importlib.util.find_spec('xdist') is not None:
        command += ['-n', str(workers), '--dist', 'worksteal']
    environment = {**os.environ, 'MMIRSTD_GPU_DEVICE': device, 'PYTHONPATH': python_path(), 'OMP_NUM_THREADS': '1'}
    environment['PYTHONUNBUFFERED'] = '1'  # each line at once: the process may be ended
    start, ended = time.monotonic(), True
    with log.open('w', encoding='utf-8') as stream:
        process = subprocess.Popen(
            command,
            cwd=resource_root(),
            env=environment,
            stdout=stream,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            process.wait(timeout=max(1.0, seconds))
        except subprocess.TimeoutExpired:
            ended = False
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    return dict(
        read_outcomes(log.read_text(encoding='utf-8')),
        all_ran=ended,
        seconds=round(time.monotonic() - start, 1),
        workers=workers,
    )


def read_outcomes(text: str) -> dict[str, Any]:
    """Numbers by outcome from the lines of ``pytest -v``, and names of those that failed."""
    words = 'PASSED|FAILED|ERROR|SKIPPED'
    several = re.findall(rf'^\[gw\d+\] \[ *\d+%\] ({words}) (\S+::.+)$', text, re.M)
    alone = re.findall(rf'^(\S+::.+?) ({words})(?: \(.*\))? +\[ *\d+%\]$', text, re.M)
    outcomes = {name.strip(): outcome for outcome, name in [*several, *((word, name) for name, word in alone)]}
    counts = {word.lower(): list(outcomes.values()).count(word) for word in words.split('|')}
    return dict(counts, failures=[name for name, outcome in outcomes.items() if outcome in ('FAILED', 'ERROR')])


# Measurements: each gives rows of a table of HEADINGS


def training_rows(
    device: torch.device, seconds: float, size: int, compiled: bool = False
) -> Iterator[tuple[str, Callable[[], list]]]:
    """Name -> a function that measures a training step, on data that stay; compiled ones take a minute and go last."""
    cfg = find_model_config(TRAINING_CONFIG, {})
    init_default_scope('mmseg')
    for step in cfg.train_dataloader.dataset.pipeline:
        if str(step['type']).endswith('TargetAwareCrop'):
            step['size'] = size
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        write_images(root, max(BATCHES), size)
        loading = dataset(cfg, root, True)
        images = [loading[index] for index in range(max(BATCHES))]
    torch.manual_seed(0)
    network = MODELS.build(cfg.model).to(device)

    def row(name: str, batch: int, build: Callable[[dict], Any], tf32: bool = False, tune: bool = False) -> list:
        data = pseudo_collate(copy.deepcopy(images[:batch]))
        before = torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32, torch.backends.cudnn.benchmark
        torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = tf32
        torch.backends.cudnn.benchmark = tune
        try:
            step = build(data)
            for _ in range(2):  # compiling, choosing kernels, the state of the optimizer
                step()
            if device.type == 'cuda':
                torch.cuda.reset_peak_memory_stats(device)
            times = timed(step, device, seconds)
            peak = torch.cuda.max_memory_allocated(device) / 2**20 if device.type == 'cuda' else None
        finally:
            torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32, torch.backends.cudnn.benchmark = (
                before
            )
            torch._dynamo.reset()
        took = median(times)
        return [name, batch, 1 / took, batch / took, 1000 * took, peak]

    def ours(dtype: str, compile_it: bool = False) -> Callable[[dict], OurStep]:
        return lambda data: OurStep(cfg, network, data, dtype, compiled=compile_it)

    forms: list[tuple[str, Callable[[dict], Any], dict]] = [
        ('as official codes: eager, float32, three channels', lambda data: PlainLoop(cfg, network, data), {}),
        ('ours, float32', ours('float32'), {}),
        ('ours, TF32', ours('float32'), dict(tf32=True)),
        ('ours, bfloat16', ours('bfloat16'), {}),
        ('ours, float16 with loss scaling', ours('float16'), {}),
        ('ours, bfloat16, cudnn.benchmark', ours('bfloat16'), dict(tune=True)),
        ('ours, bfloat16, compiled', ours('bfloat16', True), {}),
        ('ours, TF32, compiled', ours('float32', True), dict(tf32=True)),
    ]
    for name, build, options in forms:
        if ('compiled' in name) != compiled:
            continue
        for batch in BATCHES:
            yield f'{name}, batch {batch}', lambda n=name, b=batch, f=build, o=options: row(n, b, f, **o)


def latency_rows(
    device: torch.device, seconds: float, sides: tuple[int, ...], compiled: bool = False
) -> Iterator[tuple[str, Callable[[], list]]]:
    """Name -> a function that measures one image, from the input on the device to probabilities on the device."""
    cfg = Config.fromfile(networks()[NETWORK])
    init_default_scope('mmseg')
    torch.manual_seed(0)
    network = MODELS.build(cfg.model)
    with torch.no_grad():  # statistics of noise: with mean 0 and variance 1 deep features would vanish
        for norm in (module for module in network.modules() if isinstance(module, nn.BatchNorm2d)):
            norm.momentum = 1.0
        network.train()(torch.rand(2, 1, 128, 128), mode='tensor')
    network.eval()
    official = official_form(cfg.model, network).to(device)
    network = network.to(device)
    folded = folded_copy(network).to(memory_format=torch.channels_last)

    def eager(model: nn.Module, x: torch.Tensor, dtype: torch.dtype | None = None) -> Callable[[], torch.Tensor]:
        @torch.inference_mode()
        def run() -> torch.Tensor:
            with torch.autocast(device.type, dtype or torch.bfloat16, enabled=dtype is not None):
                return model(x, mode='tensor').float().sigmoid()

        return run

    def graphed(model: nn.Module, x: torch.Tensor, dtype: torch.dtype | None = None) -> Callable[[], torch.Tensor]:
        run = eager(model, x, dtype)
        stream = torch.cuda.Stream()
        stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(stream):
            for _ in range(3):
                run()
        torch.cuda.current_stream().wait_stream(stream)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            out = run()

        def replay() -> torch.Tensor:
            graph.replay()
            return out

        return replay

    def compiled_form(model: nn.Module, x: torch.Tensor) -> Callable[[], torch.Tensor]:
        inner = torch.compile(lambda y: model(y, mode='tensor').float().sigmoid(), mode='reduce-overhead')

        @torch.inference_mode()
        def run() -> torch.Tensor:
            return inner(x)

        return run

    def row(name: str, side: int, build: Callable[[torch.Tensor], Callable[[], torch.Tensor]]) -> list:
        x = torch.rand(1, 1, side, side, generator=torch.Generator().manual_seed(0)).to(device)
        expected = eager(official, x.repeat(1, 3, 1, 1))()
        run = build(x)
        differs = float((run() - expected).abs().max())
        for _ in range(2):
            run()
        took = median(timed(run, device, seconds))
        torch._dynamo.reset()
        return [name, side, 1000 * took, 1 / took, differs]

    def onnx(providers: list[str]) -> Callable[[torch.Tensor], Callable[[], torch.Tensor]]:
        def build(x: torch.Tensor) -> Callable[[], torch.Tensor]:
            cpu = IRSTDInferencer(copy.deepcopy(network).cpu(), device='cpu', backend='torch')
            folder = tempfile.mkdtemp()
            file = write_graph(*((g := graph_of(cpu))[0], Path(folder) / 'network.onnx', g[1]))
            session = OnnxRuntimeSession(file, providers=providers)
            inputs = dict(image=x[0].cpu().numpy(), range=np.array([[0, 1]], np.float32))
            return lambda: torch.from_numpy(session.run(inputs)['probability'][0])[None].to(device)

        return build

    forms: list[tuple[str, Callable]] = [
        ('as official codes: eager, float32, three channels', lambda x: eager(official, x.repeat(1, 3, 1, 1))),
        ('ours, float32', lambda x: eager(network, x)),
        ('ours, folded, channels last', lambda x: eager(folded, x.contiguous(memory_format=torch.channels_last))),
        ('... bfloat16', lambda x: eager(folded, x.contiguous(memory_format=torch.channels_last), torch.bfloat16)),
    ]
    if device.type == 'cuda':
        forms += [
            ('... CUDA graph', lambda x: graphed(folded, x.contiguous(memory_format=torch.channels_last))),
            (
                '... CUDA graph, bfloat16',
                lambda x: graphed(folded, x.contiguous(memory_format=torch.channels_last), torch.bfloat16),
            ),
            ('... compiled with CUDA graphs', lambda x: compiled_form(folded, x)),
        ]
    for provider in ('CUDAExecutionProvider', 'TensorrtExecutionProvider'):
        if provider in onnx_providers():
            forms.append((f'ONNX Runtime, {provider.removesuffix("ExecutionProvider")}, with copies', onnx([provider])))
    for side in sides:
        for name, build in forms:
            if ('compiled' in name) != compiled:
                continue
            yield f'{name}, {side}', lambda n=name, s=side, b=build: row(n, s, b)


def onnx_providers() -> list[str]:
    """What ONNX Runtime can compute with here; nothing where it is not installed."""
    if importlib.util.find_spec('onnxruntime') is None:
        return []
    import onnxruntime

    return list(onnxruntime.get_available_providers())


def streaming_rows(device: torch.device, seconds: float, size: int) -> Iterator[tuple[str, Callable[[], list]]]:
    """Name -> a function that measures a stream, from decoded frames in memory to results."""
    video = np.random.default_rng(0).integers(0, 256, (24, size, size), dtype=np.uint8)

    def row(name: str) -> list:
        cfg = Config.fromfile(networks()[name])
        cfg.model.get('test_cfg', {}).pop('frames', None)  # key frames, also where a test asks for all of a window
        torch.manual_seed(0)
        # the class by its type, since both libraries have their own scopes
        for scope, kind, streaming in (
            ('mmdet', MultiFrameDetector, StreamingDetector),
            ('mmseg', MultiFrameSegmentor, StreamingSegmentor),
        ):
            init_default_scope(scope)
            built = MODELS.get(cfg.model.type)
            if isinstance(built, type) and issubclass(built, kind):
                model = MODELS.build(cfg.model)
                model.init_weights()  # few boxes, as at the start of training
                stream = streaming(model.eval(), device=device)
                break
        else:
            raise TypeError(f'{name}: no network of clips')
        frames = iter(range(10**9))
        for _ in range(max(3, getattr(model, 'num_frames', 1) + 1)):
            stream(video[next(frames) % len(video)])
        times = timed(lambda: stream(video[next(frames) % len(video)]), device, seconds)
        took = median(times)
        slow = sorted(times)[max(0, int(0.95 * len(times)) - 1)]
        return [name, getattr(model, 'num_frames', 1), 1 / took, 1000 * took, 1000 * slow]

    for name in CLIPS:
        if name in networks():
            yield name, lambda n=name: row(n)


# Report


def machine(device: torch.device) -> dict[str, Any]:
    """GPU, driver and versions."""
    driver = None
    if device.type == 'cuda':
        asked = subprocess.run(
            ['nvidia-smi', '--query-gpu=driver_version', '--format=csv,noheader'],
            capture_output=True,
            text=True,
            check=False,
        )
        driver = asked.stdout.split('\n')[0].strip() or None
    return dict(
        gpu=torch.cuda.get_device_name(device) if device.type == 'cuda' else f'none: a dry run on {device}',
        driver=driver,
        torch=torch.__version__,
        cuda=torch.version.cuda,
        cudnn=torch.backends.cudnn.version(),
        python=sys.version.split()[0],
        onnxruntime=onnx_providers(),
        git=git_state(resource_root(), Path(__file__)),
        time=time.strftime('%Y-%m-%dT%H:%M:%S%z'),
    )


def cell(value: Any) -> str:
    """A value in a table."""
    if isinstance(value, float):
        return f'{value:.1e}' if 0 < abs(value) < 0.01 else f'{value:.3g}' if abs(value) < 100 else f'{value:.0f}'
    return '-' if value is None else str(value)


def as_markdown(report: dict[str, Any]) -> str:
    """The report as tables."""
    about = report['machine']
    versions = ', '.join(f'{name} {about[name]}' for name in ('driver', 'torch', 'cuda', 'cudnn', 'python'))
    lines = [f'{about["gpu"]}, {versions}; images of {report["size"]}x{report["size"]} in training and streams']
    if tests := report.get('tests'):
        lines += [
            '',
            f'Tests: {tests["passed"]} passed, {tests["failed"]} failed, {tests["error"]} errors, '
            f'{tests["skipped"]} skipped' + ('' if tests['all_ran'] else '; NOT all ran: the time was over'),
            *(f'- FAILED {name}' for name in tests['failures']),
        ]
    for kind, headings in HEADINGS.items():
        rows = report['rows'].get(kind)
        if rows:
            lines += ['', f'| {" | ".join(headings)} |', f'|{"---|" * len(headings)}']
            lines += [f'| {" | ".join(cell(value) for value in row)} |' for row in rows]
    for name, text in report['failed'].items():
        lines += ['', f'FAILED {name}: {text}']
    if report['left']:
        lines += ['', f'Not measured, since the time was over: {", ".join(report["left"])}']
    return '\n'.join(lines) + '\n'


def save(report: dict[str, Any], out: Path) -> None:
    """Write both files anew."""
    write_json(out / 'check.json', report)
    write_text(out / 'check.md', as_markdown(report))


def measure(report: dict[str, Any], plans: list[tuple[str, Iterator]], clock: Clock, out: Path) -> None:
    """All measurements, as far as the time goes; one that fails does not keep the others from running."""
    for kind, plan in plans:
        try:
            for name, run in plan:
                if clock.left() < 5:
                    report['left'].append(f'{kind}: {name}')
                    continue
                start = time.monotonic()
                try:
                    report['rows'].setdefault(kind, []).append(run())
                except Exception as error:
                    report['failed'][f'{kind}: {name}'] = f'{type(error).__name__}: {str(error)[:300]}'
                print(f'{kind}: {name}: {time.monotonic() - start:.1f} s, {clock.left():.0f} s left', flush=True)
                save(report, out)
        except Exception as error:
            report['failed'][kind] = f'{type(error).__name__}: {str(error)[:300]}'
    save(report, out)


def main(argv: list[str] | None = None) -> int:
    """Test, measure, and write the report; the status is 1 where something failed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--minutes', type=float, default=3.0, help='for all; default: %(default)s')
    parser.add_argument('--out', type=Path, default=Path('gpu-check'), help='folder of the report')
    parser.add_argument('--device', default='cuda', help='cuda, or cpu for a dry run')
    parser.add_argument(
        '--workers', type=int, default=max(1, min(8, os.cpu_count() or 1)), help='processes of the tests'
    )
    parser.add_argument('--test-share', type=float, default=0.6, help='part of the time that the tests may take')
    parser.add_argument('--tests', nargs='*', default=['tests/gpu'], help='which tests')
    parser.add_argument('--only', nargs='+', choices=list(HEADINGS), default=list(HEADINGS), help='which tables')
    parser.add_argument('--size', type=int, default=SIZE, help='side of the images; smaller for a dry run')
    parser.add_argument('--seconds', type=float, default=0.7, help='of each measurement, after the first calls')
    args = parser.parse_args(argv)
    clock, device = Clock(args.minutes), torch.device(args.device)
    if device.type == 'cuda' and not torch.cuda.is_available():
        parser.error('PyTorch sees no GPU; --device cpu is a dry run')
    MMLogger.get_instance('check', log_level='ERROR')
    args.out.mkdir(parents=True, exist_ok=True)
    report: dict[str, Any] = dict(machine=machine(device), size=args.size, tests=None, rows={}, failed={}, left=[])
    save(report, args.out)
    if args.tests and args.test_share > 0:
        seconds = args.test_share * clock.left()
        report['tests'] = run_tests(args.device, args.workers, seconds, args.out / 'tests.log', args.tests)
        save(report, args.out)
    sides = (args.size, 2 * args.size)
    plans = [
        ('training', training_rows(device, args.seconds, args.size)),
        ('latency', latency_rows(device, args.seconds, sides)),
        ('streaming', streaming_rows(device, args.seconds, args.size)),
    ]
    if device.type == 'cuda':  # the CPU's compiler takes minutes
        plans += [
            ('latency', latency_rows(device, args.seconds, sides, compiled=True)),
            ('training', training_rows(device, args.seconds, args.size, compiled=True)),
        ]
    measure(report, [(kind, plan) for kind, plan in plans if kind in args.only], clock, args.out)
    print(as_markdown(report))
    tests = report['tests'] or {}
    return int(bool(report['failed'] or tests.get('failed') or tests.get('error')))


if __name__ == '__main__':
    sys.exit(main())
