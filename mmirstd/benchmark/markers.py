"""Replace what stands between two markers in a Markdown file."""

from __future__ import annotations

from pathlib import Path

from mmirstd.utils.errors import ConfigError

END = '<!-- /benchmark -->'


def start_marker(name: str) -> str:
    """``<!-- benchmark:SUITE/TABLE -->``."""
    return f'<!-- benchmark:{name} -->'


def replace_between(text: str, name: str, content: str, where: str) -> str:
    """The text with ``content`` between the markers of ``name``.

    Raises:
        ConfigError: The markers are missing, doubled or not closed.
    """
    start = start_marker(name)
    if text.count(start) != 1:
        raise ConfigError(
            f'{where}: has {start!r} {text.count(start)} times, expected once.\n  cure: where the table '
            f'shall stand, write the lines\n    {start}\n    {END}'
        )
    before, after = text.split(start)
    inside, closed, rest = after.partition(END)
    if not closed or '<!-- benchmark:' in inside:
        raise ConfigError(f'{where}: {start!r} is not closed by {END!r}')
    return f'{before}{start}\n{content}{END}{rest}'


def write_table(path: Path, name: str, content: str) -> bool:
    """Put a table into its file.

    Returns:
        Whether the file changed.

    Raises:
        ConfigError: The file or its markers are missing.
    """
    if not path.is_file():
        raise ConfigError(f'table {name}: the file {path} does not exist')
    old = path.read_text(encoding='utf-8')
    new = replace_between(old, name, content, str(path))
    if new != old:
        path.write_text(new, encoding='utf-8')
    return new != old
