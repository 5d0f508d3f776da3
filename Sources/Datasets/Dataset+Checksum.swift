internal import Files
internal import Networks

extension Dataset {
  /// The CRC-32 of images and labels, in hexadecimal: other data, other figures.
  package var checksum: String {
    var checksum: UInt32 = 0
    for part in [training, test] {
      checksum = CRC32.update(checksum, with: part.labels.map { UInt8(truncatingIfNeeded: $0) })
      for example in 0..<part.count {
        // Pixels of 8 bits, whole again.
        checksum = CRC32.update(
          checksum, with: part.images.row(example).map { UInt8(($0 * 255).rounded()) })
      }
    }
    return String(checksum, radix: 16)
  }
}
