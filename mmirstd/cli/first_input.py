"""Where no model is named the first word is an input: ``mmirstd infer video.mp4 --track --out results``."""

from __future__ import annotations

import glob
import os
from pathlib import Path


def is_input(item: str) -> bool:
    """Whether what stands where CONFIG belongs is an image, a folder, a pattern, a video or a stream.

    A name of ours is a config, whatever else is called so; so is what does not exist, unless its suffix is that of an
    image or a video, or it ends with a slash: then the error is about what is missing. A folder that has a config file
    is no folder of images.
    """
    # Not at the top: what runs an exported file has no configs, nor what reads them.
    from mmirstd.apis.inputs import STILL_SUFFIXES, is_live
    from mmirstd.datasets.image_io import VIDEO_SUFFIXES
    from mmirstd.engine.checkpoint_files import looks_like_checkpoint
    from mmirstd.engine.config_names import new_name, runnable_configs, short_names

    if item.endswith('.py') or looks_like_checkpoint(item) or new_name(item) is not None:
        return False
    if item in runnable_configs() or item in dict(short_names()):
        return False
    path = Path(os.path.expanduser(item))
    if path.is_dir():
        return not any(entry.suffix == '.py' for entry in path.iterdir())
    return (
        item.endswith(os.sep)
        or is_live(item)
        or path.suffix.lower() in (*STILL_SUFFIXES, *VIDEO_SUFFIXES)
        or bool(glob.glob(str(path)))
    )
