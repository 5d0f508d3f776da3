import ArgumentParser
import FuzzSupport

/// Arguments of a command, separated by 0; the first byte chooses the command. They are parsed and checked,
/// and nothing is run.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let commands: [any ParsableCommand.Type] = [
    CompareCommand.self, TrainCommand.self, AnytimeCommand.self, PaperCommand.self,
    ConvertCommand.self, TraceCommand.self, KernelsCommand.self, ScaleCommand.self,
    InfoCommand.self, StreamCommand.self,
  ]
  let input = Array(UnsafeRawBufferPointer(start: start, count: count))
  guard let first = input.first else { return 0 }
  let command = commands[Int(first) % commands.count]
  let arguments = input.dropFirst().split(separator: 0, omittingEmptySubsequences: false)
    .map { String(decoding: $0, as: UTF8.self) }
  do {
    try ArgumentChecks.checkRepeated(arguments)
    _ = try command.parseAsRoot(arguments)
  } catch {
    require(!command.fullMessage(for: error).isEmpty, "an error without words")
  }
  return 0
}
