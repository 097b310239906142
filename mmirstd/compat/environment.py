"""What the machine has and what is installed, whether mmirstd can work with it, and what to do if not.

:data:`SUPPORTED` is the one table of supported versions; the README quotes it
as printed by ``python -m mmirstd.compat --matrix``.  Nothing here needs torch
or an OpenMMLab package to be installed.
"""

from __future__ import annotations

import importlib.util
import platform
import re
import sys
import warnings
from dataclasses import dataclass
from importlib import metadata

from mmirstd.version import __version__

from .hardware import CPU, available_memory, read_cpu, read_gpus
from .ops import EXT_NAME, compile_cure, compiled_ops_available, ensure_mmcv_ops
from .precision import choose_precision

MIN_PYTHON = (3, 10)
MIN_TORCH = '2.0'
OPENCV_DISTRIBUTIONS = (
    'opencv-python',
    'opencv-python-headless',
    'opencv-contrib-python',
    'opencv-contrib-python-headless',
)


@dataclass(frozen=True)
class Package:
    """One OpenMMLab package of a line.

    Attributes:
        module: The import name.
        distributions: Names on PyPI that provide it in this line; the first is the one to install.
        minimum: Lowest supported version.
        below: First version that is not supported.
        tested: The version the tests were run with.
    """

    module: str
    distributions: tuple[str, ...]
    minimum: str
    below: str
    tested: str

    @property
    def range(self) -> str:
        """The supported range as pip writes it."""
        return f'>={self.minimum},<{self.below}'


@dataclass(frozen=True)
class Line:
    """A set of OpenMMLab packages that are made for each other.

    Attributes:
        title: How it is called in messages.
        min_python: Lowest Python its packages install on.
        tested_with: Python and torch the tests were run with.
        packages: Its packages.
        install: Shell commands that install it without a compiler.
    """

    title: str
    min_python: tuple[int, int]
    tested_with: str
    packages: tuple[Package, ...]
    install: tuple[str, ...]


ONEDL = Line(
    title='maintained line (onedl-*)',
    min_python=(3, 10),
    tested_with='Python 3.11, torch 2.13.0',
    packages=(
        Package('mmengine', ('onedl-mmengine',), '0.10.10', '0.11', '0.10.12'),
        Package('mmcv', ('onedl-mmcv',), '2.3.4', '3', '2.3.6'),
        Package('mmdet', ('onedl-mmdetection',), '3.5.0', '4', '3.5.1'),
        Package('mmseg', ('onedl-mmsegmentation',), '1.4.1', '2', '1.4.2'),
    ),
    install=(
        'MMCV_WITH_OPS=0 pip install onedl-mmengine==0.10.12 onedl-mmcv==2.3.6 onedl-mmdetection==3.5.1 '
        'onedl-mmsegmentation==1.4.2',
    ),
)

ORIGINAL = Line(
    title='original packages',
    min_python=(3, 10),
    tested_with='Python 3.10, torch 2.1.2, numpy<2; Python 3.11, torch 2.13.0',
    packages=(
        Package('mmengine', ('mmengine', 'mmengine-lite'), '0.10.4', '0.11', '0.10.7'),
        # mmcv built with MMCV_WITH_OPS=0 calls itself mmcv-lite.
        Package('mmcv', ('mmcv-lite', 'mmcv'), '2.0.1', '2.2', '2.1.0'),
        Package('mmdet', ('mmdet',), '3.3.0', '3.4', '3.3.0'),
        Package('mmseg', ('mmsegmentation',), '1.2.2', '1.3', '1.2.2'),
    ),
    install=(
        'pip install "setuptools<81" wheel',
        'pip install --no-build-isolation mmcv-lite==2.1.0',
        'pip install mmengine==0.10.7 mmdet==3.3.0 mmsegmentation==1.2.2 ftfy regex',
    ),
)

SUPPORTED: tuple[Line, ...] = (ONEDL, ORIGINAL)


@dataclass(frozen=True)
class Finding:
    """One line of the report.

    Attributes:
        level: ``'ok'``, ``'warn'`` (works, but look at it) or ``'fail'`` (mmirstd cannot work).
        subject: What was looked at.
        detail: What was found and, if it is wrong, what was expected.
        cure: Shell command or advice, empty when there is nothing to do.
    """

    level: str
    subject: str
    detail: str
    cure: str = ''


def installed_version(distribution: str) -> str | None:
    """Version of an installed distribution, or ``None``."""
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return None


def release(version: str) -> tuple[int, ...]:
    """The numbers that lead a version, for comparison: ``'2.13.0+cpu'`` -> ``(2, 13, 0)``."""
    match = re.match(r'\d+(\.\d+)*', version)
    return tuple(int(part) for part in match.group().split('.')) if match else ()


def in_range(version: str, minimum: str, below: str | None = None) -> bool:
    """Whether ``minimum <= version < below``, by release numbers."""
    return release(version) >= release(minimum) and (below is None or release(version) < release(below))


