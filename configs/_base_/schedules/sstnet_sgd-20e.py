# The official schedule of SSTNet (UESTC-nnLab/SSTNet, train_DAUB.py): SGD, batch 4, 100 epochs of a fifth of the data
# each: 20 epochs here, in which 3, 92 and 5 hundredths are warm-up, cosine and the constant end.
# A config adds train_dataloader = dict(batch_size=4).
# Ours differs in the warm-up (linear; there quadratic) and steps by iteration (there by short epoch).
optim_wrapper = dict(
    type='OptimWrapper',
    # 1e-2 for a batch of 64, scaled to 4
    optimizer=dict(type='SGD', lr=6.25e-4, momentum=0.937, nesterov=True, weight_decay=5e-4),
    paramwise_cfg=dict(
        norm_decay_mult=0,
        bias_decay_mult=0,
        # In no parameter group of the official optimizer; they stay at 0.25.
        custom_keys={'temporal_neck.pair_weights': dict(lr_mult=0, decay_mult=0)},
    ),
)

param_scheduler = [
    dict(type='LinearLR', start_factor=0.1, begin=0, end=0.6, by_epoch=True, convert_to_iter_based=True),
    dict(
        type='CosineAnnealingLR',
        eta_min_ratio=0.01,
        begin=0.6,
        end=19,
        T_max=18.4,
        by_epoch=True,
        convert_to_iter_based=True,
    ),
]

train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=20, val_interval=2)
val_cfg = dict(type='ValLoop')
test_cfg = dict(type='TestLoop')

# The averaged weights are evaluated and saved.
custom_hooks = [
    dict(type='EMAHook', ema_type='ExpMomentumEMA', momentum=1e-4, gamma=2000, update_buffers=True, priority=49)
]
