import ArgumentParser
import Datasets
import EventRecordings
import Experiments
import Files
import Foundation
import ModelFiles
import Networks
import SpikeKernels
import SpikingReLU
import Streams

/// `bench stream`: event recordings, inputs that change, learning on the fly.
struct StreamCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "stream",
    abstract: "Event recordings, inputs that change from frame to frame, learning on the fly.",
    discussion: """
      bench stream FILE               what a recording holds: sensor, duration, rates
      bench stream FILE --load NET    a saved network over it, its class as time goes on
      bench stream --learn FOLDER     learns N-MNIST recordings event by event, tests on others
      bench stream --sigma-delta      changes of images sent, in the order in which each is like the one \
      before
      """)

  @OptionGroup(title: "A recording") var replay: StreamReplayOptions
  @OptionGroup(title: "Learning") var learning: StreamLearningOptions
  @OptionGroup(title: "Sigma-delta") var sigmaDelta: SigmaDeltaOptions
  @OptionGroup var results: ResultOptions
  @OptionGroup var reports: ReportOptions

  func validate() throws {
    let modes = [replay.file != nil, learning.learn != nil, sigmaDelta.sigmaDelta]
    guard modes.filter(\.self).count == 1 else {
      throw ValidationError("expected one of: a recording, '--learn FOLDER', '--sigma-delta'.")
    }
    let outputs = [results.json, reports.report, replay.save].compactMap(\.self)
    func resolved(_ path: String) -> String {
      URL(filePath: path).standardizedFileURL.resolvingSymlinksInPath().path
    }
    let inputs = [replay.file, replay.load].compactMap(\.self)
    guard Set((outputs + inputs).map(resolved)).count == outputs.count + Set(inputs).count
    else {
      throw ValidationError("The recording and each file that is written need a name of their own.")
    }
    try learning.check()
    try sigmaDelta.check()
    try replay.check(isLearning: learning.learn != nil)
  }

  func run() async throws {
    let run = try CommandRun(results, reports: reports)
    if replay.file != nil {
      try await replay.run(run)
    } else if learning.learn != nil {
      try await learning.run(run, replay)
    } else {
      try await sigmaDelta.run(run, load: replay.load, save: replay.save)
    }
  }
}
