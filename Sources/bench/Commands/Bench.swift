import ArgumentParser
import Cluster
import Experiments
import Foundation
import Training

/// The command line: parse, call `Experiments`, print.
@main
struct Bench: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench",
    abstract: "Compares a dense ReLU network with its spiking twin: results, operations, time.",
    discussion: """
      Without arguments it runs `compare` on the embedded digits, in seconds, and needs no file.

      Exit status: 0 all well, 1 a verdict failed, 64 usage, 65 bad data or numerical failure, \
      66 input missing, 73 output cannot be created, 74 input or output error, 75 folder locked by \
      another run, 130 interrupted, \
      143 terminated.

      Built with '--traits MPI', train, paper, anytime and scale run on as many processes as 'mpirun -n N bench \
      ...' starts: see docs/Scaling.md.
      """,
    version: RunManifest.packageVersion,
    subcommands: [
      CompareCommand.self, TrainCommand.self, AnytimeCommand.self, PaperCommand.self,
      ConvertCommand.self, PredictCommand.self, StreamCommand.self, TraceCommand.self,
      KernelsCommand.self,
      ScaleCommand.self,
      InfoCommand.self,
    ],
    defaultSubcommand: CompareCommand.self)

  static func main() async {
    Output.reserveDescriptors()
    do {
      try Ranks.join()
      let work = Task {
        try ArgumentChecks.check(CommandLine.arguments)
        var command = try parseAsRoot()
        if Ranks.all.size > 1, !(type(of: command) is any RunsOnRanks.Type) {
          guard Ranks.isRoot else { return }
          // Not `--help`.
          if type(of: command) is any AsyncParsableCommand.Type {
            Output.complain("This command runs in one process; the others wait.")
          }
        }
        if var asynchronous = command as? any AsyncParsableCommand {
          try await asynchronous.run()
        } else {
          try command.run()
        }
      }
      Interruption.shared.cancelOnSignal(work)
      try await work.value
      Ranks.finish()
    } catch {
      ExitStatus.exit(with: error)
    }
  }
}
