// The programs that run on the graphics side.

export const POINT_VERTEX = `#version 300 es
layout(location = 0) in vec2 place;
layout(location = 1) in uint code;
layout(location = 2) in uint flags;
uniform vec2 centre, reach;
uniform float size, markSize, opacity;
uniform uint wanted, marked;
uniform sampler2D palette;
out vec4 colour;
flat out float ring;
flat out float width;
void main() {
  uint hit = flags & wanted;
  bool mine = (hit != 0u) == (marked != 0u);
  if (code == 65535u || !mine) {
    gl_Position = vec4(2.0, 2.0, 2.0, 1.0);
    gl_PointSize = 1.0;
    return;
  }
  gl_Position = vec4((place - centre) / reach, 0.0, 1.0);
  vec4 look = texelFetch(palette, ivec2(int(code) % 256, int(code) / 256), 0);
  float strength = wanted == 0u ? opacity : hit != 0u ? 1.0 : opacity * 0.28;
  ring = hit != 0u ? 1.0 : 0.0;
  width = hit != 0u ? markSize : size;
  gl_PointSize = width;
  colour = vec4(look.rgb, look.a * strength);
}`;

export const POINT_FRAGMENT = `#version 300 es
precision mediump float;
in vec4 colour;
flat in float ring;
flat in float width;
uniform vec3 ink;
out vec4 pixel;
void main() {
  float far = length(gl_PointCoord - 0.5) * width;
  float edge = width * 0.5;
  float cover = width < 2.5 ? 1.0 : clamp(edge - far + 0.25, 0.0, 1.0);
  if (cover <= 0.0) discard;
  float rim = ring * smoothstep(edge - 1.8, edge - 0.8, far) * step(5.0, width);
  float strength = colour.a * cover;
  pixel = vec4(mix(colour.rgb, ink, rim * 0.8) * strength, strength);
}`;

export const FIELD_VERTEX = `#version 300 es
uniform vec4 window;
out vec2 place;
void main() {
  vec2 corner = vec2(float((gl_VertexID << 1) & 2), float(gl_VertexID & 2));
  place = mix(window.xy, window.zw, corner);
  gl_Position = vec4(corner * 2.0 - 1.0, 0.0, 1.0);
}`;

// Six steps like the contours of a landscape, with a soft slope between them.
export const FIELD_FRAGMENT = `#version 300 es
precision highp float;
in vec2 place;
uniform vec4 box;
uniform vec3 colour;
uniform float strength;
uniform sampler2D field;
out vec4 pixel;
void main() {
  vec2 at = (place - box.xy) / (box.zw - box.xy);
  if (at.x < 0.0 || at.y < 0.0 || at.x > 1.0 || at.y > 1.0) discard;
  float value = texture(field, at).r * 6.0;
  float stepped = (floor(value) + smoothstep(0.35, 0.65, fract(value))) / 6.0;
  float cover = strength * 0.5 * mix(stepped, value / 6.0, 0.35);
  pixel = vec4(colour * cover, cover);
}`;
