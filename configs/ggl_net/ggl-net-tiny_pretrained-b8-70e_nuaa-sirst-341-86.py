# GGL-Net with half the widths on two CPU cores, our recipe, not the paper's: a start from generated scenes, copied
# targets, half of the loss over the batch.  From random weights and without them:
# ggl-net-tiny_cpu-b8-45e_nuaa-sirst-341-86.py.
_base_ = ['./ggl-net-tiny_cpu-b8-45e_nuaa-sirst-341-86.py']

load_from = '{{ fileDirname }}/weights/ggl-net-tiny_synthetic-fitted.pth'

# Half per sample, as the paper, half over the batch, in which large targets weigh as they do in IoU.
model = dict(
    decode_head=dict(
        loss_decode=[
            dict(type='mmirstd.SoftIoULoss', loss_weight=0.5, loss_name='loss_soft_iou'),
            dict(type='mmirstd.SoftIoULoss', loss_weight=0.5, loss_name='loss_batch_soft_iou', per_sample=False),
        ]
    )
)

# One target in twenty has more than 100 pixels; these hold a quarter of all target pixels and were what was missed.
train_pipeline = [
    *_base_.train_pipeline[:3],
    dict(type='mmirstd.TargetCopyPaste', prob=0.5),
    *_base_.train_pipeline[3:],
]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))

train_cfg = dict(max_epochs=70)
