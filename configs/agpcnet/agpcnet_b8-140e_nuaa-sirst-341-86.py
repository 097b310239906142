# AGPCNet (arXiv 2111.03580) with its official schedule, as long in iterations on NUAA-SIRST.
_base_ = [
    '../_base_/models/segmentor.py',
    '../_base_/datasets/nuaa-sirst-341-86.py',
    '../_base_/default_runtime.py',
]

# AGPCNet (arXiv 2111.03580): ResNet-18 at full resolution, a pyramid of attention-guided contexts, asymmetric fusion.
model = dict(
    data_preprocessor=dict(size_divisor=8),
    backbone=dict(type='mmirstd.FullResolutionResNet', depth=18, in_channels=1, out_indices=(1, 2, 3)),
    neck=dict(type='mmirstd.AGPCNeck', in_channels=[128, 256, 512], scales=[10, 6, 5, 3], reduction=16, ratio=4),
    # Predicts at stride 2; the segmentor upsamples.
    decode_head=dict(
        type='mmirstd.IRSTDHead',
        in_channels=128,
        channels=32,
        hidden_kernel_size=3,
        hidden_bias=True,
        norm_cfg=dict(type='BN'),
        dropout_ratio=0.1,
        align_corners=True,
        # The official code leaves biases as PyTorch draws them.
        init_cfg=[
            dict(type='Kaiming', layer='Conv2d', mode='fan_out', nonlinearity='relu'),
            dict(type='mmirstd.PyTorchInit', within='IRSTDHead', weights=False),
        ],
        loss_decode=dict(type='mmirstd.SoftIoULoss'),
    ),
)

# The schedule of Tianfang-Zhang/AGPCNet (train.py): SGD, polynomial decay with power 0.9 by iteration. The official
# length is 5 epochs of SIRST-Aug's 8525 images, some 5300 iterations; 140 epochs of the 307 images here are as many.
train_dataloader = dict(batch_size=8)
optim_wrapper = dict(type='OptimWrapper', optimizer=dict(type='SGD', lr=0.05, momentum=0.9, weight_decay=1e-4))
param_scheduler = [dict(type='PolyLR', eta_min=0, power=0.9, by_epoch=True, convert_to_iter_based=True)]

train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=140, val_interval=5)
val_cfg = dict(type='ValLoop')
test_cfg = dict(type='TestLoop')
