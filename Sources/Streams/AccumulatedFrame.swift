internal import EventRecordings

/// Events added up by place, in at most 512 x 512 cells: they grow where a sensor turns out to be larger.
public struct AccumulatedFrame: Sendable {
  /// Cells on a side.
  public static let side = 512
  /// Pixels on a side of a cell, a power of two.
  public private(set) var pixels = 1
  /// Columns and rows that events were seen in.
  public private(set) var seenWidth = 0
  /// The same for rows.
  public private(set) var seenHeight = 0
  private var on = [Int32](repeating: 0, count: side * side)
  private var off = [Int32](repeating: 0, count: side * side)

  /// Adds an event.
  mutating func add(_ event: Event) {
    let (x, y) = (Int(event.x), Int(event.y))
    seenWidth = max(seenWidth, x + 1)
    seenHeight = max(seenHeight, y + 1)
    while max(x, y) / pixels >= Self.side { halve() }
    let cell = y / pixels * Self.side + x / pixels
    if event.isOn { on[cell] &+= 1 } else { off[cell] &+= 1 }
  }

  /// Makes four cells one.
  private mutating func halve() {
    func halved(_ cells: [Int32]) -> [Int32] {
      var halved = [Int32](repeating: 0, count: cells.count)
      for y in 0..<Self.side {
        for x in 0..<Self.side {
          halved[y / 2 * Self.side + x / 2] &+= cells[y * Self.side + x]
        }
      }
      return halved
    }
    (on, off) = (halved(on), halved(off))
    pixels *= 2
  }

  /// ON and OFF events of `most` cells on a side at most, and the pixels on a side of each.
  package func cells(most: Int) -> (pixels: Int, columns: Int, rows: Int, on: [Int], off: [Int]) {
    var scale = 1
    let (columns, rows) = (
      (seenWidth + pixels - 1) / pixels, (seenHeight + pixels - 1) / pixels
    )
    while (max(columns, rows) + scale - 1) / scale > most { scale += 1 }
    let (width, height) = ((columns + scale - 1) / scale, (rows + scale - 1) / scale)
    var (ons, offs) = (
      [Int](repeating: 0, count: width * height), [Int](repeating: 0, count: width * height)
    )
    for y in 0..<rows {
      for x in 0..<columns {
        let cell = y / scale * width + x / scale
        ons[cell] += Int(on[y * Self.side + x])
        offs[cell] += Int(off[y * Self.side + x])
      }
    }
    return (pixels * scale, width, height, ons, offs)
  }
}

/// Every k-th event of a recording, k doubled whenever there are too many.
struct EventSample {
  private(set) var events: [Event] = []
  private var stride = 1
  private var seen = 0

  mutating func add(_ event: Event) {
    defer { seen += 1 }
    guard seen.isMultiple(of: stride) else { return }
    events.append(event)
    if events.count == 4000 {
      events = events.enumerated().filter { $0.offset.isMultiple(of: 2) }.map(\.element)
      stride *= 2
    }
  }
}
