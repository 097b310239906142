"""Write a report's data, style and scripts into one HTML file."""

from __future__ import annotations

import html
import json
from importlib import resources
from pathlib import Path
from typing import Any

#: In the order in which the page runs them.
SCRIPTS = (
    'data.js',
    'format.js',
    'export.js',
    'chart.js',
    'summary.js',
    'classes.js',
    'crop.js',
    'gallery.js',
    'images.js',
    'details.js',
    'main.js',
)


def render_page(contents: dict[str, Any]) -> str:
    """One HTML text that needs nothing else.

    Args:
        contents: Of :func:`.contents.build_contents`.
    """
    blocks = [_json_block('data', contents['data'])]
    blocks += [_json_block(f'crops-{index}', chunk) for index, chunk in enumerate(contents['chunks'])]
    blocks += [_json_block(f'clip-{index}', clip) for index, clip in enumerate(contents.get('clips', ()))]
    scripts = '\n'.join(f'// {name}\n{_asset(name)}' for name in SCRIPTS)
    page = _asset('page.html')
    for mark, text in (
        ('TITLE', html.escape(contents['data']['title'])),
        ('STYLE', _asset('style.css')),
        ('SCRIPT', scripts),
        ('DATA', '\n'.join(blocks)),
    ):
        page = page.replace(f'<!--{mark}-->', text)
    return page


def write_page(contents: dict[str, Any], path: str | Path) -> Path:
    """Write the page; the folder is made.

    Raises:
        OSError: It cannot be written.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(render_page(contents), encoding='utf-8')
    return path


def _asset(name: str) -> str:
    return (resources.files(__package__) / 'assets' / name).read_text(encoding='utf-8')


def _json_block(name: str, value: Any) -> str:
    # An escaped "<" can end no script element, whatever names a user's images have.
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(',', ':')).replace('<', '\\u003c')
    return f'<script type="application/json" id="{name}">{text}</script>'
