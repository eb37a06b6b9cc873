// Features by the hundred thousand, as points on the graphics card: as GeoJSON a million of them take most of a minute.
import type { CustomLayerInterface, CustomRenderMethodInput } from "maplibre-gl";
import type { Feature } from "../features/features";
import type { Point } from "../geo";

/** From so many features in view on they are drawn this way instead of as clusters. */
export const MANY = 20_000;

const vertexShader = `#version 300 es
layout(location = 0) in vec2 position;
uniform mat4 matrix;
uniform float size;
void main() {
  gl_Position = matrix * vec4(position, 0.0, 1.0);
  gl_PointSize = size;
}`;

const fragmentShader = `#version 300 es
precision mediump float;
uniform vec3 color;
uniform float alpha;
out vec4 pixel;
void main() {
  float away = length(gl_PointCoord - 0.5);
  if (away > 0.5) discard;
  float a = alpha * smoothstep(0.5, 0.36, away);
  pixel = vec4(color * a, a);
}`;

interface Drawing {
  readonly gl: WebGL2RenderingContext;
  readonly program: WebGLProgram;
  readonly matrix: WebGLUniformLocation | null;
  readonly size: WebGLUniformLocation | null;
  readonly color: WebGLUniformLocation | null;
  readonly alpha: WebGLUniformLocation | null;
}

/** Points that come and go together. Positions are relative to the first, so that 32-bit floats keep them to the metre. */
interface Part {
  readonly features: readonly Feature[];
  readonly origin: readonly [number, number];
  readonly positions: Float32Array;
  /** On the graphics card, since its first frame. */
  stored: { readonly array: WebGLVertexArrayObject; readonly buffer: WebGLBuffer } | null;
}

/** A layer of points. */
export class PointLayer implements CustomLayerInterface {
  readonly id = "feature-points";
  readonly type = "custom";
  readonly renderingMode = "2d";

  #parts: readonly Part[] = [];
  #color: readonly [number, number, number] = [0, 0, 0];
  #drawing: Drawing | null = null;
  readonly #look: () => Look;

  /** `look` is asked before each frame. */
  constructor(look: () => Look) {
    this.#look = look;
  }

