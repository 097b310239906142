# SeRankDet (arXiv 2408.03717): dilated difference blocks, attention between channels by rank, selective fusion.
_base_ = ['../segmentor.py']

channels = [64, 128, 256, 512, 1024]
model = dict(
    data_preprocessor=dict(size_divisor=16),
    backbone=dict(type='mmirstd.SeRankEncoder', in_channels=1, channels=channels),
    neck=dict(type='mmirstd.SeRankNeck', in_channels=channels),
    # The prediction and a side map come from the same level.
    decode_head=dict(
        type='mmirstd.IRSTDHead',
        in_channels=[channels[0], *channels],
        in_index=[0, 0, 1, 2, 3, 4],
        aux_kernel_size=3,
        init_cfg=dict(type='mmirstd.PyTorchInit', within='IRSTDHead'),
        loss_decode=dict(type='mmirstd.SoftIoULoss', per_sample=False),
    ),
)
