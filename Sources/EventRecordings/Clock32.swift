/// Time of 32-bit stamps that start again after 2^32 us, 71.6 minutes.
struct Clock32: Sendable {
  private var start: Int64 = 0
  private var latest: UInt32 = 0

  /// The time of a stamp: that which is nearest to the stamp before.
  mutating func time(_ stamp: UInt32) -> Int64 {
    // Half of the range: less is a stamp out of order.
    if stamp < latest, latest - stamp > 1 << 31 {
      start += 1 << 32
    } else if stamp > latest, stamp - latest > 1 << 31, start > 0 {
      return start - (1 << 32) + Int64(stamp)
    }
    latest = stamp
    return start + Int64(stamp)
  }
}
