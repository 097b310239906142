_base_ = [
    '../_base_/datasets/nuaa-sirst-341-86.py',
    '../_base_/default_runtime.py',
]

# Patch sizes are the paper's; the threshold was chosen on NUAA-SIRST's training images, see configs/mpcm/README.md.
model = dict(type='mmirstd.MPCM', cell_sizes=[3, 5, 7, 9], threshold=14.0, polarity='bright')
