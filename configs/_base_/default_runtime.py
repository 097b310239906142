default_scope = 'mmseg'
custom_imports = dict(imports=['mmirstd.registry'], allow_failed_imports=False)

default_hooks = dict(
    timer=dict(type='IterTimerHook'),
    # A line each 20 iterations, and each 10 seconds where they are slow.
    logger=dict(type='mmirstd.TimedLoggerHook', interval=20, log_metric_by_epoch=True),
    param_scheduler=dict(type='ParamSchedulerHook'),
    # Written after each epoch, so that an interrupted run loses at most one. The best one is chosen on the
    # validation split, which is held out of train; never on the test split.
    checkpoint=dict(
        type='CheckpointHook', by_epoch=True, interval=1, max_keep_ckpts=2, save_best='IoU', rule='greater'
    ),
    sampler_seed=dict(type='DistSamplerSeedHook'),
    # A continued run draws the augmentations it would have drawn without the interruption.
    epoch_seed=dict(type='mmirstd.EpochSeedHook'),
    # Writes pictures only when tools/test.py gives it a folder (--show-dir).
    visualization=dict(type='mmirstd.IRSTDVisualizationHook'),
)

env_cfg = dict(
    cudnn_benchmark=False,
    # OpenCV threads would compete with torch's (mmirstd/engine/threads.py).
    mp_cfg=dict(mp_start_method='fork', opencv_num_threads=0),
    # Used on GPU; on CPU the tools make a gloo group before the Runner.
    dist_cfg=dict(backend='nccl'),
)

vis_backends = [dict(type='LocalVisBackend')]
visualizer = dict(type='mmseg.SegLocalVisualizer', vis_backends=vis_backends, name='visualizer')
log_processor = dict(by_epoch=True, window_size=20)
log_level = 'INFO'
randomness = dict(seed=0)
load_from = None
resume = False
