"""A page in the browser to try detectors on one's own files: ``python tools/app.py [--model CONFIG [WEIGHTS]] ...``."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .session import SessionStore
    from .uploads import UploadLimits

LOCAL_HOSTS = ('127.0.0.1', 'localhost', '::1')

EXAMPLES = """\
examples:
  python tools/app.py                                                  # methods without training, shipped weights
  python tools/app.py --model ggl-net-tiny_nuaa best.pth  # a checkpoint of your own
  python tools/app.py --model sstnet_b4-20e_daub moving.pth --max-frames 500           # moving targets in videos

then open http://127.0.0.1:7860 in a browser; Ctrl-C ends it (docs/app.md)
"""


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    """Parse and check the command line; ``limits`` is made of what follows ``--max``."""
    from .uploads import UploadLimits

    default = UploadLimits()
    parser = argparse.ArgumentParser(
        description=__doc__, epilog=EXAMPLES, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        '--model',
        nargs='+',
        action='append',
        default=[],
        metavar=('CONFIG', 'WEIGHTS'),
        help='a config file or the name of one in configs/, and its checkpoint; may be repeated. They '
        'come before what is offered anyway: methods without training, models with weights in the '
        'repository',
    )
    parser.add_argument(
        '--host',
        default='127.0.0.1',
        help='address to listen on (default: %(default)s, this machine only; there is no password)',
    )
    parser.add_argument('--port', type=int, default=7860, help='default: %(default)s')
    parser.add_argument(
        '--max-upload-mb',
        type=float,
        default=default.megabytes,
        metavar='MB',
        help='largest file (default: %(default)s)',
    )
    parser.add_argument(
        '--max-pixels',
        type=int,
        default=default.pixels,
        metavar='N',
        help='largest image or frame (default: %(default)s, e.g. 4096x4096)',
    )
    parser.add_argument(
        '--max-frames',
        type=int,
        default=default.frames,
        metavar='N',
        help='frames of a video that are looked at (default: %(default)s; fewer where together they '
        'have more than four times --max-pixels)',
    )
    parser.add_argument('--device', help='cpu, cuda, cuda:1, ... (default: the GPU if there is one)')
    parser.add_argument('--traceback', action='store_true', help='show the traceback of a wrong usage, too')
    args = parser.parse_args(argv)
    for given in args.model:
        if len(given) > 2:
            parser.error(f'--model {" ".join(given)}: expected CONFIG [WEIGHTS]; repeat --model for another one')
    if not 1 <= args.port <= 65535:
        parser.error(f'--port {args.port}: expected 1 to 65535')
    try:
        args.limits = UploadLimits(args.max_upload_mb, args.max_pixels, args.max_frames)
    except ValueError:
        parser.error('--max-upload-mb, --max-pixels and --max-frames must be positive')
    return args


def prepare_environment(folder: str | os.PathLike[str]) -> None:
    """Tell Gradio, before it is imported, to keep its files in ``folder`` and to talk to nobody."""
    os.environ.update(
        GRADIO_TEMP_DIR=os.fspath(folder),
        GRADIO_ANALYTICS_ENABLED='False',
        HF_HUB_OFFLINE='1',
        HF_HUB_DISABLE_TELEMETRY='1',
        DISABLE_TELEMETRY='1',
    )
    # Gradio asks its own server whether it has started; a proxy must not stand between.
    for name in ('no_proxy', 'NO_PROXY'):
        os.environ[name] = ','.join(filter(None, (os.environ.get(name), *LOCAL_HOSTS)))


def start(
    models: list[list[str]],
    limits: UploadLimits,
    folder: str | os.PathLike[str],
    host: str,
    port: int,
    device: str | None = None,
) -> tuple[Any, SessionStore, str]:
    """Start the server and return at once.

    Args:
        models: (config,) or (config, weights) each; see :func:`mmirstd.app.model_choices.given_choice`.
        limits: What an upload may cost.
        folder: For uploads and results; its content is the app's.
        host: Address to listen on.
        port: TCP port.
        device: Where to compute.

    Returns:
        The Gradio page, the session store and the address.

    Raises:
        UserError: Gradio is not installed, a model cannot be used, or the port is taken.
    """
    prepare_environment(folder)
    from mmirstd.utils.errors import UserError

    from .model_choices import ModelShelf, given_choice, shipped_choices
    from .session import SessionStore

    try:
        from .page import build_page, launch_options
    except ImportError as error:
        if error.name != 'gradio':
            raise
        raise UserError(
            'the app needs Gradio, which is not installed.\n  cure: make app, or pip install -r requirements-app.txt'
        ) from error
    shelf = ModelShelf([*(given_choice(*model) for model in models), *shipped_choices()], device)
    store = SessionStore(shelf, limits, Path(folder) / 'sessions')
    page = build_page(store)
    try:
        with _log_handlers_kept():
            _, address, _ = page.launch(server_name=host, server_port=port, **launch_options(limits))
    except OSError as error:
        raise UserError(f'the app cannot listen on {host}:{port}: {error}\n  cure: another --port') from error
    return page, store, address


@contextmanager
def _log_handlers_kept() -> Iterator[None]:
    """Keep the server from closing every log file of this process, as it does when it sets logging up anew."""
    from uvicorn.config import LOGGING_CONFIG

    saved = dict(LOGGING_CONFIG)
    LOGGING_CONFIG.clear()
    LOGGING_CONFIG.update(version=1, incremental=True)
    try:
        yield
    finally:
        LOGGING_CONFIG.clear()
        LOGGING_CONFIG.update(saved)


def main(argv: list[str] | None = None) -> None:
    """Command line entry."""
    from mmirstd.engine.threads import apply_threads, plan_threads

    args = parse_args(argv)
    plan = plan_threads()
    if plan.busy:
        print(f'notice: {plan}', file=sys.stderr)
    apply_threads(plan)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # clean up then, too
    with (
        suppress(KeyboardInterrupt),
        tempfile.TemporaryDirectory(prefix='mmirstd-app-', ignore_cleanup_errors=True) as folder,
    ):
        page, store, address = start(args.model, args.limits, folder, args.host, args.port, args.device)
        print(f'open {address} in a browser; Ctrl-C ends the app', flush=True)
        if args.host not in LOCAL_HOSTS:
            print(
                f'notice: everyone who reaches {args.host}:{args.port} can use the app; it has no password',
                file=sys.stderr,
            )
        try:
            page.block_thread()
        finally:
            page.close(verbose=False)
            store.close()
