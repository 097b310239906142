"""Fenced blocks of the documentation's pages, and a runner of what a section says."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.shared import REPO


@dataclass
class Block:
    """A fenced block of a page.

    Attributes:
        page: Where it stands.
        line: Number of its first line.
        language: What follows the fence.
        mark: The comment before it: ``run``, ``config``, or ``file: NAME``.
        text: Its lines.
        section: The heading above it.
    """

    page: Path
    line: int
    language: str
    mark: str
    text: str
    section: str = ''


def blocks(page: Path, *languages: str) -> list[Block]:
    """The blocks of these languages."""
    text = page.read_text(encoding='utf-8')
    found = []
    for match in re.finditer(r'(?:<!-- (run|config|file: \S+) -->\n)?^```(\w+)\n(.*?)^```$', text, re.M | re.S):
        if match[2] in languages:
            line = text.count('\n', 0, match.start(3)) + 1
            headings = re.findall(
                r'^#+ (.*)$', re.sub(r'^```.*?^```$', '', text[: match.start()], flags=re.M | re.S), re.M
            )
            found.append(Block(page, line, match[2], match[1] or '', match[3], headings[-1] if headings else ''))
    return found


def run_section(
    page: str, section: str, folder: Path, shorten: Callable[[list[str]], Sequence[str]] = lambda words: ()
) -> list[str]:
    """Do what a section of a page says, in a folder: its ``python`` blocks are files, its ``mmirstd`` lines are run.

    Args:
        page: Name of the page in ``docs``.
        section: The heading, without ``#``.
        folder: Has the files that the section presumes.
        shorten: What is added to a command so that a test takes seconds, from its words; only the length may change.

    Returns:
        What the commands printed. A command that fails is an error of the page.
    """
    said = []
    for block in blocks(REPO / 'docs' / page, 'bash', 'python'):
        if block.section != section:
            continue
        if block.language == 'python':
            name = block.mark.removeprefix('file: ') if block.mark.startswith('file: ') else 'my_config.py'
            (folder / name).write_text(block.text, encoding='utf-8')
            continue
        for line in block.text.replace('\\\n', ' ').splitlines():
            words = shlex.split(line, comments=True)
            if words[:1] != ['mmirstd']:
                continue
            done = subprocess.run(
                [sys.executable, '-m', 'mmirstd.cli', *words[1:], *shorten(words[1:])],
                cwd=folder,
                capture_output=True,
                text=True,
                env=dict(os.environ, PYTHONPATH=str(REPO)),
                check=False,
            )
            assert done.returncode == 0, f'{page}: {line}\n{done.stdout}{done.stderr}'
            said.append(done.stdout)
    assert said, f'{page}: no command below the heading {section!r}'
    return said
