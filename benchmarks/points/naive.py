# Points as if they were masks, with the loss of LESPS: what LESPS is without its hook.
_base_ = ['./full.py']

train_dataloader = dict(dataset=dict(points=dict(kind='coarse', seed=0)))
model = dict(
    decode_head=dict(
        loss_decode=dict(_delete_=True, type='mmirstd.CornerFocalLoss', soft_positives=True),
        init_cfg=dict(_delete_=True, type='Normal', std=0.01, bias_prob=0.01, override=dict(name='conv_seg')),
    ),
)
