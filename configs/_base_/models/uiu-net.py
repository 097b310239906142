# UIU-Net (Wu et al., IEEE TIP 2023).
_base_ = ['../segmentor.py']

model = dict(
    data_preprocessor=dict(size_divisor=32),
    backbone=dict(type='mmirstd.UIUEncoder', in_channels=1),
    neck=dict(type='mmirstd.InteractiveCrossAttentionNeck'),
    # Resolution-maintenance deep supervision: every level's map and the one fused of them, cross-entropies summed.
    decode_head=dict(
        type='mmirstd.IRSTDHead',
        in_channels=[64, 64, 128, 256, 512, 512],
        in_index=[0, 1, 2, 3, 4, 5],
        kernel_size=3,
        fusion_kernel_size=1,
        init_cfg=None,  # PyTorch's own, as in the official code
        loss_decode=dict(type='mmirstd.BinaryCrossEntropyLoss'),
    ),
)
