internal import CZlib

/// The checksum of gzip and zip, by zlib.
public enum CRC32 {
  /// The CRC-32 of gzip over the bytes so far and these.
  public static func update(_ checksum: UInt32, with bytes: [UInt8]) -> UInt32 {
    unsafe bytes.withUnsafeBufferPointer {
      unsafe UInt32(truncatingIfNeeded: crc32(uLong(checksum), $0.baseAddress, uInt($0.count)))
    }
  }
}
