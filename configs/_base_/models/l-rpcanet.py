# L-RPCANet (Liu et al., 2025): a narrow RPCANet with squeeze and excitation and a noise map; nothing to divide by.
_base_ = ['../segmentor.py']

model = dict(
    data_preprocessor=dict(size_divisor=1),
    backbone=dict(type='mmirstd.LRPCANet', in_channels=1, num_stages=6),
    decode_head=dict(
        type='mmirstd.UnfoldingHead', reconstruction_weight=0.1, loss_decode=dict(type='mmirstd.SoftIoULoss')
    ),
)
