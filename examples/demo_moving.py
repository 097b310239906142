"""Moving targets on generated data, end to end: sequences, training of YOLO-BP, test, tables and an animation.

Example::

    make demo-moving     # or: python examples/demo_moving.py --out demo_out/moving
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from examples.demo import ROOT, once, run, table, train
from mmirstd.utils.progress import Progress, heartbeat

YOLO_BP = 'configs/yolo_bp/yolo-bp-giou-nano_cpu-b4-12e_synthetic-sequences.py'
#: Other than the generator's defaults: no points and nothing dimmer than SCR 3, which minutes of training cannot learn.
PARAMETERS = dict(scene=dict(targets=dict(size=[5.0, 9.0], shapes=dict(gaussian=0.5, ellipse=0.5), scr=[3.0, 30.0])))
COLUMNS = ('mAP50', 'precision', 'recall', 'F1', 'Pd', 'Fa')


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        '--out', type=Path, default=Path('demo_out/moving'), help='folder for data, checkpoints and animations'
    )
    parser.add_argument('--num-train', type=int, default=96, help='generated training sequences')
    parser.add_argument('--num-test', type=int, default=16, help='generated test sequences')
    parser.add_argument('--num-frames', type=int, default=24, help='frames of a sequence')
    parser.add_argument('--size', default='96x96', help='height and width of the frames')
    parser.add_argument('--key-every', type=int, default=4, help='train on the clips that end with every n-th frame')
    parser.add_argument('--epochs', type=int, default=7, help='training epochs')
    parser.add_argument('--fresh', action='store_true', help='do everything again even if it has been done here')
    return parser.parse_args(argv)


def animate(config: str, checkpoint: Path, data: Path, gif: Path, mp4: Path, fps: float = 8.0) -> None:
    """Detect frame by frame on the held-out sequence with the most targets, and write the animations.

    Args:
        config: Config file of the detector.
        checkpoint: Its weights.
        data: Root of the generated sequences.
        gif: Animation to write, below 3 MB.
        mp4: The same as a video.
        fps: Frames per second shown.
    """
    import cv2
    import numpy as np

    from mmirstd.apis import StreamingDetector
    from mmirstd.visualization import draw_detections, save_gif, save_mp4

    annotation = json.loads((data / 'instances_test2017.json').read_text())
    boxes: dict[int, list[list[float]]] = {image['id']: [] for image in annotation['images']}
    for target in annotation['annotations']:
        x, y, width, height = target['bbox']
        boxes[target['image_id']].append([x, y, x + width, y + height])
    sequences: dict[int, list[dict]] = {}
    for image in sorted(annotation['images'], key=lambda image: image['frame_id']):
        sequences.setdefault(image['video_id'], []).append(image)
    video, chosen = max(sequences.items(), key=lambda item: sum(len(boxes[image['id']]) for image in item[1]))
    name = next(entry['name'] for entry in annotation['videos'] if entry['id'] == video)
    frames = [cv2.imread(str(data / image['file_name']), cv2.IMREAD_UNCHANGED) for image in chosen]
    # One range for all, so that the background does not flicker.
    low, high = (float(value) for value in np.percentile(np.stack(frames), (0.2, 99.9)))

    detector = StreamingDetector(str(ROOT / config), checkpoint)
    pictures, seconds = [], 0.0
    with Progress(len(frames), 'frame', name) as progress:
        for image, frame in zip(chosen, frames):
            start = time.perf_counter()
            found = detector(frame).pred_instances
            seconds += time.perf_counter() - start
            pictures.append(
                draw_detections(
                    frame,
                    np.array(boxes[image['id']]).reshape(-1, 4),
                    found.bboxes.numpy(),
                    found.scores.numpy(),
                    name=f'{name} #{image["frame_id"]}',
                    text='YOLO-BP nano, streaming',
                    errors_first=False,
                    display_range=(low, max(high, low + 1)),
                )
            )
            progress.update(len(pictures))
    info = save_gif(gif, pictures, fps)
    save_mp4(mp4, pictures, fps)
    print(
        f'{gif}: {info.frames} frames of {info.size[0]}x{info.size[1]}, {info.bytes / 1e6:.1f} MB; '
        f'streaming detector {len(frames) / seconds:.0f} frames/s'
    )


def main(argv: list[str] | None = None) -> None:
    """Command line entry."""
    args = parse_args(argv)
    start = time.time()
    out = args.out.resolve()
    data, work = out / 'data', out / 'yolo-bp-nano'
    record, sequences = out / 'yolo-bp-nano.json', out / 'sequences.json'
    gif, mp4 = out / 'detections.gif', out / 'detections.mp4'
    root = f'data_root={data}'
    recipe = {name: getattr(args, name) for name in ('num_train', 'num_test', 'num_frames', 'size')}
    recipe['parameters'] = PARAMETERS

    def generate() -> None:
        parameters = out / 'parameters.json'
        out.mkdir(parents=True, exist_ok=True)
        parameters.write_text(json.dumps(PARAMETERS))
        run(
            title,
            'tools/dataset_converters/make_synthetic.py',
            str(data),
            '--mode',
            'sequences',
            '--num-train',
            str(args.num_train),
            '--num-val',
            str(max(1, args.num_train // 12)),
            '--num-test',
            str(args.num_test),
            '--num-frames',
            str(args.num_frames),
            '--size',
            args.size,
            '--parameters',
            str(parameters),
            '--preview',
            '--overwrite',
        )

    title = '1/4 generating infrared sequences'
    missing = not (data / 'dataset.json').is_file()
    generated = once(title, out / 'generated.json', recipe, args.fresh or missing, generate)
    recipe = dict(recipe, key_every=args.key_every, epochs=args.epochs)
    checkpoint, trained = train(
        '2/4 training YOLO-BP nano',
        YOLO_BP,
        work,
        recipe,
        generated,
        root,
        f'train_dataloader.dataset.key_every={args.key_every}',
        f'train_cfg.max_epochs={args.epochs}',
        f'train_cfg.val_interval={max(1, args.epochs // 2)}',
    )

    title = '3/4 testing YOLO-BP nano on the held-out sequences'
    missing = not record.is_file() or not sequences.is_file()
    tested = once(
        title,
        out / 'tested.json',
        recipe,
        trained or missing,
        lambda: run(
            title,
            'tools/test.py',
            YOLO_BP,
            str(checkpoint),
            '--work-dir',
            str(out / 'test'),
            '--out',
            str(record),
            '--cfg-options',
            root,
            f'test_evaluator.per_sequence_out={sequences}',
        ),
    )
    title = '4/4 detecting frame by frame on a held-out sequence'
    missing = not gif.is_file() or not mp4.is_file()

    def draw() -> None:
        print(f'\n== {title}', flush=True)
        with heartbeat('loading the detector, detecting and drawing'):
            animate(YOLO_BP, checkpoint, data, gif, mp4)

    once(title, out / 'animated.json', recipe, tested or missing, draw)

    print(f'\n== {args.num_test} held-out sequences of {args.num_frames} frames; Pd and Fa at score 0.5\n')
    print(table({'YOLO-BP nano': json.loads(record.read_text())['metrics']}, COLUMNS))
    bins = {
        f'{row["low"]:g} to {row["high"]:g}' if row['high'] is not None else f'{row["low"]:g} and more': row
        for row in json.loads(sequences.read_text())['scr']
    }
    print('\n' + table(bins, ('targets', 'detected', 'Pd'), 'signal-to-clutter ratio'))
    print(
        f'\nanimation   {gif}\nvideo       {mp4}\nscenes      {data / "preview.png"}\ncheckpoint  {checkpoint}\n'
        f'time        {(time.time() - start) / 60:.1f} min'
    )


if __name__ == '__main__':
    main()
