# What all single-frame networks share; a network adds backbone, neck, head and data_preprocessor.size_divisor.
model = dict(
    type='EncoderDecoder',
    # mmirstd.LoadInfraredImage delivers about [0, 1]; nothing standardizes further.
    data_preprocessor=dict(type='SegDataPreProcessor', mean=[0.0], std=[1.0], pad_val=0, seg_pad_val=255),
    train_cfg=dict(),
    test_cfg=dict(mode='whole'),
)
