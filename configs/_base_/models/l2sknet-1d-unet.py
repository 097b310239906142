# The paper's L2SKNet-UNet*: rows and columns of taps in place of square kernels.
_base_ = ['./l2sknet-unet.py']

model = dict(neck=dict(separable=True))
