# DRPCA-Net (arXiv 2507.09541): RPCANet with factors and kernels that are made for each image; nothing to divide by.
_base_ = ['../segmentor.py']

model = dict(
    data_preprocessor=dict(size_divisor=1),
    backbone=dict(type='mmirstd.DRPCANet', in_channels=1, num_stages=6, channels=32),
    decode_head=dict(
        type='mmirstd.UnfoldingHead', reconstruction_weight=0.1, loss_decode=dict(type='mmirstd.SoftIoULoss')
    ),
)
