# kernel_size and threshold were chosen on NUAA-SIRST's training images, see configs/white_tophat/README.md.
model = dict(type='mmirstd.WhiteTopHat', kernel_size=9, threshold=12.0, polarity='bright')
