# RPCANet (arXiv 2311.00917): six unfolded iterations of robust PCA at full resolution; no neck, nothing to divide by.
_base_ = ['../segmentor.py']

model = dict(
    data_preprocessor=dict(size_divisor=1),
    backbone=dict(type='mmirstd.RPCANet', in_channels=1, num_stages=6, channels=32),
    decode_head=dict(
        type='mmirstd.UnfoldingHead', reconstruction_weight=0.01, loss_decode=dict(type='mmirstd.SoftIoULoss')
    ),
)
