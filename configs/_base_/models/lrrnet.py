# LRRNet (IEEE TGRS 2025): the low-rank background by a U-Net, the target from what is left.
_base_ = ['../segmentor.py']

model = dict(
    data_preprocessor=dict(size_divisor=8),
    backbone=dict(type='mmirstd.LRRNet', in_channels=1, channels=[16, 32, 64, 128]),
    # The official loss has soft IoU twice, with weights 1 and 0.8, and a term without a gradient, which is left out.
    decode_head=dict(
        type='mmirstd.UnfoldingHead',
        reconstruction_weight=0.1,
        loss_decode=dict(type='mmirstd.SoftIoULoss', loss_weight=1.8),
    ),
)
