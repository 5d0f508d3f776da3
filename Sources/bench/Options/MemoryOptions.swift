import ArgumentParser

/// What the tables of spike patterns may take.
struct MemoryOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      """
      Memory that the rows of spikes may take, weights or tables of spike patterns, as 800K, 3M or 1G. \
      Default: half of the third cache.
      """, valueName: "bytes"), transform: Bounded.bytes)
  var memory: Int?
}
