import EventRecordings
import FuzzSupport

nonisolated(unsafe) private let file = ScratchFile(named: ".events")
nonisolated(unsafe) private let second = ScratchFile(named: "-back.csv")

/// A recording: the first byte chooses its format (bits 0 to 2; bit 4: told by its own bytes) and what is done
/// with faults (bit 3); the rest is the file.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  guard let start, count > 0 else { return 0 }
  file.fill(UnsafeRawBufferPointer(start: start + 1, count: count - 1))
  var options = EventStream.Options()
  if start[0] & 16 == 0 {
    options.format = EventFormat.allCases[Int(start[0]) % EventFormat.allCases.count]
  }
  options.faults = start[0] & 8 == 0 ? .refuse : .drop
  options.isOneBased = start[0] & 32 != 0
  var events: [Event] = []
  do {
    var stream = try EventStream(path: file.path, options: options)
    var latest: Int64 = 0
    while let event = try stream.next() {
      require(Int(event.x) < stream.sensor.width, "beyond the last column")
      require(Int(event.y) < stream.sensor.height, "beyond the last row")
      require(event.time >= latest, "time runs backwards")
      latest = event.time
      events.append(event)
    }
    require(stream.counts.events == events.count, "events that are not counted")
    require(stream.counts.on == events.count { $0.isOn }, "ON events that are not counted")
    require(options.faults == .drop || stream.counts.dropped == 0, "dropped, though refused")
  } catch let error as EventFileError {
    require(error.offset != nil, "an error without a place: \(error)")
    require(error.offset! < count, "a place behind the end: \(error)")
    require(!"\(error)".isEmpty, "an error without words")
    return 0
  } catch {
    fatalError("an error of another type")
  }
  // What was read, as text, is read the same. Small ones only: the oracle must not be what takes the time.
  guard events.count < 100 else { return 0 }
  var text = "t,x,y,p\n"
  for event in events { text += "\(event.time),\(event.x),\(event.y),\(event.isOn ? 1 : 0)\n" }
  second.fill(Array(text.utf8))
  options = EventStream.Options()
  options.format = .csv
  do {
    // Times of more than 18 digits are not read as text.
    guard events.allSatisfy({ $0.time < 1_000_000_000_000_000_000 }) else { return 0 }
    require(try EventStream.all(path: second.path, options: options) == events, "another as text")
  } catch {
    fatalError("what was accepted cannot be written back: \(error)")
  }
  return 0
}
