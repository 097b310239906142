# RISTDnet (Hou et al., IEEE GRSL 2022) in BasicIRSTD's form.
_base_ = ['../segmentor.py']

model = dict(
    data_preprocessor=dict(size_divisor=8),
    backbone=dict(type='mmirstd.RISTDNet', in_channels=1),
    decode_head=dict(
        type='mmirstd.PixelShuffleHead',
        in_channels=768,
        upscale=8,
        init_cfg=None,  # PyTorch's own, as in the official code
        loss_decode=dict(type='mmirstd.SoftIoULoss', per_sample=False),
    ),
)
