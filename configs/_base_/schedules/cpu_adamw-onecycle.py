# The CPU schedule: NOT the paper's (that is ggl-net_adam-500e.py).
#
# AdamW with one learning-rate cycle reaches in some tens of epochs what constant small steps reach in hundreds,
# which is what makes training on two cores practical. A config changes the length with one line:
# train_cfg = dict(max_epochs=30); the cycle follows it, because total_steps defaults to the whole run.
#
# A short warm-up (pct_start) matters with soft IoU, whose gradient is tiny until the network stops calling everything a
# target: on NUAA-SIRST's validation part 15 epochs with 0.15 (and photometric augmentation) were worth 30 with
# mmengine's 0.3 (and without it): IoU 0.766 and 0.773, one run each (configs/ggl_net/recipe.md).
optim_wrapper = dict(
    # The precision follows the machine (docs/training.md); dtype='float32' or 'bfloat16' settles it.
    type='mmirstd.AutocastOptimWrapper',
    optimizer=dict(type='AdamW', lr=2e-3, weight_decay=1e-2),
)

param_scheduler = [dict(type='OneCycleLR', eta_max=2e-3, pct_start=0.15, by_epoch=True, convert_to_iter_based=True)]

train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=45, val_interval=5)
# float32; fp16=True would evaluate under autocast (bfloat16 on CPU, also where it is only emulated)
val_cfg = dict(type='ValLoop', fp16=False)
test_cfg = dict(type='TestLoop', fp16=False)

# NHWC convolutions: faster on CPU, same results up to rounding. A moving average of the weights, which is then what
# is evaluated and saved, can be added to the list: dict(type='EMAHook', momentum=2e-3, update_buffers=True)
custom_hooks = [dict(type='mmirstd.ChannelsLastHook')]
