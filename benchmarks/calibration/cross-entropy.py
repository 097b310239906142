# The loss of GGL-Net and the binary cross entropy.
_base_ = ['../../configs/ggl_net/ggl-net-tiny_cpu-b8-45e_nuaa-sirst-341-86.py']

model = dict(
    decode_head=dict(loss_decode=[dict(type='mmirstd.SoftIoULoss'), dict(type='mmirstd.BinaryCrossEntropyLoss')])
)
