import Datasets
import Experiments
import Files
import Networks
import Reports
import SpikeKernels
import Training

/// What a command does around its work. Files are opened before it begins, so that a path that cannot be
/// written is known at once; then it says what it runs on; in the end it writes what was found, prints the
/// verdicts, and fails if one does not hold.
struct CommandRun {
  /// Which kernels run.
  let set: InstructionSet
  private let results: ResultOptions
  private let json: AtomicFile?
  private let page: ReportFile?
  private let csv: AtomicFile?

  /// Opens the files.
  ///
  /// - Parameter header: the first line of the CSV file; only a file that starts like it is replaced.
  init(
    _ results: ResultOptions, reports: ReportOptions? = nil, tables: TableOptions? = nil,
    header: [String] = []
  ) throws {
    set = try .selected()
    self.results = results
    json = try results.open()
    page = try reports?.open()
    csv = try tables?.open(header: header)
  }

  /// Says what figures depend on, where that is not as it should be.
  ///
  /// - Parameter isTimed: whether the command times something.
  /// - Returns: where its figures come from.
  func begin(
    seed: UInt64, threads: ThreadOptions? = nil, dataset: Dataset? = nil, isTimed: Bool = true
  ) throws -> RunManifest {
    if isTimed, !RunManifest.isOptimizedBuild {
      try results.line("This is a debug build: its timings mean nothing. Use -c release.")
    }
    if let dataset, !dataset.notes.isEmpty {
      let shown = dataset.shape.isMap ? "\(dataset.shape)" : "\(dataset.shape) numbers"
      try print([
        "\(dataset.name): \(Format.count(dataset.training.count)) training and \(Format.count(dataset.test.count)) test "
          + "examples of \(shown), \(dataset.test.classes) classes"
      ])
      try print(dataset.notes.map { "  \($0)" })
    }
    if let note = threads?.note { try results.line(note) }
    return .ofThisRun(seed: seed, set, threads: threads?.count ?? 1, dataset: dataset)
  }

  /// Prints lines that `--quiet` leaves out: in a terminal prose is broken where 80 columns end; rows of
  /// tables stay whole.
  func print(_ lines: [String]) throws {
    for line in lines { try results.prose(line) }
  }

  /// Prints a line that `--quiet` leaves out.
  func print(_ line: String = "") throws { try results.prose(line) }

  /// Writes what was found, without a judgement: of a run that was interrupted, or has no verdicts.
  func write(
    _ result: some Encodable, report: @autoclosure () throws -> HTMLReport? = nil,
    table: @autoclosure () -> CSVTable? = nil
  ) throws {
    if let csv, let table = table() { try csv.commit(Array(table.text.utf8)) }
    if let page, let report = try report() { try page.commit(report) }
    try json?.commit(json: result)
  }

  /// Writes what was found, prints the verdicts, and fails if one does not hold.
  func finish(
    _ result: some Encodable, verdicts: [Verdict],
    report: @autoclosure () throws -> HTMLReport? = nil,
    table: @autoclosure () -> CSVTable? = nil
  ) throws {
    try write(result, report: try report(), table: table())
    try results.judge(verdicts)
  }
}
