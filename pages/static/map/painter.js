// The WebGL2 side: points and, behind them, their density. Holds no state that could not be
// built again from the arrays, because a browser may take the context away at any time.

import { rgb } from "./theme.js";
import { densityField, SIDE } from "./density.js";
import { FIELD_FRAGMENT, FIELD_VERTEX, POINT_FRAGMENT, POINT_VERTEX } from "./shaders.js";

export const MATCH = 1;
export const SELECTED = 2;
const PALETTE_WIDTH = 256;

export class Painter {
  /** Raises nothing: without WebGL2 `gl` is null and the caller says so. */
  constructor(canvas) {
    const wanted = { antialias: false, alpha: true, premultipliedAlpha: true };
    this.gl = canvas.getContext("webgl2", wanted);
    if (this.gl) this.build();
  }

  build() {
    const gl = this.gl;
    this.pointProgram = program(gl, POINT_VERTEX, POINT_FRAGMENT);
    this.fieldProgram = program(gl, FIELD_VERTEX, FIELD_FRAGMENT);
    this.buffers = { xy: gl.createBuffer(), codes: gl.createBuffer(), flags: gl.createBuffer() };
    this.palette = texture(gl, gl.NEAREST);
    this.field = texture(gl, gl.LINEAR);
    this.vertices = gl.createVertexArray();
    this.empty = gl.createVertexArray();
    gl.bindVertexArray(this.vertices);
    attribute(gl, this.buffers.xy, 0, () => gl.vertexAttribPointer(0, 2, gl.FLOAT, false, 0, 0));
    attribute(gl, this.buffers.codes, 1, () => gl.vertexAttribIPointer(1, 1, gl.UNSIGNED_SHORT, 0, 0));
    attribute(gl, this.buffers.flags, 2, () => gl.vertexAttribIPointer(2, 1, gl.UNSIGNED_BYTE, 0, 0));
    gl.bindVertexArray(null);
    gl.enable(gl.BLEND);
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
    this.count = 0;
  }

  setPoints(xy, bounds) {
    const gl = this.gl;
    this.count = xy.length / 2;
    upload(gl, this.buffers.xy, xy);
    const { values, box } = densityField(xy, bounds);
    this.fieldBox = box;
    gl.bindTexture(gl.TEXTURE_2D, this.field);
    gl.pixelStorei(gl.UNPACK_ALIGNMENT, 1);
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.R8, SIDE, SIDE, 0, gl.RED, gl.UNSIGNED_BYTE, values);
  }

  setCodes(codes) {
    upload(this.gl, this.buffers.codes, codes);
  }

  setFlags(flags) {
    upload(this.gl, this.buffers.flags, flags);
  }

  /** `colours` of the classes in order; `shown` says which are at full strength (null: all). */
  setPalette(colours, shown) {
    const gl = this.gl;
    const lines = Math.max(Math.ceil(colours.length / PALETTE_WIDTH), 1);
    const pixels = new Uint8Array(PALETTE_WIDTH * lines * 4);
    colours.forEach((colour, at) => {
      pixels.set([...rgb(colour), shown && !shown.has(at) ? 36 : 255], at * 4);
    });
    gl.bindTexture(gl.TEXTURE_2D, this.palette);
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA8, PALETTE_WIDTH, lines, 0, gl.RGBA, gl.UNSIGNED_BYTE, pixels);
  }

  /** Draw one frame; `look` says what of it, see `lookOf` in look.js. */
  draw(camera, theme, look) {
    const gl = this.gl;
    gl.viewport(0, 0, gl.drawingBufferWidth, gl.drawingBufferHeight);
    gl.clearColor(0, 0, 0, 0);
    gl.clear(gl.COLOR_BUFFER_BIT);
    if (!this.count) return;
    if (look.field > 0.01) this.drawField(camera, theme, look);
    this.drawPoints(camera, theme, look);
  }

  drawField(camera, theme, look) {
    const gl = this.gl;
    const at = (name) => gl.getUniformLocation(this.fieldProgram, name);
    gl.useProgram(this.fieldProgram);
    gl.bindVertexArray(this.empty);
    gl.activeTexture(gl.TEXTURE0);
    gl.bindTexture(gl.TEXTURE_2D, this.field);
    gl.uniform1i(at("field"), 0);
    gl.uniform4fv(at("window"), camera.window());
    gl.uniform4fv(at("box"), this.fieldBox);
    gl.uniform3fv(at("colour"), rgb(theme.accent).map((value) => value / 255));
    gl.uniform1f(at("strength"), look.field);
    gl.drawArrays(gl.TRIANGLES, 0, 3);
  }

  drawPoints(camera, theme, look) {
    const gl = this.gl;
    const at = (name) => gl.getUniformLocation(this.pointProgram, name);
    gl.useProgram(this.pointProgram);
    gl.bindVertexArray(this.vertices);
    gl.activeTexture(gl.TEXTURE0);
    gl.bindTexture(gl.TEXTURE_2D, this.palette);
    gl.uniform1i(at("palette"), 0);
    gl.uniform2f(at("centre"), ...camera.toWorld(camera.width / 2, camera.height / 2));
    gl.uniform2f(at("reach"), camera.width / 2 / camera.scale, camera.height / 2 / camera.scale);
    gl.uniform1f(at("size"), look.size * look.ratio);
    gl.uniform1f(at("markSize"), look.markSize * look.ratio);
    gl.uniform1f(at("opacity"), look.opacity);
    gl.uniform3fv(at("ink"), rgb(theme.text).map((value) => value / 255));
    gl.uniform1ui(at("wanted"), look.wanted);
    // Marked points go on top of the rest, so that the context never hides them.
    for (const marked of look.wanted ? [0, 1] : [0]) {
      gl.uniform1ui(at("marked"), marked);
      gl.drawArrays(gl.POINTS, 0, this.count);
    }
  }

  /** Give the context's memory back at once: browsers allow only a few contexts. */
  release() {
    this.gl?.getExtension("WEBGL_lose_context")?.loseContext();
  }
}

function program(gl, vertex, fragment) {
  const made = gl.createProgram();
  for (const [kind, text] of [[gl.VERTEX_SHADER, vertex], [gl.FRAGMENT_SHADER, fragment]]) {
    const shader = gl.createShader(kind);
    gl.shaderSource(shader, text);
    gl.compileShader(shader);
    gl.attachShader(made, shader);
  }
  gl.linkProgram(made);
  if (!gl.getProgramParameter(made, gl.LINK_STATUS) && !gl.isContextLost()) {
    throw new Error(`The map's shaders do not run here: ${gl.getProgramInfoLog(made)}`);
  }
  return made;
}

function texture(gl, filter) {
  const made = gl.createTexture();
  gl.bindTexture(gl.TEXTURE_2D, made);
  gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, filter);
  gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MAG_FILTER, filter);
  gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_WRAP_S, gl.CLAMP_TO_EDGE);
  gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_WRAP_T, gl.CLAMP_TO_EDGE);
  return made;
}

function attribute(gl, buffer, place, point) {
  gl.bindBuffer(gl.ARRAY_BUFFER, buffer);
  gl.enableVertexAttribArray(place);
  point();
}

function upload(gl, buffer, values) {
  gl.bindBuffer(gl.ARRAY_BUFFER, buffer);
  gl.bufferData(gl.ARRAY_BUFFER, values, gl.STATIC_DRAW);
}
