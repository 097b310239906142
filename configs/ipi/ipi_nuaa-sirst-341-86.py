_base_ = [
    '../_base_/datasets/nuaa-sirst-341-86.py',
    '../_base_/default_runtime.py',
]

# The official constants; the threshold was chosen on training images of NUAA-SIRST, see configs/ipi/README.md.
model = dict(type='mmirstd.IPI', patch_size=50, step=10, sparsity=1.0, threshold=14.0)
