internal import Files
internal import Networks

extension Dataset {
  /// The CRC-32 of images and labels, in hexadecimal: other data, other figures.
  package var checksum: String {
    var checksum: UInt32 = 0
    for part in [training, test] {
      checksum = CRC32.update(checksum, with: part.labels.map { UInt8(truncatingIfNeeded: $0) })
      for example in 0..<part.count {
        checksum = CRC32.update(checksum, with: Self.bytes(of: part.images.row(example)))
      }
    }
    return String(checksum, radix: 16)
  }

  /// Pixels of 8 bits, whole again; other numbers as they are stored.
  private static func bytes(of row: [Float]) -> [UInt8] {
    if row.allSatisfy({ (0...1).contains($0) }) { return row.map { UInt8(($0 * 255).rounded()) } }
    return row.flatMap { number in
      (0..<4).map { UInt8(truncatingIfNeeded: number.bitPattern >> UInt32(8 * $0)) }
    }
  }
}
