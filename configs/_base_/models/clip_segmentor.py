# What all segmentors of clips share; a network adds num_frames, its parts and data_preprocessor.size_divisor.
model = dict(
    type='mmirstd.MultiFrameSegmentor',
    # mmirstd.LoadClip delivers about [0, 1].
    data_preprocessor=dict(type='mmirstd.ClipSegDataPreProcessor', mean=[0.0], std=[1.0], pad_val=0, seg_pad_val=255),
    train_cfg=dict(),
    test_cfg=dict(mode='whole'),
)
