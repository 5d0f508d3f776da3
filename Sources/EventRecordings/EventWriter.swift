public import Files

/// Writes events, one after the other, as `.bin` or CSV. The file takes its name when it is whole.
///
/// ```swift
/// import EventRecordings
///
/// var events = try EventStream(path: "recording.aedat4")
/// var writer = try EventWriter(path: "events.csv", format: .csv)
/// while let event = try events.next() { try writer.write(event) }
/// try writer.finish()
/// ```
public struct EventWriter {
  /// The containers that are written.
  public enum Format: String, CaseIterable, Sendable {
    /// As `EventFormat.bin` is read: columns to 255, rows to 239, times below 2^23 us.
    case bin
    /// As `EventFormat.csv` is read, with names of columns: `t,x,y,p`.
    case csv

    /// The format that a name ends in.
    public init?(ofName path: String) {
      let name = path.lowercased()
      if name.hasSuffix(".bin") || name.hasSuffix(".bs2") {
        self = .bin
      } else if name.hasSuffix(".csv") {
        self = .csv
      } else {
        return nil
      }
    }
  }

  /// How many events were written.
  public private(set) var count = 0
  private let path: String
  private let format: Format
  private let file: AtomicFile
  private var buffer: [UInt8] = []
  private var latest: Int64 = 0

  /// Opens a file for events; replaces only one that such a writer may have made.
  ///
  /// - Throws: `OutputError`.
  public init(path: String, format: Format) throws(OutputError) {
    self.path = path
    self.format = format
    // A .bin has no mark: it is known by its name, and by not being another recording.
    file = try AtomicFile(path: path) { start in
      switch format {
      case .bin: Format(ofName: path) == .bin && !start.starts(with: "#!AER-DAT".utf8)
      case .csv: start.starts(with: "t,x,y,p".utf8)
      }
    }
    if format == .csv { buffer += "t,x,y,p\n".utf8 }
  }

  /// Writes an event.
  ///
  /// - Throws: `EventFileError` when the format cannot hold it, or it is before the one before; or when
  ///   the file cannot be written.
  public mutating func write(_ event: Event) throws(EventFileError) {
    guard event.time >= latest else {
      throw error(.backwards(time: event.time, after: latest))
    }
    latest = event.time
    switch format {
    case .csv:
      buffer += "\(event.time),\(event.x),\(event.y),\(event.isOn ? 1 : 0)\n".utf8
    case .bin:
      guard event.time < 1 << 23 else {
        throw cannot("the time \(event.time) us", "less than \(1 << 23)")
      }
      guard event.x < 256 else { throw cannot("the column \(event.x)", "0...255") }
      guard event.y < BinDecoder.overflowRow else {
        throw cannot("the row \(event.y)", "0...\(BinDecoder.overflowRow - 1)")
      }
      buffer += [
        UInt8(event.x), UInt8(event.y), UInt8(event.time >> 16) | (event.isOn ? 0x80 : 0),
        UInt8(event.time >> 8 & 0xFF), UInt8(event.time & 0xFF),
      ]
    }
    count += 1
    if buffer.count >= ByteSource.chunk {
      do { try file.append(buffer) } catch { throw self.error(error) }
      buffer.removeAll(keepingCapacity: true)
    }
  }

  /// Ends the file and puts it in its place.
  ///
  /// - Throws: `OutputError`.
  public mutating func finish() throws(OutputError) { try file.commit(buffer) }

  private func cannot(_ found: String, _ expected: String) -> EventFileError {
    error(.cannotWrite(event: count, found: found, expected: expected))
  }

  private func error(_ fault: EventFileError.Fault) -> EventFileError {
    EventFileError(path: path, offset: nil, fault: fault)
  }

  private func error(_ error: OutputError) -> EventFileError {
    guard case .io(let path, let operation, let reason) = error else {
      return self.error(.input(.io(path: path, operation: "write", reason: error.description)))
    }
    return self.error(.input(.io(path: path, operation: operation, reason: reason)))
  }
}
