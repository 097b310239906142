_base_ = [
    '../_base_/datasets/nuaa-sirst-341-86.py',
    '../_base_/default_runtime.py',
]

# The authors' constants; the threshold was chosen on NUAA-SIRST's training images, see configs/wslcm/README.md.
model = dict(type='mmirstd.WSLCM', cell_sizes=[5, 7, 9, 11], num_brightest=9, min_deviation=5.0, threshold=4.0)
