// Features by the hundred thousand, as points on the graphics card: as GeoJSON a million of them take most of a minute.
import type { CustomLayerInterface, CustomRenderMethodInput } from "maplibre-gl";
import type { Feature } from "./features";
import type { Point } from "./geo";

/** From so many features on they are drawn this way instead of as clusters. */
export const MANY = 50_000;

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
  readonly array: WebGLVertexArrayObject;
  readonly buffer: WebGLBuffer;
  readonly matrix: WebGLUniformLocation | null;
  readonly size: WebGLUniformLocation | null;
  readonly color: WebGLUniformLocation | null;
  readonly alpha: WebGLUniformLocation | null;
}

/** A layer of points. Its positions are relative to the first point, so that 32-bit floats keep them to the metre. */
export class PointLayer implements CustomLayerInterface {
  readonly id = "feature-points";
  readonly type = "custom";
  readonly renderingMode = "2d";

  #origin: readonly [number, number] = [0, 0];
  #positions = new Float32Array(0);
  #changed = false;
  #color: readonly [number, number, number] = [0, 0, 0];
  #drawing: Drawing | null = null;
  readonly #look: () => Look;

  /** `look` is asked before each frame. */
  constructor(look: () => Look) {
    this.#look = look;
  }

  /** Takes other points; they are seen in the next frame. */
  setPoints(features: readonly Feature[]): void {
    const [first] = features;
    this.#origin = first ? mercator(first.point) : [0, 0];
    this.#positions = new Float32Array(2 * features.length);
    features.forEach((feature, i) => {
      const [x, y] = mercator(feature.point);
      this.#positions[2 * i] = x - this.#origin[0];
      this.#positions[2 * i + 1] = y - this.#origin[1];
    });
    this.#changed = true;
  }

  /** As `#rrggbb`. */
  setColor(hex: string): void {
    const value = Number.parseInt(hex.slice(1), 16);
    this.#color = [(value >> 16) / 255, ((value >> 8) & 255) / 255, (value & 255) / 255];
  }

  /** The index of the point nearest to a position, at most `reach` world widths away; -1 for none. */
  nearest(point: Point, reach: number): number {
    const [px, py] = mercator(point);
    const x = px - this.#origin[0];
    const y = py - this.#origin[1];
    let best = -1;
    let least = reach * reach;
    for (let i = 0; i < this.#positions.length; i += 2) {
      const dx = (this.#positions[i] as number) - x;
      const dy = (this.#positions[i + 1] as number) - y;
      const away = dx * dx + dy * dy;
      if (away <= least) {
        least = away;
        best = i / 2;
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
    const array = gl.createVertexArray();
    const buffer = gl.createBuffer();
    gl.bindVertexArray(array);
    gl.bindBuffer(gl.ARRAY_BUFFER, buffer);
    gl.enableVertexAttribArray(0);
    gl.vertexAttribPointer(0, 2, gl.FLOAT, false, 0, 0);
    gl.bindVertexArray(null);
    const [matrix = null, size = null, color = null, alpha = null] = ["matrix", "size", "color", "alpha"].map((name) =>
      gl.getUniformLocation(program, name),
    );
    this.#drawing = { gl, program, array, buffer, matrix, size, color, alpha };
    this.#changed = true;
  }

  onRemove(): void {
    const drawing = this.#drawing;
    this.#drawing = null;
    if (!drawing) return;
    drawing.gl.deleteProgram(drawing.program);
    drawing.gl.deleteVertexArray(drawing.array);
    drawing.gl.deleteBuffer(drawing.buffer);
  }

  render(_gl: unknown, { defaultProjectionData }: CustomRenderMethodInput): void {
    const drawing = this.#drawing;
    if (!drawing || this.#positions.length === 0) return;
    const { gl } = drawing;
    const look = this.#look();
    gl.useProgram(drawing.program);
    gl.bindVertexArray(drawing.array);
    if (this.#changed) {
      gl.bindBuffer(gl.ARRAY_BUFFER, drawing.buffer);
      gl.bufferData(gl.ARRAY_BUFFER, this.#positions, gl.STATIC_DRAW);
      this.#changed = false;
    }
    gl.uniform3f(drawing.color, ...this.#color);
    gl.uniform1f(drawing.size, look.size * devicePixelRatio);
    gl.uniform1f(drawing.alpha, look.alpha);
    for (const world of look.worlds) {
      const matrix = shifted(defaultProjectionData.mainMatrix, this.#origin[0] + world, this.#origin[1]);
      gl.uniformMatrix4fv(drawing.matrix, false, matrix);
      gl.drawArrays(gl.POINTS, 0, this.#positions.length / 2);
    }
    gl.bindVertexArray(null);
  }
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
