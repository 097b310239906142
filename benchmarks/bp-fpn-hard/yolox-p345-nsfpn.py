# NS-FPN, a rival pyramid, in place of YOLOX's.
_base_ = ['./yolox-p345.py']

model = dict(
    neck=dict(_delete_=True, type='mmirstd.NSFPN', in_channels=[32, 64, 128], out_channels=32, num_outs=3),
)
