# UIU-Net (IEEE TIP 2023) with its official schedule.
_base_ = [
    '../_base_/models/segmentor.py',
    '../_base_/datasets/nuaa-sirst-341-86.py',
    '../_base_/default_runtime.py',
]

# UIU-Net (Wu et al., IEEE TIP 2023).
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

# The schedule of danfenghong/IEEE_TIP_UIU-Net (train.py): Adam at a constant rate, batch 3 (of 288-pixel windows of
# images resized to 320 there; of the data set's 256-pixel windows here).
train_dataloader = dict(batch_size=3)
optim_wrapper = dict(type='OptimWrapper', optimizer=dict(type='Adam', lr=1e-3))
param_scheduler = []

train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=500, val_interval=10)
val_cfg = dict(type='ValLoop')
test_cfg = dict(type='TestLoop')
