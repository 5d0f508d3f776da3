import DataFiles
import Files
import Measures
import Networks
import Prediction
import Reports
import SpikeKernels

/// An answer as it is written.
struct PredictRow: Encodable {
  let file: String
  let image: Int
  let label: Int
  let name: String
  let margin: Float?
  let timeSteps: Int
  let spikes: Int
  let additions: Int
  let int32Nanojoules: Double
  let outputs: [Float]

  init(_ answer: SpikingAnswer, of input: InputFile.Input) {
    (file, image) = (input.path, input.index)
    (label, name, outputs) = (answer.label, answer.name, answer.outputs)
    margin = answer.margin.isFinite ? answer.margin : nil
    (timeSteps, spikes, additions) = (answer.timeSteps, answer.spikes, answer.additions)
    let picojoules: Double = EnergyModel.energy(
      additions: Double(answer.additions), multiplyAdds: 0, arithmetic: .int32, weightRead: 0)
    int32Nanojoules = picojoules / 1000
  }

  static let header = "file,image,label,name,margin,timeSteps,spikes,additions,int32Nanojoules"

  var line: String {
    func quoted(_ text: String) -> String {
      text.contains { ",\"\n\r".contains($0) }
        ? "\"" + text.replacing("\"", with: "\"\"") + "\"" : text
    }
    return [
      quoted(file), "\(image)", "\(label)", quoted(name), margin.map { "\($0)" } ?? "",
      "\(timeSteps)",
      "\(spikes)", "\(additions)", "\(int32Nanojoules)",
    ].joined(separator: ",")
  }

  /// A row of the table that people read.
  var text: String {
    func right(_ text: String, _ width: Int) -> String {
      String(repeating: " ", count: max(0, width - text.count)) + text
    }
    let name: String = name + String(repeating: " ", count: max(0, 10 - name.count))
    let margin: String = margin.map { Format.significant(Double($0)) } ?? ""
    let cells: [String] = [
      right("\(image)", 8), "  ", name, right(margin, 8), right("\(timeSteps)", 7),
      right("\(spikes)", 8), right(Format.count(additions), 11),
      right(Format.significant(int32Nanojoules), 10), "  ", file,
    ]
    return cells.joined()
  }
}

/// What all images took.
struct PredictTotals {
  private(set) var images = 0
  private var steps = 0
  private var additions = 0
  private var errors = 0

  /// - Parameter expected: the class that the image is of, where that is known.
  mutating func add(_ answer: SpikingAnswer, expected: Int?) {
    images += 1
    steps += answer.timeSteps
    additions += answer.additions
    if let expected, expected != answer.label { errors += 1 }
  }

  func summary(_ weights: NetworkWeights, seconds: Double) -> String {
    let count = Double(images)
    let mean: Double = Double(additions) / count
    let share: Double = mean / Double(weights.parameterCount)
    return
      "\(Format.count(images)) \(images == 1 ? "image" : "images"), \(Format.fixed(Double(steps) / count, 2)) steps and "
      + "\(Format.count(Int(mean.rounded()))) additions each, \(Format.fixed(share, 3)) of the dense multiply-adds; "
      + "\(Format.count(Int(count / max(seconds, 1e-9)))) images a second"
  }

  var errorLine: String {
    let percent = 100 * Double(errors) / Double(images)
    return
      "\(Format.count(errors)) \(errors == 1 ? "error" : "errors"), \(Format.fixed(percent, 2))%"
  }
}

/// Spikes as rows of a table.
enum SpikeRows {
  static let header = "step,layer,unit,sign"

  static func line(_ spike: SpikingPredictor.TimedSpike) -> String {
    "\(spike.step),\(spike.layer),\(spike.spike.unit),\(spike.spike.sign)"
  }
}

/// Lines that go to a file, whole or not at all, or to standard output as they come.
final class RowOutput {
  private let file: AtomicFile?
  private var bytes: [UInt8] = []

  /// - Parameter replaces: whether an earlier file that starts so may be replaced.
  init(_ path: String, replaces: (_ start: [UInt8]) -> Bool) throws {
    file = path == "-" ? nil : try AtomicFile(path: path, replacing: replaces)
  }

  func write(_ line: String) throws {
    guard file != nil else { return try Output.line(line) }
    bytes += Array(line.utf8) + [UInt8(ascii: "\n")]
    // Memory is that of some lines, however many there are.
    if bytes.count > 1 << 16 {
      try file!.append(bytes)
      bytes.removeAll(keepingCapacity: true)
    }
  }

  func commit() throws { try file?.commit(bytes) }
}
