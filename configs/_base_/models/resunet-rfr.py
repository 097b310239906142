# ResUNet on a feature that is refined from frame to frame (RFR).
_base_ = ['./resunet.py']

model = dict(
    type='mmirstd.RFR',
    num_frames=20,  # of a training clip
    data_preprocessor=dict(type='mmirstd.ClipSegDataPreProcessor'),
)
