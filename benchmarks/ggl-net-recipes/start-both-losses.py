# Beside the start, half of soft IoU over the batch: what configs/ggl_net/ggl-net-tiny_nuaa-sirst-341-86.py has, but no
# copied targets.
_base_ = ['./start.py']

model = dict(
    decode_head=dict(
        loss_decode=[
            dict(type='mmirstd.SoftIoULoss', loss_weight=0.5, loss_name='loss_soft_iou'),
            dict(type='mmirstd.SoftIoULoss', loss_weight=0.5, loss_name='loss_batch_soft_iou', per_sample=False),
        ]))
