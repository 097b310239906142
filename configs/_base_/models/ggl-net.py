# GGL-Net (arXiv 2512.09497) as a stock mmseg EncoderDecoder; 16 base channels are the paper's.
_base_ = ['./segmentor.py']

base_channels = 16
model = dict(
    data_preprocessor=dict(size_divisor=16),
    backbone=dict(type='mmirstd.GGLEncoder', in_channels=1, base_channels=base_channels, gradient='gsm'),
    neck=dict(type='mmirstd.TGFM', in_channels=[base_channels * 2**i for i in range(5)]),
    decode_head=dict(
        type='mmirstd.IRSTDHead',
        in_channels=base_channels,
        channels=base_channels,
        loss_decode=dict(type='mmirstd.SoftIoULoss'),
    ),
)
