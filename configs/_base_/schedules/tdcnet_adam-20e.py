# The official schedule of TDCNet (IVPLaboratory/TDCNet, train.py): SSTNet's, with Adam and another learning rate.
_base_ = ['./sstnet_sgd-20e.py']

optim_wrapper = dict(
    _delete_=True,
    type='OptimWrapper',
    # The least that the official code allows for batch 4
    optimizer=dict(type='Adam', lr=3e-4, betas=(0.937, 0.999), weight_decay=1e-4),
    paramwise_cfg=dict(norm_decay_mult=0, bias_decay_mult=0),
)
