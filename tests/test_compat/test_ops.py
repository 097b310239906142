import importlib
import importlib.util
import inspect
import pkgutil
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
import torch

from mmirstd.compat import compiled_ops_available, ensure_mmcv_ops

ROOT = Path(__file__).parents[2]
without_ops = pytest.mark.skipif(
    compiled_ops_available() is not False, reason='looks at the stand-in; this mmcv has compiled ops or is absent'
)


def fresh(code: str, *paths: Path) -> str:
    """Run code in a new interpreter, with `paths` before everything else on sys.path; return what it printed."""
    head = f'import sys\nsys.path[:0] = {[*map(str, paths), str(ROOT)]!r}\n'
    done = subprocess.run(
        [sys.executable, '-c', head + textwrap.dedent(code)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def fake_mmcv(folder: Path, ext: str | None) -> Path:
    (folder / 'mmcv').mkdir(parents=True)
    (folder / 'mmcv/__init__.py').write_text('')
    if ext is not None:
        (folder / 'mmcv/_ext.py').write_text(ext)
    return folder


def test_importing_compat_is_light():
    out = fresh("""
        import mmirstd.compat
        mmirstd.compat.ensure_mmcv_ops()
        print([name for name in ('torch', 'numpy', 'mmengine', 'mmcv') if name in sys.modules])
    """)
    assert out.strip() == '[]'


def test_existing_compiled_ops_win(tmp_path):
    out = fresh(
        """
        from mmirstd.compat import compiled_ops_available, ensure_mmcv_ops
        ensure_mmcv_ops()
        import mmcv._ext
        print(compiled_ops_available(), mmcv._ext.nms)
    """,
        fake_mmcv(tmp_path, ext='nms = "compiled"'),
    )
    assert out.strip() == 'True compiled'


def test_broken_compiled_ops_are_not_hidden(tmp_path):
    out = fresh(
        """
        from mmirstd.compat import ensure_mmcv_ops
        ensure_mmcv_ops()
        try:
            import mmcv._ext
        except ImportError as error:
            print(error)
    """,
        fake_mmcv(tmp_path, ext='raise ImportError("undefined symbol")'),
    )
    assert out.strip() == 'undefined symbol'


def test_order_of_imports_does_not_matter(tmp_path):
    out = fresh(
        """
        import mmcv
        try:
            import mmcv._ext
        except ImportError:
            print('missing')
        from mmirstd.compat import ensure_mmcv_ops
        ensure_mmcv_ops()
        import mmcv._ext
        print(mmcv._ext.nms.__module__)
    """,
        fake_mmcv(tmp_path, ext=None),
    )
    assert out.split() == ['missing', 'mmirstd.compat.nms']


def test_without_mmcv_nothing_happens():
    out = fresh("""
        sys.modules['mmcv'] = None  # what `import mmcv` finds when it is not installed, as far as import goes
        from mmirstd.compat import compiled_ops_available, ensure_mmcv_ops
        ensure_mmcv_ops()
        print(compiled_ops_available())
        try:
            import mmcv
        except ImportError:
            print('not installed')
    """)
    assert out.split('\n')[:2] == ['None', 'not installed']


def test_idempotent():
    ensure_mmcv_ops()
    before = list(sys.meta_path)
    ensure_mmcv_ops()
    assert sys.meta_path == before
    assert sum(getattr(finder, 'mmirstd_fallback', False) for finder in before) == 1


@without_ops
def test_openmmlab_imports_without_compiled_ops():
    import mmirstd.registry  # noqa: F401

    for module in ('mmcv.ops', 'mmdet.models', 'mmseg.models'):
        assert importlib.import_module(module)


@without_ops
def test_stand_in_is_found_like_a_real_module():
    ensure_mmcv_ops()
    spec = importlib.util.find_spec('mmcv._ext')
    assert spec.name == 'mmcv._ext'
    assert spec.loader is not None
    if hasattr(pkgutil, 'find_loader'):  # gone in Python 3.14
        from mmcv.utils.ext_loader import check_ops_exist

        assert check_ops_exist()
    ext = importlib.import_module('mmcv._ext')
    assert sys.modules['mmcv._ext'] is ext
    assert ext.__spec__.loader is not None
    assert not hasattr(ext, '__wrapped__')
    assert not hasattr(ext, '_private')
    assert inspect.getmodule(ext.nms).__name__ == 'mmirstd.compat.nms'


@without_ops
def test_missing_op_says_what_and_how_when_called():
    ensure_mmcv_ops()
    from mmcv.ops import RoIAlign

    layer = RoIAlign(3)  # building is fine
    with pytest.raises(NotImplementedError) as caught:
        layer(torch.rand(1, 2, 8, 8), torch.tensor([[0, 1.0, 1.0, 5.0, 5.0]]))
    assert "'roi_align_forward'" in str(caught.value)
    assert 'MMCV_WITH_OPS=1 pip install' in str(caught.value)
    assert 'compiler' in str(caught.value)
    ext = importlib.import_module('mmcv._ext')
    with pytest.raises(NotImplementedError, match='softnms'):
        ext.softnms()
    assert ext.softnms is ext.softnms


@without_ops
def test_environment_report_at_the_start_of_each_run_works():
    ensure_mmcv_ops()
    from mmcv.ops import get_compiler_version, get_compiling_cuda_version

    assert get_compiler_version() == get_compiling_cuda_version() == 'n/a'
