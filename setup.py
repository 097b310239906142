"""Install mmirstd; the OpenMMLab line is the user's choice (extras ``onedl`` or ``openmmlab``)."""

import shutil
from pathlib import Path

from setuptools import find_packages, setup
from setuptools.command.build_py import build_py

HERE = Path(__file__).parent
VERSION: dict = {}
exec((HERE / 'mmirstd' / 'version.py').read_text(encoding='utf-8'), VERSION)

#: What goes beside the modules into mmirstd/.mim, where mim and mmengine's ``mmirstd::`` look for it.
RESOURCES = ('configs', 'tools', 'model-index.yml')


class BuildPy(build_py):
    """Bring configs, tools and small weights along: copies in a wheel, links in an editable installation."""

    def run(self) -> None:
        """Build the modules, then add the resources."""
        super().run()
        editable = getattr(self, 'editable_mode', False)
        target = (HERE if editable else Path(self.build_lib)) / 'mmirstd' / '.mim'
        shutil.rmtree(target, ignore_errors=True)
        target.mkdir(parents=True)
        for name in RESOURCES:
            if editable:
                try:
                    (target / name).symlink_to(Path('..', '..', name))
                except OSError:  # Windows without the right to make links; the checkout's own folders are found anyway
                    continue
            elif (HERE / name).is_dir():
                shutil.copytree(HERE / name, target / name, ignore=shutil.ignore_patterns('__pycache__', 'logs'))
            else:
                shutil.copy(HERE / name, target / name)


setup(
    name='mmirstd',
    version=VERSION['__version__'],
    description='OpenMMLab toolbox for infrared small target detection',
    long_description=(HERE / 'README.md').read_text(encoding='utf-8'),
    long_description_content_type='text/markdown',
    license='Apache-2.0',
    packages=find_packages(include=['mmirstd', 'mmirstd.*']),
    package_data={
        'mmirstd': ['py.typed'],
        'mmirstd.benchmark': ['suite.schema.json'],
        'mmirstd.visualization.report': ['assets/*'],
        'mmirstd.datasets.converters': ['drone_ir_splits/*'],
    },
    entry_points={'console_scripts': ['mmirstd=mmirstd.cli:main']},
    cmdclass={'build_py': BuildPy},
    python_requires='>=3.10',
    install_requires=[
        'numpy>=1.22',
        'scipy>=1.8',
        'opencv-python>=4.6',
        'pillow>=9.1',
        'torch>=2.0',
        'rich>=12',
        'tqdm>=4.60',
        # The form of suite files (mmirstd benchmark), with errors that name the place.
        'jsonschema>=4.0',
        # PNG files are written several times as fast with it; where there is no wheel, zlib does it.
        'isal>=1.5; platform_machine in "x86_64 AMD64 aarch64 arm64"',
    ],
    extras_require={
        # The maintained line; works on current PyTorch.
        'onedl': [
            'onedl-mmengine>=0.10.10,<0.11',
            'onedl-mmcv>=2.3.4,<3',
            'onedl-mmdetection>=3.5.0,<4',
            'onedl-mmsegmentation>=1.4.1,<2',
        ],
        # The original packages; need a compiler, or mmcv-lite instead of mmcv (docs/get_started.md).
        'openmmlab': [
            'mmengine>=0.10.4,<0.11',
            'mmcv>=2.0.1,<2.2',
            'mmdet>=3.3,<3.4',
            'mmsegmentation>=1.2.2,<1.3',
            'ftfy',
            'regex',
        ],
        # tools/dataset_converters/drone_ir.py reads MATLAB's label objects.
        'drone-ir': ['mcos-decoder>=0.1,<0.2'],
        # Pictures and curves of a training: tools/train.py --vis (docs/training.md).
        'tensorboard': ['tensorboard>=2.11'],
        'wandb': ['wandb>=0.16'],
        # tools/app.py; Gradio 6 needs Pillow < 13.
        'app': ['gradio>=6.31,<7'],
        # mmirstd export, and what runs its files (docs/deploy.md).
        'deploy': ['onnx>=1.15', 'onnxruntime>=1.17', 'openvino>=2024.0'],
        # IDF1 of tracks: mmirstd evaluate-tracks (docs/tracking.md). Tracking itself needs nothing more.
        'track': ['motmetrics>=1.4,<2'],
        # make docs
        'docs': ['sphinx>=8.2', 'myst-parser>=4', 'furo>=2024.8', 'sphinx-copybutton>=0.5'],
        'tests': ['pytest>=9', 'pytest-xdist>=3.6', 'hypothesis>=6', 'scikit-image>=0.20', 'tifffile'],
    },
    classifiers=[
        'License :: OSI Approved :: Apache Software License',
        'Programming Language :: Python :: 3',
        'Topic :: Scientific/Engineering :: Image Recognition',
        'Typing :: Typed',
    ],
)
