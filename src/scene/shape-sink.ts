import type { Canvas, Color } from './canvas.ts';
import type { Point3, View } from './view.ts';

/** Where an actor puts its solid parts, back to front; radii in metres. One list of parts makes both the body and its shadow. */
export interface ShapeSink {
  capsule(from: Point3, fromRadius: number, to: Point3, toRadius: number, color: Color): void;
  /** Corners of a flat convex face. */
  face(corners: readonly Point3[], color: Color): void;
}

/** Draws parts as the camera sees them. */
export function pictureSink(canvas: Canvas, view: Pick<View, 'project'>): ShapeSink {
  return {
    capsule(from, fromRadius, to, toRadius, color) {
      const a = view.project(from);
      const b = view.project(to);
      canvas.capsule(a.x, a.y, fromRadius * a.scale, b.x, b.y, toRadius * b.scale, color, 0.22);
    },
    face(corners, color) {
      const points: number[] = [];
      for (const corner of corners) {
        const { x, y } = view.project(corner);
        points.push(x, y);
      }
      canvas.polygon(points, color);
    },
  };
}
