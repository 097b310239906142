"""Sphinx's settings: ``make docs``.

The source folder is the repository, not ``docs/``: the pages link to READMEs, configs and modules by relative path,
so that the same links work in a checkout, on a code host and in the site, where Sphinx checks them.
"""

from __future__ import annotations

import importlib
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from docutils import nodes
from sphinx.addnodes import download_reference, pending_xref
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.ext import apidoc

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
sys.path.insert(0, str(ROOT))

from mmirstd.compat import ensure_mmcv_ops  # noqa: E402
from mmirstd.version import __version__  # noqa: E402

ensure_mmcv_ops()  # modules of mmdet are imported to read docstrings

from mmcv.transforms.utils import cache_randomness  # noqa: E402

_bind = cache_randomness.__get__
# mmcv's decorator fails when its method is looked up on the class, as autodoc does.
cache_randomness.__get__ = lambda self, instance, owner=None: (
    self.func if instance is None else _bind(self, instance, owner)
)

project = 'mmirstd'
copyright = 'the authors of mmirstd; Apache-2.0'
version = release = __version__

extensions = ['myst_parser', 'sphinx.ext.autodoc', 'sphinx.ext.napoleon', 'sphinx.ext.viewcode', 'sphinx_copybutton']
root_doc = 'docs/index'
include_patterns = [
    'docs/**',
    '*.md',
    'benchmarks/README.md',
    'configs/README.md',
    'configs/*/*.md',
    'configs/*/weights/README.md',
]
exclude_patterns = ['docs/_*/**']

# Headings have the anchors that code hosts give them: `page.md#the-dump`.
myst_heading_anchors = 4
myst_enable_extensions = ['colon_fence']

# The app's package needs gradio, an extra; its page is documented without it as well.
autodoc_mock_imports = [] if find_spec('gradio') else ['gradio']
autodoc_default_options = {'members': True, 'show-inheritance': True}
autodoc_member_order = 'bysource'
autodoc_typehints_format = 'short'
python_use_unqualified_type_names = True
napoleon_numpy_docstring = False
napoleon_use_ivar = True  # fields of data classes are described once

# Every reference into this package must resolve. The site is built offline: indexes of other packages are not asked.
nitpicky = True
nitpick_ignore_regex = [
    ('py:.*', r'(?!mmirstd\b).*'),
    ('py:(class|obj)', r'mmirstd\..*\.[A-Z]'),  # type variables
]

html_theme = 'furo'
html_title = f'mmirstd {__version__}'
html_static_path = ['_static']
html_css_files = ['site.css']
html_extra_path = ['_extra']  # index.html, which leads to docs/index.html
html_copy_source = False


def write_api_pages(app: Sphinx) -> None:
    """Write one page a package into docs/api, which git ignores."""
    apidoc.main(
        [
            '--force',
            '-q',
            '--no-toc',
            '--remove-old',
            f'--templatedir={HERE / "_templates" / "apidoc"}',
            f'--output-dir={HERE / "api"}',
            str(ROOT / 'mmirstd'),
        ]
    )


def list_public_names(app: Sphinx, what: str, name: str, obj: Any, options: Any, lines: list[str]) -> None:
    """Say below a package's docstring what is imported from it, and link to where that is described."""
    if what != 'module' or not getattr(obj, '__all__', None) or not hasattr(obj, '__path__'):
        return
    links = []
    for public in sorted(obj.__all__):
        member = getattr(importlib.import_module(name), public)
        module, qualified = getattr(member, '__module__', None), getattr(member, '__qualname__', None)
        links.append(f':obj:`{public} <{module}.{qualified}>`' if module and qualified else f'``{public}``')
    lines.extend(['', f'Import from ``{name}``: {", ".join(links)}.', ''])


def link_sources(app: Sphinx, doctree: nodes.document) -> None:
    """Let links to sources lead into the site: modules to their descriptions, folders to their READMEs.

    A folder that has neither is shown as the link's text. Other files are downloads.
    """
    for node in [*doctree.findall(pending_xref), *doctree.findall(download_reference)]:
        if node.get('reftype') != 'myst' or node.get('refdomain') == 'doc':
            continue
        source = (Path(app.env.doc2path(node['refdoc'])).parent / unquote(node['reftarget'])).resolve()
        if source.is_relative_to(ROOT / 'mmirstd') and (source.suffix == '.py' or (source / '__init__.py').is_file()):
            parts = [part for part in source.relative_to(ROOT).with_suffix('').parts if part != '__init__']
            node.replace_self(
                pending_xref(
                    '',
                    *node.children,
                    refdomain='py',
                    reftype='mod',
                    refexplicit=True,
                    refwarn=True,
                    refdoc=node['refdoc'],
                    reftarget='.'.join(parts),
                )
            )
        elif (source / 'README.md').is_file():
            node['refdomain'], node['reftargetid'] = 'doc', None
            node['reftarget'] = app.env.path2doc(str(source / 'README.md'))
        elif source.is_dir():
            node.replace_self(node.children)


def find_public_name(app: Sphinx, env: BuildEnvironment, node: pending_xref, content: nodes.Node) -> nodes.Node | None:
    """Resolve the name under which a package exports what one of its modules defines."""
    target = node.get('reftarget', '')
    if node.get('refdomain') != 'py' or not target.startswith('mmirstd.'):
        return None
    python = env.get_domain('py')
    last = '.' + target.rpartition('.')[2]
    names = [
        name
        for name, entry in python.objects.items()
        if name.startswith('mmirstd.') and name.endswith(last) and entry.objtype not in ('method', 'attribute')
    ]
    near = [name for name in names if name.startswith(target.rpartition('.')[0] + '.')]
    found = near or names
    if len(found) != 1:
        return None
    return python.resolve_xref(env, node['refdoc'], app.builder, 'obj', found[0], node, content)


def setup(app: Sphinx) -> None:
    """Called by Sphinx."""
    app.connect('builder-inited', write_api_pages)
    app.connect('autodoc-process-docstring', list_public_names, priority=900)
    app.connect('doctree-read', link_sources)
    app.connect('missing-reference', find_public_name)
