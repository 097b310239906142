# L2SKNet (fengyiwu98/L2SKNet, TGRS 2024) with its official schedule, which is BasicIRSTD's with batch 8.
_base_ = ['./l2sknet-unet_b8-400e_nudt-sirst-663-664.py']

# The paper's L2SKNet-UNet*: rows and columns of taps in place of square kernels.
model = dict(neck=dict(separable=True))
