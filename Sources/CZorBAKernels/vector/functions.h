// Local: exponential and what is made of it, by minimax polynomials.

// e^x within 1.5 ulp for x in [-86.6, 88.72]; 0 below, infinity above, NaN for NaN.
INLINE vf exp_lanes(vf x) {
  vi small = (vi)(x < -86.6f), large = (vi)(x > 88.72f);
  // x = n ln 2 + r; adding 1.5 * 2^23 rounds to the nearest integer.
  vf shifted = fma_lanes(x, splat(0x1.715476p+0f), splat(0x1.8p23f));
  vf n = shifted - 0x1.8p23f;
  vf r = fma_lanes(n, splat(-0x1.62e4p-1f), x);
  r = fma_lanes(n, splat(-0x1.7f7d1cp-20f), r);
  vf p = fma_lanes(splat(0x1.6d8162p-10f), r, splat(0x1.123f90p-7f));
  p = fma_lanes(p, r, splat(0x1.5554bap-5f));
  p = fma_lanes(p, r, splat(0x1.55548ap-3f));
  p = fma_lanes(p, r, splat(0.5f));
  p = fma_lanes(r * r, p, r) + 1.0f;
  // n runs from -125 to 128, and 2^128 is out of range: multiply by 2^(n - 1), then by 2.
  vf power = (vf)(((vi)shifted << 23) + (vi)splat(0.5f));
  vf value = p * power * 2.0f;
  value = (vf)(~small & (vi)value);
  return select_lanes(large, splat(INFINITY), value);
}

// 1 / (1 + e^-x).
INLINE vf sigmoid_lanes(vf x) { return 1.0f / (1.0f + exp_lanes(-x)); }

// Phi(x). With a = |x|, Phi(-a) = e^(-a^2 / 2) s P(s), s = 1 / (1 + 0.35 a); the polynomial is
// within 4e-8 of the quotient for a <= 14, beyond which Phi(-a) is 0 in binary32.
INLINE vf normal_lanes(vf x) {
  vf a = (vf)((vi)x & 0x7FFFFFFF);
  vf s = 1.0f / fma_lanes(splat(0.35f), a, splat(1.0f));
  vf p = fma_lanes(splat(-0x1.dd83b8p-6f), s, splat(0x1.26d8a2p-3f));
  p = fma_lanes(p, s, splat(-0x1.05d7d6p-2f));
  p = fma_lanes(p, s, splat(0x1.45f82cp-3f));
  p = fma_lanes(p, s, splat(-0x1.7a8652p-6f));
  p = fma_lanes(p, s, splat(0x1.b0264ap-4f));
  p = fma_lanes(p, s, splat(0x1.ead694p-4f));
  p = fma_lanes(p, s, splat(0x1.1e6fdap-3f));
  p = fma_lanes(p, s, splat(0x1.1df1d4p-3f));
  vf tail = exp_lanes(-0.5f * a * a) * s * p;
  return select_lanes((vi)(x < 0), tail, 1.0f - tail);
}

INLINE vf gelu_lanes(vf x) { return x * normal_lanes(x); }

// x (1 + tanh u) / 2 = x / (1 + e^(-2 u)), u = sqrt(2 / pi) (x + 0.044715 x^3).
INLINE vf gelu_tanh_lanes(vf x) {
  vf cubic = fma_lanes(splat(0.044715f) * x * x, x, x);
  return x * sigmoid_lanes(splat(1.5957691216f) * cubic);
}

INLINE vf silu_lanes(vf x) { return x * sigmoid_lanes(x); }
INLINE vf relu_lanes(vf x) { return select_lanes((vi)(x < 0), splat(0), x); }