def _check_python(line: Line) -> Finding:
    found = platform.python_version()
    if sys.version_info[:2] < line.min_python:
        wanted = '.'.join(map(str, line.min_python))
        return Finding(
            'fail',
            'python',
            f'{found}; the {line.title} needs {wanted} or later',
            f'create the environment with Python {wanted} or later',
        )
    return Finding('ok', 'python', f'{found} on {platform.platform(terse=True)}')


def _check_torch() -> list[Finding]:
    try:
        import torch
    except Exception as error:
        return [
            Finding(
                'fail',
                'torch',
                f'cannot be imported ({type(error).__name__}: {error})',
                'pip install torch    # see pytorch.org for the build that suits your GPU',
            )
        ]
    version = torch.__version__
    if not in_range(version, MIN_TORCH):
        return [
            Finding('fail', 'torch', f'{version}; {MIN_TORCH} or later is needed', f'pip install "torch>={MIN_TORCH}"')
        ]
    device = torch.cuda.get_device_name(0) if torch.cuda.is_available() else 'CPU only'
    findings = [Finding('ok', 'torch', f'{version} ({device})')]
    try:
        torch.zeros(1).numpy()
    except Exception as error:
        findings.append(
            Finding(
                'fail',
                'torch and numpy',
                f'torch {version} cannot exchange arrays with the installed numpy ({error})',
                'pip install "numpy<2"    # torch before 2.3 was built for NumPy 1',
            )
        )
    return findings


def _check_import(module: str, distributions: tuple[str, ...]) -> list[Finding]:
    """A plain dependency: import it, and warn when distributions of different versions write the same files."""
    found = {name: version for name in distributions if (version := installed_version(name))}
    shown = ', '.join(f'{name} {version}' for name, version in found.items())
    clean = f'pip install --force-reinstall --no-deps {distributions[0]}'
    if len(found) > 1:
        clean = f'pip uninstall -y {" ".join(found)} && {clean}'
    try:
        version = importlib.import_module(module).__version__
    except Exception as error:
        state = f'{shown} is installed but broken' if found else 'missing'
        return [
            Finding(
                'fail',
                distributions[0],
                f'{state} ({type(error).__name__}: {error})',
                clean if found else f'pip install {distributions[0]}',
            )
        ]
    findings = [Finding('ok', distributions[0], shown or f'{version} (not installed by pip)')]
    if len(set(found.values())) > 1:
        findings.append(
            Finding('warn', distributions[0], f'different versions write the same module {module}: {shown}', clean)
        )
    return findings


def choose_line() -> Line:
    """The line that is installed, by majority; the maintained one when nothing is."""

    def count(line: Line) -> int:
        return sum(any(installed_version(name) for name in package.distributions) for package in line.packages)

    return max(SUPPORTED, key=count)


def _check_openmmlab(line: Line) -> list[Finding]:
    """Each package of the line: there, in range, and not there twice."""
    findings: list[Finding] = []
    install = '\n'.join(line.install)
    other = ORIGINAL if line is ONEDL else ONEDL
    for package, rival in zip(line.packages, other.packages):
        mine = [(name, version) for name in package.distributions if (version := installed_version(name))]
        theirs = [(name, version) for name in rival.distributions if (version := installed_version(name))]
        both = ', '.join(f'{name} {version}' for name, version in mine + theirs)
        names = ' '.join(name for name, _ in mine + theirs)
        if len(mine) + len(theirs) > 1:
            findings.append(
                Finding(
                    'fail',
                    package.module,
                    f"{both} are installed at once and overwrite each other's files",
                    f'pip uninstall -y {names}\n{install}',
                )
            )
        elif theirs:
            findings.append(
                Finding(
                    'fail',
                    package.module,
                    f'{both} is of the {other.title}, the rest of the {line.title}; they do not work together',
                    f'pip uninstall -y {names}\n{install}',
                )
            )
        elif not mine:
            findings.append(
                Finding(
                    'fail', package.module, f'missing; expected {package.distributions[0]} {package.range}', install
                )
            )
        else:
            name, version = mine[0]
            if in_range(version, package.minimum, package.below):
                findings.append(Finding('ok', package.module, f'{name} {version}'))
            else:
                findings.append(
                    Finding(
                        'fail',
                        package.module,
                        f'{name} {version} is outside the supported range {package.range}',
                        install,
                    )
                )
    if installed_version('mmcv-full'):
        findings.append(
            Finding(
                'fail',
                'mmcv',
                'mmcv-full (mmcv 1.x) is installed and hides mmcv 2',
                f'pip uninstall -y mmcv-full\n{install}',
            )
        )
    return findings


def _check_pkg_resources(line: Line) -> list[Finding]:
    """The module that mmengine 0.10 imports for configs of installed packages; setuptools has had none since 82."""
    if line is not ORIGINAL or importlib.util.find_spec('pkg_resources') is not None:
        return []
    version = installed_version('setuptools')
    return [
        Finding(
            'warn',
            'setuptools',
            f'{version or "missing"}, without pkg_resources: configs that inherit from an installed package '
            '(mmdet::..., mmseg::...) cannot be read',
            'pip install "setuptools<81"',
        )
    ]


