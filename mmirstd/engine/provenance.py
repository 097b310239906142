"""Where a result comes from: commit, data and versions."""

from __future__ import annotations

import hashlib
import os
import platform
import subprocess
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

#: What decides a result; READMEs, tests and records may change beside a running benchmark.
CODE = ('mmirstd', 'tools', 'configs', 'setup.py', 'requirements.txt')


def git_state(root: Path, config: Path) -> dict[str, Any]:
    """Commit of the checkout, and which code files differ from it.

    Args:
        root: The repository.
        config: The config in use, which counts although it may be untracked.

    Returns:
        ``commit`` (outside git what the environment variable ``MMIRSTD_COMMIT`` says, or None) and ``dirty``: at most
        20 changed files of :data:`CODE`, sorted, READMEs and records left out. An untracked module counts by the
        tracked one that imports it.
    """

    def git(*args: str) -> str | None:
        try:
            done = subprocess.run(['git', '-C', str(root), *args], capture_output=True, text=True, check=False)
        except OSError:
            return None
        return done.stdout if done.returncode == 0 else None

    commit = git('rev-parse', 'HEAD')
    if commit is None:
        return dict(commit=os.environ.get('MMIRSTD_COMMIT') or None, dirty=[])
    paths = [path for path in CODE if (root / path).exists()]
    status = git('status', '--porcelain', '--untracked-files=no', '--', *paths) or ''
    status += git('status', '--porcelain', '--untracked-files=all', '--', str(config)) or ''
    changed = sorted({line[3:] for line in status.splitlines() if not line.endswith(('.md', '.json'))})
    return dict(commit=commit.strip(), dirty=changed[:20])


def data_state(cfg: Any) -> dict[str, str]:
    """Which annotation and split files a config reads, so that results on other data are told apart.

    Returns:
        Path below its data root -> first 16 digits of the SHA-256; of several candidates (``SIRSTDataset``) the one in
        use, the first that exists; files that do not exist are left out. Where another root has another file of the
        same path, the root's own name stands before it.
    """
    found: dict[str, str] = {}

    def walk(node: Any) -> None:
        if isinstance(node, dict):
            names = node.get('ann_file') or []
            for name in [names] if isinstance(names, str) else names:
                root = Path(node.get('data_root') or '.').absolute()
                file = root / name
                if file.is_file():
                    digest = hashlib.sha256(file.read_bytes()).hexdigest()[:16]
                    key = name if not Path(name).is_absolute() else file.name
                    if found.setdefault(key, digest) != digest:  # two roots with lists of one name
                        found[str(Path(root.name, key))] = digest
                    break
            for item in node.values():
                walk(item)
        elif isinstance(node, (list, tuple)):
            for item in node:
                walk(item)

    for split in ('train', 'val', 'test'):
        walk(cfg.get(f'{split}_dataloader'))
    return dict(sorted(found.items()))


def versions(
    names: Sequence[str] = ('mmirstd', 'mmengine', 'mmcv', 'mmseg', 'torch', 'numpy', 'cv2'),
) -> dict[str, str]:
    """Versions of what takes part in a result.

    Args:
        names: Packages, which are imported.
    """
    found = {'python': platform.python_version()}
    for name in names:
        found[name] = getattr(import_module(name), '__version__', 'unknown')
    if sys.modules.get('mmdet'):  # takes part in detection only
        found['mmdet'] = sys.modules['mmdet'].__version__
    return found
