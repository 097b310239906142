# RPCANet with its official schedule (fengyiwu98/RPCANet, arXiv 2311.00917).
_base_ = [
    '../_base_/models/segmentor.py',
    '../_base_/datasets/nuaa-sirst-341-86.py',
    '../_base_/schedules/rpcanet_adam-800e.py',
    '../_base_/default_runtime.py',
]

# RPCANet (arXiv 2311.00917): six unfolded iterations of robust PCA at full resolution; no neck, nothing to divide by.
model = dict(
    data_preprocessor=dict(size_divisor=1),
    backbone=dict(type='mmirstd.RPCANet', in_channels=1, num_stages=6, channels=32),
    decode_head=dict(
        type='mmirstd.UnfoldingHead', reconstruction_weight=0.01, loss_decode=dict(type='mmirstd.SoftIoULoss')
    ),
)

train_dataloader = dict(batch_size=8)
