_base_ = [
    '../_base_/datasets/nuaa-sirst-341-86.py',
    '../_base_/default_runtime.py',
]

# The official constants; the threshold was chosen on NUAA-SIRST's training images, see configs/pstnn/README.md.
model = dict(type='mmirstd.PSTNN', patch_size=40, sparsity=0.7, threshold=12.0)