def _check_ops() -> Finding:
    if not compiled_ops_available():
        return Finding(
            'ok',
            'mmcv ops',
            'not compiled: mmirstd stands in with NMS in plain PyTorch, which is all that '
            'its configs need; other operators raise NotImplementedError',
        )
    try:
        importlib.import_module(EXT_NAME)
    except Exception as error:
        return Finding(
            'fail',
            'mmcv ops',
            f'compiled, but not for the installed torch ({type(error).__name__}: {error})',
            compile_cure(),
        )
    return Finding('ok', 'mmcv ops', 'compiled')


def _check_modules() -> list[Finding]:
    """Import what every run imports; the last word on whether the versions fit together."""
    ensure_mmcv_ops()
    findings = []
    for module in ('mmirstd.registry', 'mmcv.ops', 'mmseg.models', 'mmdet.models'):
        try:
            with warnings.catch_warnings():
                warnings.simplefilter('ignore')
                importlib.import_module(module)
        except Exception as error:
            findings.append(
                Finding(
                    'fail',
                    f'import {module}',
                    f'{type(error).__name__}: {error}',
                    'install the packages of one line, in the versions above',
                )
            )
        else:
            findings.append(Finding('ok', f'import {module}', 'works'))
    return findings


def _check_hardware() -> list[Finding]:
    """What the machine has, and the precision in which it trains."""
    cpu, gpus, memory = read_cpu(), read_gpus(), available_memory()
    findings = [
        Finding('ok', 'cpu', _describe_cpu(cpu)),
        Finding('ok', 'memory', f'{memory / 2**30:.1f} GiB' if memory else 'the system does not tell'),
    ]
    findings += [
        Finding('ok', f'gpu {index}', f'{gpu}, {gpu.memory / 2**30:.1f} GiB') for index, gpu in enumerate(gpus)
    ] or [Finding('ok', 'gpu', 'none that torch sees')]
    try:
        from mmengine.device import get_device

        device = get_device()
    except Exception:  # missing or broken, which has its own finding
        device = 'cuda' if gpus else 'cpu'
    subject, _, detail = str(choose_precision(device, cpu, gpus)).partition(': ')
    return [*findings, Finding('ok', subject, detail)]


def _describe_cpu(cpu: CPU) -> str:
    if cpu.features is None:
        features = 'features not known'
    else:
        features = ', '.join(cpu.features) or 'none of the features that matter'
    limits = f'; torch is limited by {", ".join(cpu.limits)}' if cpu.limits else ''
    return f'{cpu.name} ({cpu.architecture}), {cpu.cores} core(s) for us: {features}{limits}'


def inspect_environment() -> list[Finding]:
    """Look at everything mmirstd depends on.

    Returns:
        Findings in the order of the report; the environment is usable when none is a ``'fail'``.
    """
    line = choose_line()
    findings = [Finding('ok', 'mmirstd', __version__), _check_python(line), *_check_hardware(), *_check_torch()]
    findings += _check_import('numpy', ('numpy',))
    findings += _check_import('cv2', OPENCV_DISTRIBUTIONS)
    findings += _check_openmmlab(line)
    findings += _check_pkg_resources(line)
    if compiled_ops_available() is not None:
        findings.append(_check_ops())
    # With a package missing or doubled the imports can only repeat that, less clearly.
    if not any(finding.level == 'fail' for finding in findings):
        findings += _check_modules()
    return findings


def format_report(findings: list[Finding]) -> str:
    """The findings as text: a table, then what to do, then the verdict."""
    width = max(len(finding.subject) for finding in findings)
    lines = [f'{finding.level:>4}  {finding.subject:<{width}}  {finding.detail}' for finding in findings]
    cures: dict[str, list[str]] = {}
    for finding in findings:
        if finding.cure and finding.level != 'ok':
            cures.setdefault(finding.cure, []).append(finding.subject)
    if cures:
        lines += ['', 'What to do:']
        for cure, subjects in cures.items():
            lines.append(f'  {", ".join(dict.fromkeys(subjects))}:')
            lines += [f'    {step}' for step in cure.splitlines()]
    failed = sum(finding.level == 'fail' for finding in findings)
    lines += ['', f'NOT usable: {failed} problem(s), see above.' if failed else 'Usable.']
    return '\n'.join(lines)


def supported_matrix() -> str:
    """:data:`SUPPORTED` as a Markdown table."""
    rows = [
        ('', *(line.title for line in SUPPORTED)),
        ('Python', *('>=' + '.'.join(map(str, line.min_python)) for line in SUPPORTED)),
        ('torch', *(f'>={MIN_TORCH}' for _ in SUPPORTED)),
    ]
    for packages in zip(*(line.packages for line in SUPPORTED)):
        rows.append(
            (
                packages[0].module,
                *(
                    f'`{" or ".join(package.distributions)}` {package.range} (tested {package.tested})'
                    for package in packages
                ),
            )
        )
    rows.append(('tested with', *(line.tested_with for line in SUPPORTED)))
    rows.insert(1, ('---',) * len(rows[0]))
    return '\n'.join(f'| {" | ".join(row)} |' for row in rows)
