# DRPCA-Net with its official schedule (GrokCV/DRPCA-Net, arXiv 2507.09541): RPCANet's, but 400 epochs.
_base_ = [
    '../_base_/models/segmentor.py',
    '../_base_/datasets/nudt-sirst-663-664.py',
    '../_base_/schedules/rpcanet_adam-800e.py',
    '../_base_/default_runtime.py',
]

# DRPCA-Net (arXiv 2507.09541): RPCANet with factors and kernels that are made for each image; nothing to divide by.
model = dict(
    data_preprocessor=dict(size_divisor=1),
    backbone=dict(type='mmirstd.DRPCANet', in_channels=1, num_stages=6, channels=32),
    decode_head=dict(
        type='mmirstd.UnfoldingHead', reconstruction_weight=0.1, loss_decode=dict(type='mmirstd.SoftIoULoss')
    ),
)

train_dataloader = dict(batch_size=8)
train_cfg = dict(max_epochs=400)
