# The official schedule of Tridos (UESTC-nnLab/Tridos, train_DAUB.py): SSTNet's, with Adam and no weight decay.
_base_ = ['./sstnet_sgd-20e.py']

optim_wrapper = dict(
    _delete_=True,
    type='OptimWrapper',
    # 1e-2 for a batch of 64, scaled to 4
    optimizer=dict(type='Adam', lr=6.25e-4, betas=(0.937, 0.999)),
)