  /** Takes other points; they are seen in the next frame. Arrays that it has already cost nothing. */
  setPoints(list: readonly (readonly Feature[])[]): void {
    const had = new Map(this.#parts.map((part) => [part.features, part]));
    this.#parts = list.map((features) => had.get(features) ?? partOf(features));
    const kept = new Set(this.#parts);
    for (const part of had.values()) if (!kept.has(part)) this.#drop(part);
  }

  /** As `#rrggbb`. */
  setColor(hex: string): void {
    const value = Number.parseInt(hex.slice(1), 16);
    this.#color = [(value >> 16) / 255, ((value >> 8) & 255) / 255, (value & 255) / 255];
  }

  /** The point nearest to a position, at most `reach` world widths away. */
  nearest(point: Point, reach: number): Feature | null {
    const [px, py] = mercator(point);
    let best: Feature | null = null;
    let least = reach * reach;
    for (const { features, origin, positions } of this.#parts) {
      const x = px - origin[0];
      const y = py - origin[1];
      for (let i = 0; i < positions.length; i += 2) {
        const dx = (positions[i] as number) - x;
        const dy = (positions[i + 1] as number) - y;
        const away = dx * dx + dy * dy;
        if (away <= least) {
          least = away;
          best = features[i / 2] ?? null;
        }
      }
    }
    return best;
  }

  onAdd(_map: unknown, gl: WebGL2RenderingContext): void {
    const program = gl.createProgram();
    for (const [type, source] of [
      [gl.VERTEX_SHADER, vertexShader],
      [gl.FRAGMENT_SHADER, fragmentShader],
    ] as const) {
      const shader = gl.createShader(type);
      if (!shader) return;
      gl.shaderSource(shader, source);
      gl.compileShader(shader);
      gl.attachShader(program, shader);
    }
    gl.linkProgram(program);
    const [matrix = null, size = null, color = null, alpha = null] = ["matrix", "size", "color", "alpha"].map((name) =>
      gl.getUniformLocation(program, name),
    );
    this.#drawing = { gl, program, matrix, size, color, alpha };
  }

  onRemove(): void {
    for (const part of this.#parts) this.#drop(part);
    this.#drawing?.gl.deleteProgram(this.#drawing.program);
    this.#drawing = null;
  }

  #drop(part: Part): void {
    if (!part.stored || !this.#drawing) return;
    this.#drawing.gl.deleteVertexArray(part.stored.array);
    this.#drawing.gl.deleteBuffer(part.stored.buffer);
    part.stored = null;
  }

  render(_gl: unknown, { defaultProjectionData }: CustomRenderMethodInput): void {
    const drawing = this.#drawing;
    if (!drawing || this.#parts.length === 0) return;
    const { gl } = drawing;
    const look = this.#look();
    gl.useProgram(drawing.program);
    gl.uniform3f(drawing.color, ...this.#color);
    gl.uniform1f(drawing.size, look.size * devicePixelRatio);
    gl.uniform1f(drawing.alpha, look.alpha);
    for (const part of this.#parts) {
      part.stored ??= store(gl, part.positions);
      gl.bindVertexArray(part.stored.array);
      for (const world of look.worlds) {
        const matrix = shifted(defaultProjectionData.mainMatrix, part.origin[0] + world, part.origin[1]);
        gl.uniformMatrix4fv(drawing.matrix, false, matrix);
        gl.drawArrays(gl.POINTS, 0, part.positions.length / 2);
      }
    }
    gl.bindVertexArray(null);
  }
}

function partOf(features: readonly Feature[]): Part {
  const [first] = features;
  const origin = first ? mercator(first.point) : ([0, 0] as const);
  const positions = new Float32Array(2 * features.length);
  features.forEach((feature, i) => {
    const [x, y] = mercator(feature.point);
    positions[2 * i] = x - origin[0];
    positions[2 * i + 1] = y - origin[1];
  });
  return { features, origin, positions, stored: null };
}

function store(gl: WebGL2RenderingContext, positions: Float32Array): Part["stored"] & object {
  const array = gl.createVertexArray();
  const buffer = gl.createBuffer();
  gl.bindVertexArray(array);
  gl.bindBuffer(gl.ARRAY_BUFFER, buffer);
  gl.bufferData(gl.ARRAY_BUFFER, positions, gl.STATIC_DRAW);
  gl.enableVertexAttribArray(0);
  gl.vertexAttribPointer(0, 2, gl.FLOAT, false, 0, 0);
  gl.bindBuffer(gl.ARRAY_BUFFER, null);
  return { array, buffer };
}

/** How the points are drawn in a frame. */
export interface Look {
  /** Diameter in CSS pixels. */
  readonly size: number;
  readonly alpha: number;
  /** Which repetitions of the world are seen: 0 is the one around the prime meridian, 1 the next to the east. */
  readonly worlds: readonly number[];
}

/** Smaller and fainter the more of the world is seen. */
export function lookAt(zoom: number, west: number, east: number): Look {
  const first = Math.floor((west + 180) / 360);
  const last = Math.floor((east + 180) / 360);
  return {
    size: Math.max(2, Math.min(10, zoom - 2)),
    alpha: Math.max(0.35, Math.min(0.9, zoom / 12)),
    worlds: Array.from({ length: last - first + 1 }, (_, i) => first + i),
  };
}

/** A position on the square of the Mercator projection, 0 to 1 from the north-western corner. */
export function mercator(p: Point): [x: number, y: number] {
  const latitude = Math.max(-85.051129, Math.min(85.051129, p.lat / 1e7));
  const y = 0.5 - Math.log(Math.tan(Math.PI / 4 + (latitude * Math.PI) / 360)) / (2 * Math.PI);
  return [0.5 + p.lng / 3.6e9, y];
}

/** A column-major matrix after a shift of its input, in 64 bits until the last step. */
function shifted(matrix: ArrayLike<number>, x: number, y: number): Float32Array {
  const m = Float64Array.from(matrix);
  for (let row = 0; row < 4; row++) {
    m[12 + row] = (m[row] as number) * x + (m[4 + row] as number) * y + (m[12 + row] as number);
  }
  return Float32Array.from(m);
}
