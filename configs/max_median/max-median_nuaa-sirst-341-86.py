_base_ = [
    '../_base_/datasets/nuaa-sirst-341-86.py',
    '../_base_/default_runtime.py',
]

# kernel_size and threshold were chosen on NUAA-SIRST's training images, see configs/max_median/README.md.
model = dict(type='mmirstd.MaxMedian', kernel_size=41, threshold=14.0)
