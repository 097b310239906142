"""A page in the browser to try detectors on one's own files: ``mmirstd app [--model CONFIG [WEIGHTS]] ...``."""

from __future__ import annotations

import argparse
import signal
import sys
import tempfile
from contextlib import suppress

from mmirstd.app.upload_limits import UploadLimits

from .arguments import add_traceback_argument, make_parser

EXAMPLES = """
{app}                                        # shipped weights, methods without training
{app} --model ggl-net-tiny_nuaa best.pth     # a checkpoint of your own
{app} --model sstnet_b4-20e_daub moving.pth --max-frames 500     # moving targets in videos
"""


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    """Parse and check the command line; ``limits`` is made of what follows ``--max``."""
    default = UploadLimits()
    parser = make_parser(
        'app',
        "A page in the browser to try detectors on one's own files.",
        EXAMPLES,
        'then open http://127.0.0.1:7860 in a browser; Ctrl-C ends it',
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
    parser.add_argument(
        '--max-files',
        type=int,
        default=default.files,
        metavar='N',
        help='images of a folder, a ZIP or a selection that are looked at (default: %(default)s; fewer where together '
        'they have more than four times --max-pixels)',
    )
    parser.add_argument('--device', help='cpu, cuda, cuda:1, ... (default: the GPU if there is one)')
    add_traceback_argument(parser)
    args = parser.parse_args(argv)
    for given in args.model:
        if len(given) > 2:
            parser.error(f'--model {" ".join(given)}: expected CONFIG [WEIGHTS]; repeat --model for another one')
    if not 1 <= args.port <= 65535:
        parser.error(f'--port {args.port}: expected 1 to 65535')
    try:
        args.limits = UploadLimits(args.max_upload_mb, args.max_pixels, args.max_frames, args.max_files)
    except ValueError:
        parser.error('--max-upload-mb, --max-pixels, --max-frames and --max-files must be positive')
    return args


def main(argv: list[str] | None = None) -> None:
    """Command line entry."""
    args = parse_args(argv)
    from mmirstd.app.server import LOCAL_HOSTS, start
    from mmirstd.engine.freed_memory import keep_freed_memory
    from mmirstd.engine.threads import apply_threads, plan_threads

    plan = plan_threads()
    if plan.busy:
        print(f'notice: {plan}', file=sys.stderr)
    apply_threads(plan)
    keep_freed_memory()
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
