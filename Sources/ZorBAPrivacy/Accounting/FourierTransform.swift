#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The discrete Fourier transform of 2^k complex numbers, radix 2, in place.
///
/// Twiddle factors are computed one by one, so that the error stays near log2(n) units in the last
/// place.
struct FourierTransform {
  /// n, a power of two.
  let count: Int
  private let cosines: [Double]
  private let sines: [Double]

  /// - Parameter count: A power of two, at least 2.
  init(count: Int) {
    precondition(count >= 2 && count & (count - 1) == 0)
    self.count = count
    let step = -2 * Double.pi / Double(count)
    cosines = (0..<count / 2).map { cos(step * Double($0)) }
    sines = (0..<count / 2).map { sin(step * Double($0)) }
  }

  /// Replaces numbers by their transform.
  func forward(_ real: inout [Double], _ imaginary: inout [Double]) {
    precondition(real.count == count && imaginary.count == count)
    real.withUnsafeMutableBufferPointer { real in
      imaginary.withUnsafeMutableBufferPointer { imaginary in
        cosines.withUnsafeBufferPointer { cosines in
          sines.withUnsafeBufferPointer { sines in
            Self.permute(real, imaginary)
            butterflies(real, imaginary, cosines, sines)
          }
        }
      }
    }
  }

  /// Replaces a transform by the numbers it is of.
  func inverse(_ real: inout [Double], _ imaginary: inout [Double]) {
    // Exchanging the parts conjugates, up to a factor that exchanging back takes out.
    forward(&imaginary, &real)
    let scale = 1 / Double(count)
    for index in 0..<count {
      real[index] *= scale
      imaginary[index] *= scale
    }
  }

  private static func permute(
    _ real: UnsafeMutableBufferPointer<Double>, _ imaginary: UnsafeMutableBufferPointer<Double>
  ) {
    var reversed = 0
    for index in 1..<real.count {
      var bit = real.count >> 1
      while reversed & bit != 0 {
        reversed ^= bit
        bit >>= 1
      }
      reversed |= bit
      if index < reversed {
        real.swapAt(index, reversed)
        imaginary.swapAt(index, reversed)
      }
    }
  }

  private func butterflies(
    _ real: UnsafeMutableBufferPointer<Double>, _ imaginary: UnsafeMutableBufferPointer<Double>,
    _ cosines: UnsafeBufferPointer<Double>, _ sines: UnsafeBufferPointer<Double>
  ) {
    var half = 1
    while half < count {
      let stride = count / (2 * half)
      var start = 0
      while start < count {
        for offset in 0..<half {
          let (c, s) = (cosines[offset * stride], sines[offset * stride])
          let (low, high) = (start + offset, start + offset + half)
          let re = real[high] * c - imaginary[high] * s
          let im = real[high] * s + imaginary[high] * c
          real[high] = real[low] - re
          imaginary[high] = imaginary[low] - im
          real[low] += re
          imaginary[low] += im
        }
        start += 2 * half
      }
      half *= 2
    }
  }
}
