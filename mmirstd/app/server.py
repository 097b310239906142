"""The app's server: started without blocking, on files of its own, talking to nobody else."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from mmirstd.utils.errors import UserError
from mmirstd.utils.resources import resource_root

if TYPE_CHECKING:
    import gradio

    from .store import SessionStore
    from .upload_limits import UploadLimits

LOCAL_HOSTS = ('127.0.0.1', 'localhost', '::1')


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
) -> tuple[gradio.Blocks, SessionStore, str]:
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
    from .model_choices import ModelShelf, given_choice, shipped_choices
    from .old_uploads import keep_removing_old_files
    from .store import SessionStore

    try:
        from .page import build_page, launch_options
    except ImportError as error:
        if error.name != 'gradio':
            raise
        raise UserError('the app needs Gradio, which is not installed', cure=_gradio_cure()) from error
    shelf = ModelShelf([*(given_choice(*model) for model in models), *shipped_choices()], device)
    store = SessionStore(shelf, limits, Path(folder) / 'sessions')
    page = build_page(store)
    try:
        with _log_handlers_kept():
            _, address, _ = page.launch(server_name=host, server_port=port, **launch_options(limits))
    except OSError as error:
        raise UserError(f'the app cannot listen on {host}:{port}: {error}\n  cure: another --port') from error
    # Results are removed by their session.
    keep_removing_old_files(Path(folder), keep=[store.folder])
    return page, store, address


def _gradio_cure() -> str:
    """How Gradio is installed: a checkout has its Makefile, an installed package has its extra."""
    if (resource_root() / 'Makefile').is_file():
        return 'make app, or pip install -r requirements-app.txt'
    return 'pip install "mmirstd[app]"'


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
