import type { Actor } from './actor.ts';
import type { ShapeSink } from './shape-sink.ts';

/** Things that stand in the street for ever; they take part in the painting order, so that people pass in front of and behind them. */
function standing(s: number, d: number, draw: (sink: ShapeSink) => void): Actor {
  const place = { s, d };
  return {
    fromSecond: Number.NEGATIVE_INFINITY,
    untilSecond: Number.POSITIVE_INFINITY,
    anomaly: null,
    place: () => place,
    draw: (_, sink) => draw(sink),
  };
}

function bollard(s: number): Actor {
  const d = 4.72;
  return standing(s, d, (sink) => {
    sink.capsule({ s, d, z: 0.05 }, 0.07, { s, d, z: 0.85 }, 0.06, [66, 68, 70]);
    sink.capsule({ s, d, z: 0.78 }, 0.065, { s, d, z: 0.8 }, 0.065, [196, 196, 190]);
  });
}

function lamp(s: number): Actor {
  const d = 4.6;
  return standing(s, d, (sink) => {
    sink.capsule({ s, d, z: 0 }, 0.11, { s, d, z: 0.7 }, 0.09, [52, 58, 56]);
    sink.capsule({ s, d, z: 0.7 }, 0.06, { s, d, z: 5.4 }, 0.045, [58, 64, 62]);
  });
}

function bin(s: number): Actor {
  const d = 4.45;
  return standing(s, d, (sink) => {
    sink.capsule({ s, d, z: 0.2 }, 0.2, { s, d, z: 0.72 }, 0.21, [46, 74, 58]);
    sink.capsule({ s, d, z: 0.86 }, 0.2, { s, d, z: 0.87 }, 0.19, [30, 44, 38]);
  });
}

export const FURNITURE: readonly Actor[] = [
  ...[-3.5, -1, 1.5, 4, 9, 11.5, 14, 19, 21.5, 24, 29].map(bollard),
  lamp(6.5),
  lamp(16.5),
  lamp(26.5),
  bin(7.4),
];
