"""Install mmirstd; the OpenMMLab line is the user's choice (extras ``onedl`` or ``openmmlab``)."""

from pathlib import Path

from setuptools import find_packages, setup

HERE = Path(__file__).parent
VERSION: dict = {}
exec((HERE / 'mmirstd' / 'version.py').read_text(encoding='utf-8'), VERSION)

setup(
    name='mmirstd',
    version=VERSION['__version__'],
    description='OpenMMLab toolbox for infrared small target detection',
    long_description=(HERE / 'README.md').read_text(encoding='utf-8'),
    long_description_content_type='text/markdown',
    license='Apache-2.0',
    packages=find_packages(include=['mmirstd', 'mmirstd.*']),
    package_data={'mmirstd.visualization.report': ['assets/*']},
    python_requires='>=3.9',
    install_requires=[
        'numpy>=1.22', 'scipy>=1.8', 'opencv-python>=4.6', 'pillow>=9.1', 'torch>=2.0', 'rich>=12', 'tqdm>=4.60'
    ],
    extras_require={
        # The maintained line; works on current PyTorch.
        'onedl': [
            'onedl-mmengine>=0.10.10,<0.11', 'onedl-mmcv>=2.3.4,<3', 'onedl-mmdetection>=3.5.0,<4',
            'onedl-mmsegmentation>=1.4.1,<2'
        ],
        # The original packages; need a compiler, or mmcv-lite instead of mmcv (README, Supported environments).
        'openmmlab': [
            'mmengine>=0.10.4,<0.11', 'mmcv>=2.0.1,<2.2', 'mmdet>=3.3,<3.4', 'mmsegmentation>=1.2.2,<1.3', 'ftfy',
            'regex'
        ],
        # tools/dataset_converters/drone_ir.py reads MATLAB's label objects.
        'drone-ir': ['mcos-decoder>=0.1,<0.2'],
        # Pictures and curves of a training: tools/train.py --vis (docs/training.md).
        'tensorboard': ['tensorboard>=2.11'],
        'wandb': ['wandb>=0.16'],
        # demo/app.py; Gradio 6 needs Pillow < 13.
        'app': ['gradio>=6.31,<7'],
        'tests': ['pytest>=8', 'pytest-xdist>=3.6', 'hypothesis>=6', 'scikit-image>=0.20', 'tifffile'],
    },
    classifiers=[
        'License :: OSI Approved :: Apache Software License',
        'Programming Language :: Python :: 3',
        'Topic :: Scientific/Engineering :: Image Recognition',
    ],
)
